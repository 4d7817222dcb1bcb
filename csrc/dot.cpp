#include "dot.hpp"

#include <cstddef>

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

constexpr int kLanes = 64;  // four vectors: enough that additions need not wait for each other

PP_INLINE double sum_of_lanes(const float* lanes) {
    double sums[kLanes];
    for (int i = 0; i < kLanes; ++i) sums[i] = static_cast<double>(lanes[i]);
    return sum_by_halves<kLanes>(sums);
}

// Calls add(x, lane) for every x in [0, width).
template <typename Add>
PP_INLINE void in_lanes(int width, const Add& add) {
    std::ptrdiff_t start = 0;
    for (; start + kLanes <= width; start += kLanes) {
        for (int i = 0; i < kLanes; ++i) add(start + i, i);
    }
    for (int i = 0; start + i < width; ++i) add(start + i, i);
}

}  // namespace

PP_CLONES double dot(const float* a, const float* b, int width) {
    float lanes[kLanes] = {};
    in_lanes(width, [&](std::ptrdiff_t x, int lane) PP_INLINED { lanes[lane] += a[x] * b[x]; });
    return sum_of_lanes(lanes);
}

PP_CLONES Moments moments(const float* r, const float* x, const float* below, const float* right, const float* down,
                          int width) {
    float products[kLanes] = {}, energies[kLanes] = {};
    in_lanes(width, [&](std::ptrdiff_t i, int lane) PP_INLINED {
        const float here = x[i], across = here - x[i + 1], along = here - below[i];
        products[lane] += r[i] * here;
        energies[lane] += here * here + (right[i] * (across * across) + down[i] * (along * along));
    });
    return {sum_of_lanes(products), sum_of_lanes(energies)};
}

}  // namespace pp
