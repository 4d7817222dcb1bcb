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

// The sum of value(0) ... value(width - 1).
template <typename Value>
PP_INLINE double sum_in_lanes(int width, const Value& value) {
    constexpr int kLanes = 64;  // four vectors: enough that additions need not wait for each other
    float lanes[kLanes] = {};
    int start = 0;
    for (; start + kLanes <= width; start += kLanes) {
        for (int i = 0; i < kLanes; ++i) lanes[i] += value(start + i);
    }
    for (int i = 0; start + i < width; ++i) lanes[i] += value(start + i);
    double sums[kLanes];
    for (int i = 0; i < kLanes; ++i) sums[i] = static_cast<double>(lanes[i]);
    return sum_by_halves<kLanes>(sums);
}

}  // namespace

PP_CLONES double dot(const float* a, const float* b, int width) {
    return sum_in_lanes(width, [&](int i) PP_INLINED { return a[i] * b[i]; });
}

PP_CLONES double energy(const float* x, const float* below, const float* right, const float* down, int width) {
    return sum_in_lanes(width, [&](int i) PP_INLINED {
        const float across = x[i] - x[i + 1], along = x[i] - below[i];
        return x[i] * x[i] + (right[i] * (across * across) + down[i] * (along * along));
    });
}

}  // namespace pp
