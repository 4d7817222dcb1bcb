// The weighted difference of SSIMULACRA 2 between a photo and that photo with a change, and which way it falls.
// kernels/reference/ssimulacra2_slope.py is the definition.
#pragma once

#include <cstdint>

namespace pp {

// original: (height, width, 3); change: the same in grey levels, real-valued; weights: kWeights (ssimulacra2.hpp).
// Returns the weighted difference, and writes its gradient by the samples, per grey level, into `slope`. What has
// weight 0 is not computed: maps, planes and whole scales. Memory: 32 bytes a pixel, and 48 for the finest scale that
// has weight.
double ssimulacra2_slope(const std::uint8_t* original, const float* change, int height, int width,
                         const double* weights, float* slope);

}  // namespace pp
