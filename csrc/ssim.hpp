// Structural similarity of two photos, streamed row by row. kernels/reference/ssim.py is the definition.
#pragma once

#include <cstdint>

namespace pp {

// a, b: (height, width, 3). Mean over channels and all places where the window lies within the photo. Sums are in
// float64 in a fixed order: the number of threads does not change the result.
double ssim(const std::uint8_t* a, const std::uint8_t* b, int height, int width, int threads);

}  // namespace pp
