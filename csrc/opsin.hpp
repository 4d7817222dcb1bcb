// From 8 bits to the colours in which SSIMULACRA 2 compares: linear light, halved for coarser scales, then an opponent
// space that is nearly even to the eye. kernels/reference/ssimulacra2.py is the definition.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

// Three rows of one width: red, green and blue of linear light, or X, Y and B.
struct ThreeRows {
    float* plane[3];
};

// Linear light of `pixels` pixels of an sRGB photo.
void linear_light(const std::uint8_t* row, std::ptrdiff_t pixels, const ThreeRows& out);

// X, Y and B of `pixels` pixels, shifted and scaled so that all are positive.
void opponent_colours(const ThreeRows& linear, std::ptrdiff_t pixels, const ThreeRows& out);

// One row of half the width, rounded up, out of two: means of 2 x 2. A last column without a neighbour is its own.
void halve_rows(const float* upper, const float* lower, std::ptrdiff_t width, float* out);

}  // namespace pp
