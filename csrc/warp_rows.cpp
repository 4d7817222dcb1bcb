#include "warp_rows.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"
#include "sixteen_bits.hpp"
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

// The numbers of `count` neighbours in memory.
PP_INLINE void store_run(const std::uint8_t* level, const float* gain, const float* bias, int count, Number number,
                         unsigned char* out) {
    if (number == Number::fp32) return normalise(level, gain, bias, count, reinterpret_cast<float*>(out));
    float values[3 * kStretch];
    normalise(level, gain, bias, count, values);
    (number == Number::fp16 ? to_fp16 : to_bf16)(values, count, reinterpret_cast<std::uint16_t*>(out));
}

// Where `count` pixels from x on will be stored: the lines arrive while the levels are computed.
PP_INLINE void fetch(InputForm form, const InputRow& row, int x, int count) {
    constexpr std::ptrdiff_t kLine = 64;
    const bool planar = form.layout == Layout::nchw;
    const std::ptrdiff_t pixel = form.bytes() * (planar ? 1 : 3);
    for (int p = 0; p < (planar ? 3 : 1); ++p) {
        const unsigned char* first = row.out + p * row.plane * form.bytes() + (x - row.left) * pixel;
        for (std::ptrdiff_t i = 0; i < count * pixel; i += kLine) PP_FETCH(first + i);
    }
}

// `count` pixels of the row from x on, whose levels stand in s.
PP_INLINE void store(const Stretch& s, const Scale& scale, const InputRow& row, int x, int count) {
    const Number number = scale.form.number;
    const std::ptrdiff_t bytes = scale.form.bytes(), pixel = x - row.left;
    if (scale.form.layout == Layout::nhwc) {
        std::uint8_t level[3 * kStretch];
        interleave(s, scale.order, count, level);
        return store_run(level, scale.gain, scale.bias, 3 * count, number, row.out + 3 * pixel * bytes);
    }
    for (int p = 0; p < 3; ++p) {
        store_run(s.level[scale.order[p]], scale.gain + p * kStretch, scale.bias + p * kStretch, count, number,
                  row.out + (p * row.plane + pixel) * bytes);
    }
}

}  // namespace

Scale::Scale(const Channels& channels, InputForm form_) : form(form_), order(channels.order) {
    for (int i = 0; i < 3 * kStretch; ++i) {
        const int c = form.layout == Layout::nhwc ? i % 3 : i / kStretch;
        gain[i] = channels.gain[c];
        bias[i] = channels.bias[c];
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
        fetch(scale.form, row, x, count);
        const int padded = levels(photo, map, x, count, s);
        store(s, scale, row, x, std::min(padded, end - x));
    }
    fill(std::max(span.end, row.left), end);
}

}  // namespace pp
