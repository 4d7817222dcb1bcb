#include "opsin.hpp"

#include <array>
#include <cmath>
#include <cstring>

#include "chosen.hpp"
#include "dispatch.hpp"

namespace pp {
namespace {

// What the eye's three kinds of cones take of red, green and blue, and what they see in the dark.
constexpr float kMix[3][3] = {
    {0.3f, 1 - 0.3f - 0.078f, 0.078f},
    {0.23f, 1 - 0.23f - 0.078f, 0.078f},
    {0.24342268924547819f, 0.20476744424496821f, static_cast<float>(1 - 0.24342268924547819 - 0.20476744424496821)}};
constexpr float kDark = 0.0037930732552754493f;

std::array<float, 256> light_of_levels() {
    std::array<float, 256> light;
    for (int level = 0; level < 256; ++level) {
        const double value = level / 255.0;
        light[level] = static_cast<float>(value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
    }
    return light;
}

// An estimate of the root's inverse by the bits of the number, which are its logarithm, roughly.
PP_INLINE float estimated(float x, std::int32_t offset, float power) {
    std::int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    bits = offset - static_cast<std::int32_t>(static_cast<float>(bits) * power);
    float inverse;
    std::memcpy(&inverse, &bits, sizeof inverse);
    return inverse;
}

// 1 / the cube root of x in [kDark, 2]: Newton's iteration, which needs no division, from an estimate (3.5 % off, then
// 0.2 %, 1e-5 and float's own precision).
PP_INLINE float inverse_cube_root(float x) {
    float inverse = estimated(x, 0x54a2fa8c, 1.0f / 3);
    for (int step = 0; step < 3; ++step) {
        inverse *= 4.0f / 3 - (1.0f / 3) * x * inverse * (inverse * inverse);
    }
    return inverse;
}

PP_INLINE float cube_root(float x) {
    const float inverse = inverse_cube_root(x);
    return x * (inverse * inverse);
}

// 1 / the fifth root of x in [0.05, 1]: a step by four terms of the series of (1 - left)^(-1/5), and one by two (3 %
// off, then 5e-5 and float's own precision).
PP_INLINE float inverse_fifth_root(float x) {
    float inverse = estimated(x, 0x4c2b4000, 0.2f);
    float square = inverse * inverse, left = 1.0f - x * inverse * (square * square);
    inverse += inverse * (left * (0.2f + left * (0.12f + left * 0.088f)));
    square = inverse * inverse;
    left = 1.0f - x * inverse * (square * square);
    return inverse + inverse * (0.2f * left);
}

// What linear light of a sample is made of: the power 2.4 of its line above the dark part, a line within it.
struct Sample {
    float value, line, inverse;  // in [0, 1]; (value + 0.055) / 1.055; 1 / the fifth root of that

    PP_INLINE explicit Sample(float level) {
        value = chosen(level >= 0.0f, chosen(level <= 255.0f, level, 255.0f), 0.0f) * (1.0f / 255);
        line = (value + 0.055f) * (1 / 1.055f);
        inverse = inverse_fifth_root(line);
    }

    PP_INLINE float light() const {
        const float part = line * inverse;  // to the power 0.8
        const float bright = part * (part * part), dark = value * (1 / 12.92f);
        return chosen(value <= 0.04045f, dark, bright);
    }

    PP_INLINE float slope() const {
        const float bright = (2.4f / 1.055f / 255) * (line * line) * (inverse * (inverse * inverse));
        return chosen(value <= 0.04045f, 1 / 12.92f / 255, bright);
    }
};

PP_CLONES void lights(const std::uint8_t* PP_RESTRICT levels, std::ptrdiff_t samples, float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) out[i] = Sample(static_cast<float>(levels[i])).light();
}

PP_CLONES void changed_lights(const std::uint8_t* PP_RESTRICT levels, const float* PP_RESTRICT change,
                              std::ptrdiff_t samples, float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) out[i] = Sample(static_cast<float>(levels[i]) + change[i]).light();
}

PP_CLONES void split(const float* PP_RESTRICT pixel, std::ptrdiff_t pixels, float* PP_RESTRICT r, float* PP_RESTRICT g,
                     float* PP_RESTRICT b) {
    for (std::ptrdiff_t i = 0; i < pixels; ++i) {
        r[i] = pixel[3 * i];
        g[i] = pixel[3 * i + 1];
        b[i] = pixel[3 * i + 2];
    }
}

PP_CLONES void join(const float* PP_RESTRICT r, const float* PP_RESTRICT g, const float* PP_RESTRICT b,
                    std::ptrdiff_t pixels, float* PP_RESTRICT pixel) {
    for (std::ptrdiff_t i = 0; i < pixels; ++i) {
        pixel[3 * i] = r[i];
        pixel[3 * i + 1] = g[i];
        pixel[3 * i + 2] = b[i];
    }
}

// Outside 0..255, where a level has no influence, the slope is 0.
PP_CLONES void times_slopes(const std::uint8_t* PP_RESTRICT levels, const float* PP_RESTRICT change,
                            std::ptrdiff_t samples, float* PP_RESTRICT slope) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const float level = static_cast<float>(levels[i]) + change[i];
        slope[i] = kept(level >= 0.0f, kept(level <= 255.0f, slope[i])) * Sample(level).slope();
    }
}

PP_INLINE float response(const float* mix, float r, float g, float b) {
    return cube_root(mix[0] * r + mix[1] * g + mix[2] * b + kDark);
}

PP_CLONES void opponent(const float* PP_RESTRICT r, const float* PP_RESTRICT g, const float* PP_RESTRICT b,
                        std::ptrdiff_t pixels, float dark, float* PP_RESTRICT x, float* PP_RESTRICT y,
                        float* PP_RESTRICT z) {
    for (std::ptrdiff_t i = 0; i < pixels; ++i) {
        const float first = response(kMix[0], r[i], g[i], b[i]), second = response(kMix[1], r[i], g[i], b[i]);
        const float mean = 0.5f * (first + second);
        x[i] = 7.0f * (first - second) + 0.42f;
        y[i] = mean - dark + 0.01f;
        z[i] = response(kMix[2], r[i], g[i], b[i]) - mean + 0.55f;
    }
}

// The slope by what the cone took, of one whose slope by the response is given.
PP_INLINE float by_cone(const float* mix, float r, float g, float b, float slope) {
    const float inverse = inverse_cube_root(mix[0] * r + mix[1] * g + mix[2] * b + kDark);
    return (1.0f / 3) * slope * (inverse * inverse);
}

PP_CLONES void by_light(const float* PP_RESTRICT x, const float* PP_RESTRICT y, const float* PP_RESTRICT z,
                        std::ptrdiff_t pixels, float* PP_RESTRICT r, float* PP_RESTRICT g, float* PP_RESTRICT b) {
    for (std::ptrdiff_t i = 0; i < pixels; ++i) {
        const float even = 0.5f * (y[i] - z[i]), odd = 7.0f * x[i];
        const float first = by_cone(kMix[0], r[i], g[i], b[i], even + odd);
        const float second = by_cone(kMix[1], r[i], g[i], b[i], even - odd);
        const float third = by_cone(kMix[2], r[i], g[i], b[i], z[i]);
        r[i] = kMix[0][0] * first + kMix[1][0] * second + kMix[2][0] * third;
        g[i] = kMix[0][1] * first + kMix[1][1] * second + kMix[2][1] * third;
        b[i] = kMix[0][2] * first + kMix[1][2] * second + kMix[2][2] * third;
    }
}

PP_CLONES void spread(const float* PP_RESTRICT half, float share, std::ptrdiff_t pairs, float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < pairs; ++i) {
        const float part = share * half[i];
        out[2 * i] += part;
        out[2 * i + 1] += part;
    }
}

PP_CLONES void halve(const float* PP_RESTRICT upper, const float* PP_RESTRICT lower, std::ptrdiff_t pairs,
                     float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < pairs; ++i) {
        out[i] = 0.25f * ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1]));
    }
}

}  // namespace

void linear_light(const std::uint8_t* row, std::ptrdiff_t pixels, const ThreeRows& out) {
    static const std::array<float, 256> light = light_of_levels();
    float *PP_RESTRICT r = out.plane[0], *PP_RESTRICT g = out.plane[1], *PP_RESTRICT b = out.plane[2];
    for (std::ptrdiff_t i = 0; i < pixels; ++i) {
        r[i] = light[row[3 * i]];
        g[i] = light[row[3 * i + 1]];
        b[i] = light[row[3 * i + 2]];
    }
}

void opponent_colours(const ThreeRows& linear, std::ptrdiff_t pixels, const ThreeRows& out) {
    static const float dark = static_cast<float>(std::cbrt(static_cast<double>(kDark)));
    opponent(linear.plane[0], linear.plane[1], linear.plane[2], pixels, dark, out.plane[0], out.plane[1], out.plane[2]);
}

void halve_rows(const float* upper, const float* lower, std::ptrdiff_t width, float* out) {
    const std::ptrdiff_t pairs = width / 2;
    halve(upper, lower, pairs, out);
    if (width % 2) out[pairs] = 0.5f * (upper[width - 1] + lower[width - 1]);
}

void changed_light(const std::uint8_t* row, const float* change, std::ptrdiff_t pixels, float* room,
                   const ThreeRows& out) {
    if (change) {
        changed_lights(row, change, 3 * pixels, room);
    } else {
        lights(row, 3 * pixels, room);
    }
    split(room, pixels, out.plane[0], out.plane[1], out.plane[2]);
}

void changed_light_slopes(const std::uint8_t* row, const float* change, const ThreeRows& by_light,
                          std::ptrdiff_t pixels, float* slope) {
    join(by_light.plane[0], by_light.plane[1], by_light.plane[2], pixels, slope);
    times_slopes(row, change, 3 * pixels, slope);
}

void opponent_slopes(const ThreeRows& by_opponent, std::ptrdiff_t pixels, const ThreeRows& light) {
    const ThreeRows& by = by_opponent;
    by_light(by.plane[0], by.plane[1], by.plane[2], pixels, light.plane[0], light.plane[1], light.plane[2]);
}

void halve_slopes(const float* by_half, std::ptrdiff_t width, bool alone, float* slopes) {
    const std::ptrdiff_t pairs = width / 2;
    const float share = alone ? 0.5f : 0.25f;
    spread(by_half, share, pairs, slopes);
    if (width % 2) slopes[width - 1] += 2 * share * by_half[pairs];
}

}  // namespace pp
