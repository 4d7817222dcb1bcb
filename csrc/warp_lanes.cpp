#include "warp_levels.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && PP_HIGHEST >= 3
#define PP_X86_LANES 1
#include <immintrin.h>
#else
#define PP_X86_LANES 0
#endif

namespace pp {

#if PP_X86_LANES

// Pixels at + 0 and + 4, each in a half. The four taps of a pixel are a (left above), b (right above), c (left below)
// and d (right below):
//
//   loaded    Ra Ga Ba -  Rb Gb Bb -  Rc Gc Bc -  Rd Gd Bd -
//   shuffled  Ra Rc Rb Rd  Ga Gc Gb Gd  Ba Bc Bb Bd  -  -  -  -
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

// Eight pixels at a time. One instruction weights two neighbours of a row and adds them.
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

const bool kInLanes = false;
void levels_in_lanes(const std::uint32_t*, int, int, Stretch&) {}

#endif

}  // namespace pp
