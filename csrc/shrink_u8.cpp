#include "shrink_u8.hpp"

#include <algorithm>

#include "dispatch.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(PP_BASELINE_ONLY)
#define PP_PAIRED_SUMS 1
#include <immintrin.h>
#else
#define PP_PAIRED_SUMS 0
#endif

namespace pp {
namespace {

constexpr std::ptrdiff_t kLanes = 24;  // eight pixels: whole vectors, and a multiple of three colours
constexpr std::int32_t kHalf = 1 << (kFixedBits - 1);
constexpr int kLowBits = 11;               // of a weight; the other half has the sign, and both fit 16 bits
constexpr std::ptrdiff_t kGroup = 4;       // pixels
constexpr std::ptrdiff_t kGroupRead = 16;  // samples that are loaded for the twelve of a group

PP_INLINE std::uint8_t clip8(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::min(std::max(sum >> kFixedBits, 0), 255));
}

PP_CLONES void shrink_plainly(const std::uint8_t* row, const std::ptrdiff_t* starts, const std::int32_t* weights,
                              std::ptrdiff_t first, std::ptrdiff_t last, std::ptrdiff_t lanes,
                              std::uint8_t* PP_RESTRICT out) {
    for (std::ptrdiff_t x = first; x < last; ++x) {
        const std::uint8_t* samples = row + starts[x];
        const std::int32_t* weight = weights + x * lanes;
        std::int32_t partial[kLanes] = {};
        std::ptrdiff_t i = 0;
        for (; i + kLanes <= lanes; i += kLanes) {
            for (std::ptrdiff_t j = 0; j < kLanes; ++j) partial[j] += weight[i + j] * samples[i + j];
        }
        for (; i < lanes; i += 3) {
            for (std::ptrdiff_t j = 0; j < 3; ++j) partial[j] += weight[i + j] * samples[i + j];
        }
        for (std::ptrdiff_t j = 0; j < 12; ++j) partial[j] += partial[j + 12];
        for (std::ptrdiff_t j = 0; j < 6; ++j) partial[j] += partial[j + 6];
        for (std::ptrdiff_t j = 0; j < 3; ++j) out[3 * x + j] = clip8(partial[j] + partial[j + 3] + kHalf);
    }
}

#if PP_PAIRED_SUMS

// Four pixels a step: their bytes are put side by side by colour as 16-bit numbers, in pairs, and a pair's two products
// with the halves of its weights are summed by one instruction each.
__attribute__((target("avx2"))) void shrink_in_pairs(const std::uint8_t* row, const std::ptrdiff_t* starts,
                                                     const std::int16_t* halves, std::ptrdiff_t groups,
                                                     std::ptrdiff_t outputs, std::uint8_t* out) {
    const __m256i pairs = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  // pixels 0, 1
                                           6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    const __m128i half = _mm_set1_epi32(kHalf);
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        const std::uint8_t* samples = row + starts[x];
        const auto* weights = reinterpret_cast<const __m256i*>(halves + x * groups * 32);
        __m256i high = _mm256_setzero_si256();
        __m256i low = _mm256_setzero_si256();
        for (std::ptrdiff_t g = 0; g < groups; ++g) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(samples + 3 * kGroup * g));
            const __m256i values = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), pairs);
            high = _mm256_add_epi32(high, _mm256_madd_epi16(values, _mm256_loadu_si256(weights + 2 * g)));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(values, _mm256_loadu_si256(weights + 2 * g + 1)));
        }
        const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low);
        const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
        const __m128i levels = _mm_srai_epi32(_mm_add_epi32(sum, half), kFixedBits);
        const __m128i words = _mm_packs_epi32(levels, levels);
        const auto colours = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
        out[3 * x] = static_cast<std::uint8_t>(colours);
        out[3 * x + 1] = static_cast<std::uint8_t>(colours >> 8);
        out[3 * x + 2] = static_cast<std::uint8_t>(colours >> 16);
    }
}

bool has_avx2() {
    static const bool has = __builtin_cpu_supports("avx2") != 0;
    return has;
}

#else

void shrink_in_pairs(const std::uint8_t*, const std::ptrdiff_t*, const std::int16_t*, std::ptrdiff_t, std::ptrdiff_t,
                     std::uint8_t*) {}

bool has_avx2() { return false; }

#endif

}  // namespace

RowShrinker::RowShrinker(const Axis<std::int32_t>& columns, std::ptrdiff_t width)
    : outputs_(columns.outputs), table_(columns, 0, width) {
    const std::ptrdiff_t taps = table_.lanes / 3;
    if (!has_avx2() || taps % kGroup != 0) return;
    groups_ = taps / kGroup;
    halves_.assign(outputs_ * groups_ * 32, 0);
    for (std::ptrdiff_t x = 0; x < outputs_; ++x) {
        for (std::ptrdiff_t t = 0; t < taps; ++t) {
            const std::int32_t weight = table_.weights[x * table_.lanes + 3 * t];
            std::int16_t* target = halves_.data() + (x * groups_ + t / kGroup) * 32 + t % kGroup / 2 * 8 + t % 2;
            for (int c = 0; c < 3; ++c) {
                target[2 * c] = static_cast<std::int16_t>(weight >> kLowBits);
                target[16 + 2 * c] = static_cast<std::int16_t>(weight & ((1 << kLowBits) - 1));
            }
        }
    }
}

void RowShrinker::operator()(const std::uint8_t* row, std::ptrdiff_t readable, std::uint8_t* out) const {
    std::ptrdiff_t paired = 0;
    if (groups_ > 0) {  // a group's load must not leave the photo: the last outputs of its last row are summed plainly
        const std::ptrdiff_t reach = 3 * kGroup * (groups_ - 1) + kGroupRead;
        paired = std::upper_bound(table_.starts.begin(), table_.starts.end(), readable - reach) - table_.starts.begin();
        shrink_in_pairs(row, table_.starts.data(), halves_.data(), groups_, paired, out);
    }
    shrink_plainly(row, table_.starts.data(), table_.weights.data(), paired, outputs_, table_.lanes, out);
}

}  // namespace pp
