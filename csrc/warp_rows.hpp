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

constexpr int kStretch = 128;  // pixels that are done at a time

// What a classifier's input makes of levels: the gain and bias of each value of a stretch, a plane after the other.
struct Scale {
    const std::int32_t* order;
    float gain[3 * kStretch], bias[3 * kStretch];

    explicit Scale(const Channels& channels);
};

// One row of a window. `left` is the column of the photo that its first pixel belongs to; the next plane's row is
// `plane` values further.
struct InputRow {
    float* out;
    std::ptrdiff_t plane;
    int left, columns;
};

// The pixels of `span`; row is the output row's first pixel.
void row_u8(const PaddedPhoto& photo, const RowMap& map, Span span, std::uint8_t* row);

// The whole row: the pixels of `span`, which lies within it, and fill before and behind.
void row_input(const PaddedPhoto& photo, const RowMap& map, Span span, const Scale& scale, const InputRow& row);

}  // namespace pp
