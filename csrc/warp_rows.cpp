#include "warp_rows.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"
#include "sixteen_bits.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && PP_HIGHEST >= 3
#define PP_X86_LANES 1
#include <immintrin.h>
#else
#define PP_X86_LANES 0
#endif

namespace pp {

namespace {

// A stretch of an output row on its way from coordinates to levels. Every step runs over whole blocks of kLanes
// pixels, so that it compiles to full vectors; what lies past `count` is never stored.
constexpr int kLanes = 16;
static_assert(kStretch % kLanes == 0);

struct Stretch {
    std::int32_t at[kStretch], fx[kStretch], fy[kStretch];
    std::uint64_t upper[kStretch], lower[kStretch];  // two neighbours each, the left one in the low half
    std::uint8_t level[3][kStretch];
};

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

// The one step that is no vector loop: two loads a pixel, each of two neighbours.
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

#if PP_X86_LANES

// Pixels at + 0 and + 4, each in a half: of each colour four bytes, left above, left below, right above, right below.
__attribute__((target("avx2"), always_inline)) inline __m256i two_quads(const std::uint32_t* photo, int stride,
                                                                        const std::int32_t* at) {
    const auto quad = [&](int i) __attribute__((target("avx2"), always_inline)) {
        const std::uint32_t* upper = photo + at[i];
        const __m128i above = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(upper));
        return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(above), reinterpret_cast<const __m64*>(upper + stride)));
    };
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 8, 4, 12, 1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15));
    return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(quad(0)), quad(4), 1), order);
}

// `gather` and `blend` at once, eight pixels at a time. One instruction weights two neighbours of a row and adds them.
__attribute__((target("avx2"))) void levels_in_lanes(const std::uint32_t* photo, int stride, int padded, Stretch& s) {
    const __m256i bytes = _mm256_set1_epi32(0x00ff00ff), one = _mm256_set1_epi32(kSubpixels);
    const __m256i half = _mm256_set1_epi32(1 << (2 * kSubpixelBits - 1));
    const __m256i by_colour = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int i = 0; i < padded; i += 8) {
        __m256i quads[4], colours[3], level[3];
        for (int j = 0; j < 4; ++j) quads[j] = two_quads(photo, stride, s.at + i + j);
        const __m256i front = _mm256_unpacklo_epi32(quads[0], quads[1]),
                      back = _mm256_unpacklo_epi32(quads[2], quads[3]);
        colours[0] = _mm256_unpacklo_epi64(front, back);
        colours[1] = _mm256_unpackhi_epi64(front, back);
        colours[2] =
            _mm256_unpacklo_epi64(_mm256_unpackhi_epi32(quads[0], quads[1]), _mm256_unpackhi_epi32(quads[2], quads[3]));
        const __m256i fx = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s.fx + i));
        const __m256i fy = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s.fy + i));
        const __m256i weights = _mm256_or_si256(_mm256_sub_epi32(one, fx), _mm256_slli_epi32(fx, 16));
        for (int c = 0; c < 3; ++c) {
            const __m256i above = _mm256_madd_epi16(_mm256_and_si256(colours[c], bytes), weights);
            const __m256i below = _mm256_madd_epi16(_mm256_srli_epi16(colours[c], 8), weights);
            const __m256i down = _mm256_mullo_epi32(_mm256_sub_epi32(below, above), fy);
            const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(above, kSubpixelBits), _mm256_add_epi32(down, half));
            level[c] = _mm256_srli_epi32(sum, 2 * kSubpixelBits);
        }
        const __m256i packed = _mm256_permutevar8x32_epi32(
            _mm256_packus_epi16(_mm256_packs_epi32(level[0], level[1]), _mm256_packs_epi32(level[2], level[2])),
            by_colour);
        const __m128i red_green = _mm256_castsi256_si128(packed), blue = _mm256_extracti128_si256(packed, 1);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(s.level[0] + i), red_green);
        _mm_storeh_pi(reinterpret_cast<__m64*>(s.level[1] + i), _mm_castsi128_ps(red_green));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(s.level[2] + i), blue);
    }
}

const bool kInLanes = __builtin_cpu_supports("avx2");

#else

constexpr bool kInLanes = false;
void levels_in_lanes(const std::uint32_t*, int, int, Stretch&) {}

#endif

// The levels of `count` pixels of an output row from x on, in whole blocks: returns how many, the last one repeated.
PP_INLINE int levels(const PaddedPhoto& photo, const RowMap& map, int x, int count, Stretch& s) {
    const int padded = (count + kLanes - 1) & -kLanes;
    locate(map, x, count, padded, photo.stride, s);
    if (kInLanes) {
        levels_in_lanes(photo.pixels(), photo.stride, padded, s);
    } else {
        gather(photo.pixels(), photo.stride, padded, s);
        blend(padded, s);
    }
    return padded;
}

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
            store(s, scale, row, x, std::min({kStretch, (to - x + kLanes - 1) & -kLanes, end - x}));
    };
    // From left to right, each in whole blocks: what a part writes too much, the next one overwrites.
    fill(row.left, span.begin);
    for (int x = span.begin; x < span.end; x += kStretch) {
        const int padded = levels(photo, map, x, std::min(kStretch, span.end - x), s);
        store(s, scale, row, x, std::min(padded, end - x));
    }
    fill(std::max(span.end, row.left), end);
}

}  // namespace pp
