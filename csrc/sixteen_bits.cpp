#include "sixteen_bits.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"

// GCC alone knows these names of __builtin_cpu_supports everywhere.
#if PP_HAS_LEVELS && PP_HIGHEST >= 3
#define PP_HAS_F16C 1
#include <immintrin.h>
#else
#define PP_HAS_F16C 0
#endif

namespace pp {

namespace {

PP_INLINE std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// No selection that a compiler could make a branch of, and signed comparisons alone: loops of it are vector loops on
// every processor.
PP_INLINE std::uint16_t fp16(float value) {
    constexpr std::int32_t kNormal = 0x38800000, kInfinity = 0x7c00;  // 2^-14 as a float, infinity as fp16
    const std::uint32_t bits = bits_of(value);
    const auto size = static_cast<std::int32_t>(bits & 0x7fffffffu);
    float magnitude;
    std::memcpy(&magnitude, &size, sizeof magnitude);
    // Half the unit in the last place is added, less one where the last place is even.
    const std::int32_t normal = (size - (112 << 23) + 0xfff + (size >> 13 & 1)) >> 13;
    // Beside 1/2 a float's last place is that of the smallest fp16 number: the addition rounds.
    const auto tiny = static_cast<std::int32_t>(bits_of(magnitude + 0.5f) - bits_of(0.5f));
    const std::int32_t is_tiny = (size - kNormal) >> 31;
    const std::int32_t rounded = (tiny & is_tiny) | (std::min(normal, kInfinity) & ~is_tiny);
    return static_cast<std::uint16_t>(rounded | static_cast<std::int32_t>(bits >> 16 & 0x8000u));
}

PP_INLINE std::uint16_t bf16(float value) {
    const std::uint32_t bits = bits_of(value);
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

PP_CLONES void fp16_portable(const float* PP_RESTRICT values, int count, std::uint16_t* PP_RESTRICT bits) {
    for (int i = 0; i < count; ++i) bits[i] = fp16(values[i]);
}

#if PP_HAS_F16C

// Compilers before GCC 14 have no vector loop with this instruction.
__attribute__((target("avx,f16c"))) void fp16_by_instruction(const float* values, int count, std::uint16_t* bits) {
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i eight = _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(bits + i), eight);
    }
    for (; i < count; ++i) bits[i] = _cvtss_sh(values[i], _MM_FROUND_TO_NEAREST_INT);
}

const bool kHasF16c = __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c");

#else

constexpr bool kHasF16c = false;
void fp16_by_instruction(const float*, int, std::uint16_t*) {}

#endif

}  // namespace

void to_fp16(const float* values, int count, std::uint16_t* bits) {
    if (kHasF16c) {
        fp16_by_instruction(values, count, bits);
    } else {
        fp16_portable(values, count, bits);
    }
}

PP_CLONES void to_bf16(const float* PP_RESTRICT values, int count, std::uint16_t* PP_RESTRICT bits) {
    for (int i = 0; i < count; ++i) bits[i] = bf16(values[i]);
}

}  // namespace pp
