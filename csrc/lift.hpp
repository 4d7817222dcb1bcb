// From a change that is wanted at a network's input size to the smallest change of the photo whose resize it is.
// Definition: kernels/reference/lift.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "resize.hpp"

namespace pp {

struct Lifting {
    int bound;   // largest change, in grey levels
    int rounds;  // corrections after the first solve
    int threads;
};

// The photo changed within the bound and 0..255 so that its resize moves by `wanted` as nearly as `rounds` get it.
// Holds a few rows a thread besides arrays of the wanted change's size. Throws std::domain_error where an axis is not
// reduced.
void lift(const PhotoView& photo, const float* wanted, const Axis<float>& rows, const Axis<float>& columns,
          const Lifting& how, std::uint8_t* out);

}  // namespace pp
