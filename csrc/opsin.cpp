#include "opsin.hpp"

#include <array>
#include <cmath>
#include <cstring>

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

// The cube root of x in [kDark, 2]: Newton's iteration for its inverse, which needs no division, from an estimate by
// the bits of the number (3.5 % off, then 0.2 %, 1e-5 and float's own precision).
PP_INLINE float cube_root(float x) {
    std::int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    bits = 0x54a2fa8c - static_cast<std::int32_t>(static_cast<float>(bits) * (1.0f / 3));
    float inverse;
    std::memcpy(&inverse, &bits, sizeof inverse);
    for (int step = 0; step < 3; ++step) {
        inverse *= 4.0f / 3 - (1.0f / 3) * x * inverse * (inverse * inverse);
    }
    return x * (inverse * inverse);
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

}  // namespace pp
