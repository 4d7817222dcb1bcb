// Stylisation without a network: edge-preserving smoothing, stepped luminance, lines. kernels/reference/
// cartoon_filter.py is the definition; every result is the same to the bit, whatever the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

constexpr int kDifferences = 3 * 255 + 1;  // values of the sum of three channels' absolute differences
constexpr int kToneSteps = 16;             // entries of the tone table per grey level
constexpr int kTones = 255 * kToneSteps + 1;

// Half a symmetric kernel: the weight of the centre first, radius + 1 in all.
struct HalfKernel {
    const float* weight;
    int radius;
};

struct CartoonStyle {
    HalfKernel blur;      // of the first guide
    const float* shares;  // (passes, kDifferences): what a pixel takes of its neighbour, by their difference
    int passes, rounds;
    const float* tone;  // (kTones,): new luminance by old
    float saturation;
    HalfKernel fine, coarse;  // of one radius: their difference draws the lines
    float line_threshold, line_gain, line_strength;
};

// photo, out: (height, width, 3). Needs 16 bytes a pixel besides.
void cartoon_filter(const std::uint8_t* photo, int height, int width, const CartoonStyle& style, std::uint8_t* out);

}  // namespace pp
