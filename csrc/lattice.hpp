// Attack iterates on the 8-bit lattice: uint8 start photo, int8 offsets in units of 1 or 1/2 level. Definition:
// kernels/reference/lattice.py.
#pragma once

#include "resize.hpp"

namespace pp {

void lattice_photo(const std::uint8_t* photo, const std::int8_t* offsets, int units, std::ptrdiff_t count,
                   std::uint8_t* out);

int largest_change(const std::uint8_t* photo, const std::uint8_t* other, std::ptrdiff_t count);

struct Move {
    int units;  // to a grey level: 1 or 2
    int step;   // in units, negative to descend
    int bound;  // in units
};

// Offsets must already lie within the bound and the range: pixels without a gradient are not visited.
// extra (height x width x 3) is added to the gradient; null for none. planes (3 x rows.outputs x columns.outputs)
// receive the moved photo as resize_lattice reads it, its rows while they are in the cache; null: not wanted.
void lattice_step(const PhotoView& photo, std::int8_t* offsets, const float* gradient, const Axis<float>& rows,
                  const Axis<float>& columns, const Channels& channels, const Move& move, const float* extra,
                  float* planes);

}  // namespace pp
