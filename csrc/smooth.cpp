#include "smooth.hpp"

#include <algorithm>
#include <vector>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr int kFew = 4;  // reaches that have loops of their own

template <int Reach>
PP_INLINE void weigh_few(const float* values, std::ptrdiff_t apart, const float* half, std::ptrdiff_t length,
                         float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        float sum = half[0] * values[i];
        for (int k = 1; k <= Reach; ++k) sum += half[k] * (values[i - k * apart] + values[i + k * apart]);
        out[i] = sum;
    }
}

// Sums of values `apart` from each other around each of `length` values; all of them must be there.
PP_CLONES void weigh(const float* values, std::ptrdiff_t apart, const float* half, std::ptrdiff_t reach,
                     std::ptrdiff_t length, float* PP_RESTRICT out) {
    const bool few = as_constant<kFew>(
        reach, [&](auto known) PP_INLINED { weigh_few<decltype(known)::value>(values, apart, half, length, out); });
    if (few) return;
    for (std::ptrdiff_t i = 0; i < length; ++i) out[i] = half[0] * values[i];
    for (std::ptrdiff_t k = 1; k <= reach; ++k) {
        const float *before = values - k * apart, *behind = values + k * apart;
        for (std::ptrdiff_t i = 0; i < length; ++i) out[i] += half[k] * (before[i] + behind[i]);
    }
}

}  // namespace

void smooth_planes(const float* planes, std::ptrdiff_t count, std::ptrdiff_t height, std::ptrdiff_t width,
                   const float* half, std::ptrdiff_t reach, float* out) {
    // Rows and columns of zeros around a plane: then every sum has all its values.
    const std::ptrdiff_t stride = width + 2 * reach;
    std::vector<float> framed((height + 2 * reach) * stride), row(stride);
    for (std::ptrdiff_t plane = 0; plane < count; ++plane) {
        const float* source = planes + plane * height * width;
        float* inner = framed.data() + reach * stride + reach;
        for (std::ptrdiff_t y = 0; y < height; ++y) std::copy_n(source + y * width, width, inner + y * stride);
        for (std::ptrdiff_t y = 0; y < height; ++y) {
            weigh(inner + y * stride, stride, half, reach, width, row.data() + reach);
            weigh(row.data() + reach, 1, half, reach, width, out + (plane * height + y) * width);
        }
    }
}

}  // namespace pp
