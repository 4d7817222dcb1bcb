// One of two values without a branch. GCC makes vectors of it on every level; of `?:` it does not where it sees that
// one of the values need not be computed.
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch.hpp"

namespace pp {

// `value` where `condition` holds, else 0.
PP_INLINE float kept(bool condition, float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits &= 0u - static_cast<std::uint32_t>(condition);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// `one` where `condition` holds, else `other`.
PP_INLINE float chosen(bool condition, float one, float other) {
    std::uint32_t bits, others;
    std::memcpy(&bits, &one, sizeof bits);
    std::memcpy(&others, &other, sizeof others);
    others ^= (bits ^ others) & (0u - static_cast<std::uint32_t>(condition));
    std::memcpy(&other, &others, sizeof other);
    return other;
}

}  // namespace pp
