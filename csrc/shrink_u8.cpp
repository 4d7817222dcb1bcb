#include "shrink_u8.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && PP_HIGHEST >= 3
#define PP_X86_SUMS 1
#include <immintrin.h>
#else
#define PP_X86_SUMS 0
#endif

namespace pp {
namespace {

constexpr std::ptrdiff_t kLanes = 24;  // eight pixels: whole vectors, and a multiple of three colours
constexpr std::int32_t kHalf = 1 << (kFixedBits - 1);
constexpr std::ptrdiff_t kGroup = 8;  // pixels that one step of the vector loops takes, as two quads
constexpr std::ptrdiff_t kQuad = 12;  // samples of four pixels
constexpr std::ptrdiff_t kLoad = 16;  // samples that are loaded for them
constexpr int kLowBits = 11;          // of a weight in halves; the other one has the sign, and both fit 16 bits
constexpr std::ptrdiff_t kHalves = 64;
constexpr std::ptrdiff_t kDigits = 96;

// Where each output's window starts, in samples, and its split weights.
template <typename W>
struct Plan {
    const std::ptrdiff_t* starts;
    const W* weights;
    std::ptrdiff_t groups;
};

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

#if PP_X86_SUMS

// The sums of one pixel in `Rows` rows stand in places 0 to 2 of both halves of each. Its bytes go to out, `stride`
// apart, and one more where more pixels follow.
template <int Rows>
__attribute__((target("avx2"), always_inline)) inline void store_pixels(const __m256i* sums, bool more,
                                                                        std::ptrdiff_t stride, std::uint8_t* out) {
    __m128i levels[4];
    for (int r = 0; r < 4; ++r) {
        const __m256i both = sums[r < Rows ? r : 0];
        const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
        levels[r] = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kFixedBits);
    }
    alignas(16) std::int32_t colours[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(colours),
                    _mm_packus_epi16(_mm_packs_epi32(levels[0], levels[1]), _mm_packs_epi32(levels[2], levels[3])));
    for (int r = 0; r < Rows; ++r) {
        if (more) {
            std::memcpy(out + r * stride, colours + r, 4);
        } else {
            std::memcpy(out + r * stride, colours + r, 3);
        }
    }
}

// Bytes are put side by side by colour as 16-bit numbers, in pairs; one instruction (madd) sums a pair's two products
// with a half of its weights. A step takes four pixels 0 to 3:
//
//   loaded    R0 G0 B0 R1 G1 B1 R2 G2 B2 R3 G3 B3 .. .. .. ..     16 bytes, in both halves of a vector
//   shuffled  R0 R1 | G0 G1 | B0 B1 | -  -  || R2 R3 | G2 G3 | B2 B3 | -  -      16-bit numbers
//   madd      wR0+wR1 wG0+wG1 wB0+wB1 0     || wR2+wR3 wG2+wG3 wB2+wB3 0         32-bit sums
//
// The weights lie in the same order, twice: their upper halves (`upper`), then their lower kLowBits bits (`lower`).
template <int Rows>
__attribute__((target("avx2"))) void shrink_in_pairs(const std::uint8_t* rows, std::ptrdiff_t stride,
                                                     const Plan<std::int16_t>& plan, std::ptrdiff_t outputs,
                                                     std::ptrdiff_t out_stride, std::uint8_t* out) {
    const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  // pixels 0, 1
                                           6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        const std::uint8_t* samples = rows + plan.starts[x];
        const auto* weights = reinterpret_cast<const __m256i*>(plan.weights + x * plan.groups * kHalves);
        __m256i high[Rows], low[Rows], sums[Rows];
        for (int r = 0; r < Rows; ++r) high[r] = low[r] = _mm256_setzero_si256();
        for (std::ptrdiff_t quad = 0; quad < 2 * plan.groups; ++quad) {
            const __m256i upper = _mm256_loadu_si256(weights + 2 * quad);
            const __m256i lower = _mm256_loadu_si256(weights + 2 * quad + 1);
            for (int r = 0; r < Rows; ++r) {
                const auto* source = reinterpret_cast<const __m128i*>(samples + r * stride + kQuad * quad);
                const __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(source));
                const __m256i values = _mm256_shuffle_epi8(bytes, order);
                high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(values, upper));
                low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(values, lower));
            }
        }
        for (int r = 0; r < Rows; ++r) sums[r] = _mm256_add_epi32(_mm256_slli_epi32(high[r], kLowBits), low[r]);
        store_pixels<Rows>(sums, x + 1 < outputs, out_stride, out + 3 * x);
    }
}

// Bytes are put side by side by colour in fours; one instruction (dpbusd) adds a four's products with a digit of its
// weights. A step takes eight pixels 0 to 7:
//
//   loaded    R0 G0 B0 R1 .. B3 .. .. .. ..      || R4 G4 B4 R5 .. B7 .. .. .. ..      bytes
//   shuffled  R0 R1 R2 R3 | G0..G3 | B0..B3 | -  || R4 R5 R6 R7 | G4..G7 | B4..B7 | -  bytes
//   dpbusd    sum of R      sum of G  sum of B  0  || likewise                          32-bit sums
//
// The weights lie in the same order, once for each digit to base 256, the lowest first.
template <int Rows>
__attribute__((target("avx2,avx512f,avx512vl,avx512vnni"))) void shrink_in_quads(
    const std::uint8_t* rows, std::ptrdiff_t stride, const Plan<std::int8_t>& plan, std::ptrdiff_t outputs,
    std::ptrdiff_t out_stride, std::uint8_t* out) {
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        const std::uint8_t* samples = rows + plan.starts[x];
        const auto* weights = reinterpret_cast<const __m256i*>(plan.weights + x * plan.groups * kDigits);
        __m256i low[Rows], middle[Rows], high[Rows], sums[Rows];
        for (int r = 0; r < Rows; ++r) low[r] = middle[r] = high[r] = _mm256_setzero_si256();
        for (std::ptrdiff_t g = 0; g < plan.groups; ++g) {
            const __m256i lowest = _mm256_loadu_si256(weights + 3 * g);
            const __m256i second = _mm256_loadu_si256(weights + 3 * g + 1);
            const __m256i third = _mm256_loadu_si256(weights + 3 * g + 2);
            for (int r = 0; r < Rows; ++r) {
                const std::uint8_t* source = samples + r * stride + 2 * kQuad * g;
                const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source));
                const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + kQuad));
                const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(four), next, 1);
                const __m256i values = _mm256_shuffle_epi8(bytes, order);
                low[r] = _mm256_dpbusd_epi32(low[r], values, lowest);
                middle[r] = _mm256_dpbusd_epi32(middle[r], values, second);
                high[r] = _mm256_dpbusd_epi32(high[r], values, third);
            }
        }
        for (int r = 0; r < Rows; ++r) {
            const __m256i upper = _mm256_add_epi32(middle[r], _mm256_slli_epi32(high[r], 8));
            sums[r] = _mm256_add_epi32(low[r], _mm256_slli_epi32(upper, 8));
        }
        store_pixels<Rows>(sums, x + 1 < outputs, out_stride, out + 3 * x);
    }
}

#else

template <int Rows>
void shrink_in_pairs(const std::uint8_t*, std::ptrdiff_t, const Plan<std::int16_t>&, std::ptrdiff_t, std::ptrdiff_t,
                     std::uint8_t*) {}
template <int Rows>
void shrink_in_quads(const std::uint8_t*, std::ptrdiff_t, const Plan<std::int8_t>&, std::ptrdiff_t, std::ptrdiff_t,
                     std::uint8_t*) {}

#endif

}  // namespace

RowShrinker::Method RowShrinker::fastest() {
#if PP_X86_SUMS
    if (PP_HIGHEST >= 4 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl"))
        return Method::quads;
    if (__builtin_cpu_supports("avx2")) return Method::pairs;
#endif
    return Method::plain;
}

RowShrinker::RowShrinker(const Axis<std::int32_t>& columns, std::ptrdiff_t width)
    : outputs_(columns.outputs),
      width_(width),
      table_(columns, 0, width),
      method_(fastest()),
      groups_(table_.lanes / kLanes) {
    if (table_.lanes % kLanes != 0) method_ = Method::plain;
    if (method_ == Method::pairs) split_in_halves();
    if (method_ == Method::quads) split_in_digits();
}

void RowShrinker::split_in_halves() {
    halves_.assign(outputs_ * groups_ * kHalves, 0);
    for (std::ptrdiff_t x = 0; x < outputs_; ++x) {
        for (std::ptrdiff_t t = 0; t < kGroup * groups_; ++t) {
            const std::int32_t weight = table_.weights[x * table_.lanes + 3 * t];
            std::int16_t* target = halves_.data() + x * groups_ * kHalves + t / 4 * 32 + t % 4 / 2 * 8 + t % 2;
            for (int c = 0; c < 3; ++c) {
                target[2 * c] = static_cast<std::int16_t>(weight >> kLowBits);
                target[2 * c + 16] = static_cast<std::int16_t>(weight & ((1 << kLowBits) - 1));
            }
        }
    }
}

void RowShrinker::split_in_digits() {
    digits_.assign(outputs_ * groups_ * kDigits, 0);
    for (std::ptrdiff_t x = 0; x < outputs_; ++x) {
        for (std::ptrdiff_t t = 0; t < kGroup * groups_; ++t) {
            std::int32_t rest = table_.weights[x * table_.lanes + 3 * t];
            std::int8_t* target = digits_.data() + (x * groups_ + t / kGroup) * kDigits + t % kGroup / 4 * 16 + t % 4;
            for (int digit = 0; digit < 3; ++digit) {  // to base 256, from -128 to 127
                const auto value = static_cast<std::int8_t>(rest & 255);
                for (int c = 0; c < 3; ++c) target[32 * digit + 4 * c] = value;
                rest = (rest - value) / 256;
            }
        }
    }
}

template <int Rows>
void RowShrinker::shrink(const std::uint8_t* rows, std::ptrdiff_t stride, std::ptrdiff_t readable,
                         std::uint8_t* out) const {
    const std::ptrdiff_t* starts = table_.starts.data();
    const std::ptrdiff_t out_stride = 3 * outputs_;
    std::ptrdiff_t fast = 0;
    if (method_ !=
        Method::plain) {  // a load must not leave the photo: the last outputs of its last row are summed plainly
        const std::ptrdiff_t reach = kQuad * (2 * groups_ - 1) + kLoad;
        const std::ptrdiff_t last = readable - (Rows - 1) * stride - reach;
        fast = std::upper_bound(starts, starts + outputs_, last) - starts;
    }
    if (method_ == Method::pairs) {
        shrink_in_pairs<Rows>(rows, stride, {starts, halves_.data(), groups_}, fast, out_stride, out);
    } else if (method_ == Method::quads) {
        shrink_in_quads<Rows>(rows, stride, {starts, digits_.data(), groups_}, fast, out_stride, out);
    }
    for (int r = 0; r < Rows; ++r) {
        shrink_plainly(rows + r * stride, starts, table_.weights.data(), fast, outputs_, table_.lanes,
                       out + r * out_stride);
    }
}

void RowShrinker::operator()(const std::uint8_t* rows, std::ptrdiff_t count, std::ptrdiff_t readable,
                             std::uint8_t* out) const {
    const std::ptrdiff_t stride = 3 * width_;
    std::ptrdiff_t r = 0;
    for (; r + 4 <= count; r += 4) shrink<4>(rows + r * stride, stride, readable - r * stride, out + r * 3 * outputs_);
    for (; r < count; ++r) shrink<1>(rows + r * stride, stride, readable - r * stride, out + r * 3 * outputs_);
}

}  // namespace pp
