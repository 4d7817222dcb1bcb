#include "dot.hpp"

#include "dispatch.hpp"

namespace pp {
namespace {

// The sum of `count` values by halves, all steps known to the compiler: one addition after the other would take longer
// than a short row's products.
template <int count>
PP_INLINE double sum_by_halves(const double* values) {
    double halves[count / 2];
    for (int i = 0; i < count / 2; ++i) halves[i] = values[i] + values[i + count / 2];
    return sum_by_halves<count / 2>(halves);
}

template <>
PP_INLINE double sum_by_halves<1>(const double* values) {
    return values[0];
}

}  // namespace

PP_CLONES double dot(const float* a, const float* b, int width) {
    constexpr int kLanes = 64;  // four vectors: enough that additions need not wait for each other
    float lanes[kLanes] = {};
    for (; width >= kLanes; width -= kLanes, a += kLanes, b += kLanes) {
        for (int i = 0; i < kLanes; ++i) lanes[i] += a[i] * b[i];
    }
    for (int i = 0; i < width; ++i) lanes[i] += a[i] * b[i];
    double sums[kLanes];
    for (int i = 0; i < kLanes; ++i) sums[i] = static_cast<double>(lanes[i]);
    return sum_by_halves<kLanes>(sums);
}

}  // namespace pp
