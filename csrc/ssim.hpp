// How much two photos differ: structural similarity, streamed row by row, and squared differences.
// kernels/reference/ssim.py is the definition.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

// a, b: (height, width, 3). Mean over channels and all places where the window lies within the photo. Sums are in
// float64 in a fixed order: the number of threads does not change the result.
double ssim(const std::uint8_t* a, const std::uint8_t* b, int height, int width, int threads);

// The exact sum of the squared differences of `count` samples.
std::int64_t squared_difference(const std::uint8_t* a, const std::uint8_t* b, std::ptrdiff_t count);

}  // namespace pp
