// The levels of a stretch of an output row, from where they come from: inlined into the clones of warp_rows.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "dispatch.hpp"
#include "warp_rows.hpp"

namespace pp {

// A stretch of an output row on its way from coordinates to levels. Every step runs over whole blocks of kLanes
// pixels, so that it compiles to full vectors; what lies past `count` is never stored.
constexpr int kLanes = 16;
static_assert(kStretch % kLanes == 0);

//
//   upper[i]  R G B -  R G B -     the pixel at `at` and its right neighbour, four bytes each
//   lower[i]  R G B -  R G B -     the two below them, `stride` pixels further
//   fx, fy    weight of the right and of the lower neighbours, in subpixels
//   level[c]  the blended bytes, a plane for each colour
struct Stretch {
    std::int32_t at[kStretch], fx[kStretch], fy[kStretch];
    std::uint64_t upper[kStretch], lower[kStretch];  // two neighbours each, the left one in the low half
    std::uint8_t level[3][kStretch];
};

PP_INLINE int blocks(int count) { return (count + kLanes - 1) & -kLanes; }

PP_INLINE void locate(const RowMap& map, int x, int count, int padded, int stride, Stretch& s) {
    for (int i = 0; i < padded; ++i) {
        const double place = x + std::min(i, count - 1);
        const auto column = static_cast<std::int32_t>(map.column + map.d_column * place);
        const auto row = static_cast<std::int32_t>(map.row + map.d_row * place);
        s.at[i] = (row >> kSubpixelBits) * stride + (column >> kSubpixelBits);
        s.fx[i] = column & (kSubpixels - 1);
        s.fy[i] = row & (kSubpixels - 1);
    }
}

// The one step that is not a vector loop: two loads a pixel, each of two neighbours.
PP_INLINE void gather(const std::uint32_t* PP_RESTRICT photo, int stride, int padded, Stretch& s) {
    for (int i = 0; i < padded; ++i) {
        std::memcpy(&s.upper[i], photo + s.at[i], 8);
        std::memcpy(&s.lower[i], photo + s.at[i] + stride, 8);
    }
}

// One channel between its four taps, rounded once: floor(exact + 1/2).
template <int kChannel>
PP_INLINE std::uint8_t between(std::uint64_t upper, std::uint64_t lower, std::int32_t fx, std::int32_t fy) {
    const auto level = [](std::uint64_t pair, int pixel) {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(pair >> (32 * pixel)) >> (8 * kChannel) & 255u);
    };
    const std::int32_t above = level(upper, 0) * (kSubpixels - fx) + level(upper, 1) * fx;
    const std::int32_t below = level(lower, 0) * (kSubpixels - fx) + level(lower, 1) * fx;
    constexpr std::int32_t kHalf = 1 << (2 * kSubpixelBits - 1);
    return static_cast<std::uint8_t>((above * (kSubpixels - fy) + below * fy + kHalf) >> (2 * kSubpixelBits));
}

PP_INLINE void blend(int padded, Stretch& s) {
    for (int i = 0; i < padded; ++i) {
        s.level[0][i] = between<0>(s.upper[i], s.lower[i], s.fx[i], s.fy[i]);
        s.level[1][i] = between<1>(s.upper[i], s.lower[i], s.fx[i], s.fy[i]);
        s.level[2][i] = between<2>(s.upper[i], s.lower[i], s.fx[i], s.fy[i]);
    }
}

// `gather` and `blend` at once, by AVX2's instructions; to be called where kInLanes says so.
void levels_in_lanes(const std::uint32_t* photo, int stride, int padded, Stretch& s);
extern const bool kInLanes;

// The levels of `count` pixels of an output row from x on, in whole blocks: returns how many, the last one repeated.
PP_INLINE int levels(const PaddedPhoto& photo, const RowMap& map, int x, int count, Stretch& s) {
    const int padded = blocks(count);
    locate(map, x, count, padded, photo.stride, s);
    if (kInLanes) {
        levels_in_lanes(photo.pixels(), photo.stride, padded, s);
    } else {
        gather(photo.pixels(), photo.stride, padded, s);
        blend(padded, s);
    }
    return padded;
}

}  // namespace pp
