// One output row of a warp: from source coordinates to levels. See warp.hpp.
#pragma once

#include <cstdint>

#include "warp.hpp"

namespace pp {

struct Span {
    int begin, end;
};

// Where an output row's pixels come from, in subpixels of the padded photo: column + x * d_column, row + x * d_row.
struct RowMap {
    double column, row, d_column, d_row;
};

// One row of three planes; `left` is the column of the photo that their first value belongs to.
struct PlaneRow {
    float* plane[3];
    int left, columns;
};

// The pixels of `span`; row is the output row's first pixel.
void row_u8(const PaddedPhoto& photo, const RowMap& map, Span span, std::uint8_t* row);

// The same, normalised. Up to 15 values behind the span, within the row, are overwritten: fill comes after.
void row_planar(const PaddedPhoto& photo, const RowMap& map, Span span, const Channels& channels, const PlaneRow& row);

}  // namespace pp
