#include "gram.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "dispatch.hpp"

namespace pp {
namespace {

// A pivot below this share of its diagonal entry is rounding noise: single-precision weights carry seven digits.
constexpr double kLeastPivot = 1e-6;

PP_CLONES void subtract_scaled(const double* PP_RESTRICT source, double factor, std::ptrdiff_t count,
                               double* PP_RESTRICT target) {
    for (std::ptrdiff_t i = 0; i < count; ++i) target[i] -= factor * source[i];
}

PP_CLONES void scale(double factor, std::ptrdiff_t count, double* values) {
    for (std::ptrdiff_t i = 0; i < count; ++i) values[i] *= factor;
}

}  // namespace

AxisGram::AxisGram(const Axis<float>& axis, const char* name)
    : size_(axis.outputs), band_(overlap(axis) - 1), factor_(size_ * (band_ + 1), 0.0) {
    assemble(axis);
    for (std::ptrdiff_t i = 0; i < size_; ++i) {
        double* own = factor_.data() + i * (band_ + 1);
        const double diagonal = own[0];
        for (std::ptrdiff_t k = std::min(band_, i); k >= 1; --k) {
            const double* other = row(i - k);
            for (std::ptrdiff_t m = k + 1; m <= std::min(band_, i); ++m) own[k] -= own[m] * other[m - k];
            own[k] *= other[0];
            own[0] -= own[k] * own[k];
        }
        if (!(own[0] > kLeastPivot * diagonal)) {
            throw std::domain_error(std::string(name) + ": output " + std::to_string(i) +
                                    " depends on the ones before it; only an axis that is reduced can be lifted");
        }
        own[0] = 1.0 / std::sqrt(own[0]);
    }
}

void AxisGram::assemble(const Axis<float>& axis) {
    for (std::ptrdiff_t i = 0; i < size_; ++i) {
        for (std::ptrdiff_t k = 0; k <= std::min(band_, i); ++k) {
            const std::ptrdiff_t shift = std::min<std::ptrdiff_t>(axis.starts[i] - axis.starts[i - k], axis.taps);
            const float* mine = axis.weights + i * axis.taps;
            const float* other = axis.weights + (i - k) * axis.taps + shift;
            double sum = 0.0;
            for (std::ptrdiff_t t = 0; t + shift < axis.taps; ++t) sum += double(mine[t]) * double(other[t]);
            factor_[i * (band_ + 1) + k] = sum;
        }
    }
}

void AxisGram::solve(double* values, std::ptrdiff_t count) const {
    for (std::ptrdiff_t i = 0; i < size_; ++i) {
        double* target = values + i * count;
        for (std::ptrdiff_t k = 1; k <= std::min(band_, i); ++k) {
            subtract_scaled(target - k * count, row(i)[k], count, target);
        }
        scale(row(i)[0], count, target);
    }
    for (std::ptrdiff_t i = size_ - 1; i >= 0; --i) {
        double* target = values + i * count;
        for (std::ptrdiff_t k = 1; k <= std::min(band_, size_ - 1 - i); ++k) {
            subtract_scaled(target + k * count, row(i + k)[k], count, target);
        }
        scale(row(i)[0], count, target);
    }
}

}  // namespace pp
