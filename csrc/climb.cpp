#include "climb.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kBlock = 512;  // pixels whose sums stay in the first-level cache
constexpr double kPower = 0.7;          // how a change's size follows its visibility

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

struct Mixed {
    float red, green, blue;
};

// A pixel's direction: its momentum through the colours' matrix.
PP_INLINE Mixed mixed(const float* momentum, const float* colours) {
    const float a = momentum[0], b = momentum[1], c = momentum[2];
    return {a * colours[0] + b * colours[3] + c * colours[6], a * colours[1] + b * colours[4] + c * colours[7],
            a * colours[2] + b * colours[5] + c * colours[8]};
}

// Adds the gradient to what decay leaves of the momentum; returns the squares of the step's change / weights.
PP_CLONES double turn(const float* PP_RESTRICT gradient, const float* PP_RESTRICT weights,
                      const float* PP_RESTRICT colours, float decay, std::ptrdiff_t count,
                      float* PP_RESTRICT momentum) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float* pixel = momentum + 3 * i;
        for (int c = 0; c < 3; ++c) pixel[c] = pixel[c] * decay + gradient[3 * i + c];
        const Mixed step = mixed(pixel, colours);
        sums[i] = squared(step.red * weights[i], step.green * weights[i], step.blue * weights[i]);
    }
    return sum_by_halves(sums, count);
}

// Moves the change by `factor` times the momentum's step.
PP_CLONES void move(const float* PP_RESTRICT momentum, const float* PP_RESTRICT weights,
                    const float* PP_RESTRICT colours, float factor, std::ptrdiff_t count, float* PP_RESTRICT change) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float* pixel = change + 3 * i;
        const Mixed step = mixed(momentum + 3 * i, colours);
        const float along = weights[i] * weights[i] * factor;
        pixel[0] += step.red * along;
        pixel[1] += step.green * along;
        pixel[2] += step.blue * along;
    }
}

// The sum of products of a gradient with another's step.
PP_CLONES double product(const float* PP_RESTRICT one, const float* PP_RESTRICT other, const float* PP_RESTRICT weights,
                         const float* PP_RESTRICT colours, std::ptrdiff_t count) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float* pixel = one + 3 * i;
        const Mixed step = mixed(other + 3 * i, colours);
        sums[i] = (pixel[0] * step.red + pixel[1] * step.green + pixel[2] * step.blue) * (weights[i] * weights[i]);
    }
    return sum_by_halves(sums, count);
}

// Scales the change and keeps it within the bound and the photo within 0..255; returns the squares of change / weights.
PP_CLONES double keep(const std::uint8_t* PP_RESTRICT start, const float* PP_RESTRICT weights, float scale, float bound,
                      std::ptrdiff_t count, float* PP_RESTRICT change) {
    float sums[kBlock];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float* pixel = change + 3 * i;
        for (int c = 0; c < 3; ++c) {
            const float here = static_cast<float>(start[3 * i + c]);
            const float low = std::max(-bound, -here), high = std::min(bound, 255.0f - here);
            pixel[c] = std::min(std::max(pixel[c] * scale, low), high);
        }
        const float inverse = 1.0f / (weights[i] > 0.0f ? weights[i] : INFINITY);
        sums[i] = squared(pixel[0] * inverse, pixel[1] * inverse, pixel[2] * inverse);
    }
    return sum_by_halves(sums, count);
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

double root_mean(double sum, std::ptrdiff_t pixels) { return std::sqrt(sum / static_cast<double>(3 * pixels)); }

}  // namespace

double climb(const Terrain& terrain, const float* gradient, float decay, double length, float* change,
             float* momentum) {
    const double squares = over_blocks(terrain.pixels, [&](std::ptrdiff_t first, std::ptrdiff_t count) {
        return turn(gradient + 3 * first, terrain.weights + first, terrain.colours, decay, count, momentum + 3 * first);
    });
    const double size = root_mean(squares, terrain.pixels);
    if (!(size > 0)) return 0;
    move(momentum, terrain.weights, terrain.colours, static_cast<float>(length / size), terrain.pixels, change);
    return length / size;
}

double descend(const Terrain& terrain, const float* momentum, const Sight& sight, const Limits& limits, float* change) {
    double scale = 1;
    if (sight.seen > sight.budget) {
        const auto sum = [&](const float* one, const float* other) {
            return over_blocks(terrain.pixels, [&](std::ptrdiff_t first, std::ptrdiff_t count) {
                return product(one + 3 * first, other + 3 * first, terrain.weights + first, terrain.colours, count);
            });
        };
        const double ups = sum(momentum, momentum), both = sum(sight.slope, momentum);
        const double along = ups > 0 ? both / ups : 0;
        const double gain = std::max(sum(sight.slope, sight.slope) - both * along, 0.0);
        double step = 0;
        if (gain > 0) {
            step = std::min((sight.seen - sight.budget) / gain, limits.longest * std::sqrt(ups / gain));
            const auto down = static_cast<float>(-step), up = static_cast<float>(step * along);
            move(sight.slope, terrain.weights, terrain.colours, down, terrain.pixels, change);
            move(momentum, terrain.weights, terrain.colours, up, terrain.pixels, change);
        }
        const double left = sight.seen - step * gain;
        if (left > sight.budget) scale = std::pow(sight.budget / left, kPower);
    }
    const double squares = over_blocks(terrain.pixels, [&](std::ptrdiff_t first, std::ptrdiff_t count) {
        return keep(limits.start + 3 * first, terrain.weights + first, static_cast<float>(scale),
                    static_cast<float>(limits.bound), count, change + 3 * first);
    });
    return root_mean(squares, terrain.pixels);
}

}  // namespace pp
