#include "climb.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kBlock = 512;  // pixels whose sums stay in the first-level cache

// Sums of one value a pixel: by halves in fp32, so that no addition waits for another, and blocks in fp64. The order is
// the same on every processor.
PP_INLINE double sum_by_halves(float* values, std::ptrdiff_t count) {
    std::fill(values + count, values + kBlock, 0.0f);
    for (std::ptrdiff_t half = kBlock / 2; half > 0; half /= 2) {
        PP_INDEPENDENT
        for (std::ptrdiff_t i = 0; i < half; ++i) values[i] += values[i + half];
    }
    return static_cast<double>(values[0]);
}

PP_INLINE float squared(float a, float b, float c) { return a * a + b * b + c * c; }

// The sum of the gradient's absolute values.
PP_CLONES double size_of(const float* gradient, std::ptrdiff_t count) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float* pixel = gradient + 3 * i;
        sums[i] = std::fabs(pixel[0]) + std::fabs(pixel[1]) + std::fabs(pixel[2]);
    }
    return sum_by_halves(sums, count);
}

struct Mixed {
    float red, green, blue;
};

// A pixel's direction: its momentum through the colours' matrix.
PP_INLINE Mixed mixed(const float* momentum, const float* colours) {
    const float a = momentum[0], b = momentum[1], c = momentum[2];
    return {a * colours[0] + b * colours[3] + c * colours[6], a * colours[1] + b * colours[4] + c * colours[7],
            a * colours[2] + b * colours[5] + c * colours[8]};
}

// Adds `gain` times the gradient to what decay leaves of the momentum; returns the squares of the direction it gives.
PP_CLONES double turn(const float* PP_RESTRICT gradient, const float* PP_RESTRICT weights,
                      const float* PP_RESTRICT colours, float decay, float gain, std::ptrdiff_t count,
                      float* PP_RESTRICT momentum) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float* pixel = momentum + 3 * i;
        for (int c = 0; c < 3; ++c) pixel[c] = pixel[c] * decay + gradient[3 * i + c] * gain;
        const Mixed step = mixed(pixel, colours);
        sums[i] = squared(step.red * weights[i], step.green * weights[i], step.blue * weights[i]);
    }
    return sum_by_halves(sums, count);
}

// Moves the change by `length` along the momentum's direction; returns the squares of change / weights.
PP_CLONES double move(const float* PP_RESTRICT momentum, const float* PP_RESTRICT weights,
                      const float* PP_RESTRICT colours, float length, std::ptrdiff_t count, float* PP_RESTRICT change) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float* pixel = change + 3 * i;
        const Mixed step = mixed(momentum + 3 * i, colours);
        const float weight = weights[i], inverse = 1.0f / (weight > 0.0f ? weight : INFINITY);
        const float along = weight * weight * length;
        pixel[0] += step.red * along;
        pixel[1] += step.green * along;
        pixel[2] += step.blue * along;
        sums[i] = squared(pixel[0] * inverse, pixel[1] * inverse, pixel[2] * inverse);
    }
    return sum_by_halves(sums, count);
}

// Scales the change, and keeps it within the bound and the photo within 0..255.
PP_CLONES void keep(const std::uint8_t* PP_RESTRICT start, float scale, float bound, std::ptrdiff_t samples,
                    float* PP_RESTRICT change) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const float here = static_cast<float>(start[i]);
        const float low = std::max(-bound, -here), high = std::min(bound, 255.0f - here);
        change[i] = std::min(std::max(change[i] * scale, low), high);
    }
}

// Adds up what work returns of each block: its first pixel and its number of pixels.
template <typename Work>
double over_blocks(std::ptrdiff_t pixels, const Work& work) {
    double sum = 0;
    for (std::ptrdiff_t first = 0; first < pixels; first += kBlock) {
        sum += work(first, std::min(kBlock, pixels - first));
    }
    return sum;
}

}  // namespace

void climb(const Slope& slope, const Pace& pace, float* change, float* momentum) {
    const std::ptrdiff_t samples = 3 * slope.pixels;
    const auto mean = [&](const auto& work) { return over_blocks(slope.pixels, work) / static_cast<double>(samples); };
    const double size =
        mean([&](std::ptrdiff_t first, std::ptrdiff_t count) { return size_of(slope.gradient + 3 * first, count); });
    const auto gain = static_cast<float>(1.0 / std::max(size, 1e-30));
    const double direction = std::sqrt(mean([&](std::ptrdiff_t first, std::ptrdiff_t count) {
        return turn(slope.gradient + 3 * first, slope.weights + first, slope.colours, pace.decay, gain, count,
                    momentum + 3 * first);
    }));
    const auto length = static_cast<float>(direction > 0 ? pace.rate * pace.radius / direction : 0.0);
    const double reached = std::sqrt(mean([&](std::ptrdiff_t first, std::ptrdiff_t count) {
        return move(momentum + 3 * first, slope.weights + first, slope.colours, length, count, change + 3 * first);
    }));
    const auto scale = static_cast<float>(reached > pace.radius ? pace.radius / reached : 1.0);
    keep(slope.start, scale, static_cast<float>(pace.bound), samples, change);
}

}  // namespace pp
