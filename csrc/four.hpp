// Four floats that are loaded, computed with and stored together: a pixel and one value more.
#pragma once

#include <cstring>

#include "dispatch.hpp"

namespace pp {

#if defined(__GNUC__)
using Four = float __attribute__((vector_size(16)));
#else
struct Four {
    float values[4];
};
PP_INLINE Four operator+(const Four& a, const Four& b) {
    return {a.values[0] + b.values[0], a.values[1] + b.values[1], a.values[2] + b.values[2], a.values[3] + b.values[3]};
}
PP_INLINE Four operator*(float a, const Four& b) {
    return {a * b.values[0], a * b.values[1], a * b.values[2], a * b.values[3]};
}
#endif

PP_INLINE Four load_four(const float* values) {
    Four loaded;
    std::memcpy(&loaded, values, sizeof loaded);
    return loaded;
}

PP_INLINE void store_four(const Four& values, float* target) { std::memcpy(target, &values, sizeof values); }

}  // namespace pp
