// A small separable filter over planes. Definition: kernels/reference/smooth.py.
#pragma once

#include <cstddef>

namespace pp {

// `count` planes of height x width values. `half` holds the centre's weight and the `reach` behind it.
void smooth_planes(const float* planes, std::ptrdiff_t count, std::ptrdiff_t height, std::ptrdiff_t width,
                   const float* half, std::ptrdiff_t reach, float* out);

}  // namespace pp
