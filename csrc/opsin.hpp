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

// The same of a photo with a change in grey levels, real-valued, kept within 0..255; without a change where that is
// null. One formula makes both, so that what does not change has no difference. room: three floats a pixel.
void changed_light(const std::uint8_t* row, const float* change, std::ptrdiff_t pixels, float* room,
                   const ThreeRows& out);

// Slopes by the samples, three a pixel, from those by the light that changed_light() made.
void changed_light_slopes(const std::uint8_t* row, const float* change, const ThreeRows& by_light,
                          std::ptrdiff_t pixels, float* slope);

// Replaces light by the slopes by it, from those by the opponent colours that were made of it.
void opponent_slopes(const ThreeRows& by_opponent, std::ptrdiff_t pixels, const ThreeRows& light);

// Adds to a row's slopes those by the half row that halve_rows() made of it and another one, or of it alone, twice.
void halve_slopes(const float* by_half, std::ptrdiff_t width, bool alone, float* slopes);

}  // namespace pp
