// The weighted difference of SSIMULACRA 2 between a photo and that photo with a change, and which way it falls.
// kernels/reference/ssimulacra2_slope.py is the definition.
#pragma once

#include <cstdint>

namespace pp {

// original: (height, width, 3); change: the same in grey levels, real-valued; weights: kWeights (ssimulacra2.hpp).
// Returns the weighted difference, and writes its gradient by the samples, per grey level, into `slope`. Maps, planes
// and whole scales of weight 0 are not computed.
// Memory: 60 bytes a pixel; 18 where the finest scale has no weight, since the next one has a quarter of the pixels.
double ssimulacra2_slope(const std::uint8_t* original, const float* change, int height, int width,
                         const double* weights, float* slope);

}  // namespace pp
