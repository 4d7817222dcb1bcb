// A step up a gradient, and a step down what is visible. Definitions: kernels/reference/climb.py,
// kernels/reference/descend.py.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

// What turns a gradient into a step, B = weights^2 colours: weights are one to a pixel, samples three to a pixel,
// interleaved.
struct Terrain {
    const float* weights;
    const float* colours;  // 3 x 3, symmetric
    std::ptrdiff_t pixels;
};

// Returns the factor from B momentum to the step.
double climb(const Terrain& terrain, const float* gradient, float decay, double length, float* change, float* momentum);

struct Sight {
    const float* slope;
    double seen, budget;
};

struct Limits {
    const std::uint8_t* start;
    double longest;
    int bound;
};

// Returns the root mean square of change / weights.
double descend(const Terrain& terrain, const float* momentum, const Sight& sight, const Limits& limits, float* change);

}  // namespace pp
