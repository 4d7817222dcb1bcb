// One step up a gradient, inside a radius of visible change. Definition: kernels/reference/climb.py.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

// What stands still while a change climbs. Samples are interleaved, three to a pixel; weights are one to a pixel.
struct Slope {
    const std::uint8_t* start;
    const float* gradient;
    const float* weights;
    const float* colours;  // 3 x 3
    std::ptrdiff_t pixels;
};

struct Pace {
    float decay;
    double rate, radius;
    int bound;
};

void climb(const Slope& slope, const Pace& pace, float* change, float* momentum);

}  // namespace pp
