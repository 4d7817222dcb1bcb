// SSIMULACRA 2: structural similarity, new edges and lost edges of two photos, over six scales.
// kernels/reference/ssimulacra2.py is the definition.
#pragma once

#include <cstdint>

namespace pp {

constexpr int kScales = 6;
constexpr int kNorms = 2;                                // the mean, and the fourth root of the mean of fourth powers
constexpr int kKinds = 3;                                // structure, new edges, lost edges
constexpr int kWeights = 3 * kScales * kNorms * kKinds;  // in the order plane, scale, norm, kind

// a: the original, b: the result, (height, width, 3). The weighted sum of all norms; what has weight 0 is not computed.
// Float32 maps of a few rows and float64 sums in a fixed order: the number of threads does not change the result.
// Memory: 8 bytes a pixel, for the linear light of the coarser scales.
double ssimulacra2(const std::uint8_t* a, const std::uint8_t* b, int height, int width, const double* weights,
                   int threads);

}  // namespace pp
