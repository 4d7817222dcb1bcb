#include "warp_rows.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"
#include "warp_levels.hpp"

namespace pp {

namespace {

constexpr std::int32_t kRgb[3] = {0, 1, 2};

PP_INLINE void interleave(const Stretch& s, const std::int32_t* order, int count, std::uint8_t* PP_RESTRICT out) {
    const std::uint8_t *first = s.level[order[0]], *second = s.level[order[1]], *third = s.level[order[2]];
    for (int i = 0; i < count; ++i) {
        out[3 * i] = first[i];
        out[3 * i + 1] = second[i];
        out[3 * i + 2] = third[i];
    }
}

PP_INLINE void normalise(const std::uint8_t* PP_RESTRICT level, const float* PP_RESTRICT gain,
                         const float* PP_RESTRICT bias, int count, float* PP_RESTRICT out) {
    for (int i = 0; i < count; ++i) out[i] = static_cast<float>(level[i]) * gain[i] + bias[i];
}

// Where `count` pixels from x on will be stored: the lines arrive while the levels are computed.
PP_INLINE void fetch(const InputRow& row, int x, int count) {
    constexpr std::ptrdiff_t kLine = 16;  // floats
    for (int p = 0; p < 3; ++p) {
        const float* first = row.out + p * row.plane + (x - row.left);
        for (std::ptrdiff_t i = 0; i < count; i += kLine) PP_FETCH(first + i);
    }
}

// `count` pixels of the row from x on, whose levels stand in s.
PP_INLINE void store(const Stretch& s, const Scale& scale, const InputRow& row, int x, int count) {
    for (int p = 0; p < 3; ++p) {
        normalise(s.level[scale.order[p]], scale.gain + p * kStretch, scale.bias + p * kStretch, count,
                  row.out + p * row.plane + (x - row.left));
    }
}

}  // namespace

Scale::Scale(const Channels& channels) : order(channels.order) {
    for (int i = 0; i < 3 * kStretch; ++i) {
        gain[i] = channels.gain[i / kStretch];
        bias[i] = channels.bias[i / kStretch];
    }
}

PP_CLONES void row_u8(const PaddedPhoto& photo, const RowMap& map, Span span, std::uint8_t* PP_RESTRICT row) {
    Stretch s;
    for (int x = span.begin; x < span.end; x += kStretch) {
        const int count = std::min(kStretch, span.end - x);
        levels(photo, map, x, count, s);
        interleave(s, kRgb, count, row + 3 * static_cast<std::ptrdiff_t>(x));
    }
}

PP_CLONES void row_input(const PaddedPhoto& photo, const RowMap& map, Span span, const Scale& scale,
                         const InputRow& row) {
    Stretch s;
    const int end = row.left + row.columns;
    const auto fill = [&](int from, int to) PP_INLINED {
        std::memset(s.level, photo.style.fill, sizeof s.level);
        for (int x = from; x < to; x += kStretch)
            store(s, scale, row, x, std::min(blocks(std::min(kStretch, to - x)), end - x));
    };
    // From left to right, each in whole blocks: what a part writes too much, the next one overwrites.
    fill(row.left, span.begin);
    for (int x = span.begin; x < span.end; x += kStretch) {
        const int count = std::min(kStretch, span.end - x);
        fetch(row, x, count);
        const int padded = levels(photo, map, x, count, s);
        store(s, scale, row, x, std::min(padded, end - x));
    }
    fill(std::max(span.end, row.left), end);
}

}  // namespace pp
