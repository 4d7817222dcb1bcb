#include "ssimulacra2_rows.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr double kSigma = 1.5;

// The value, or 0 for a negative one; exact. (With std::max GCC does not make vectors of AVX2 of the loop.)
PP_INLINE float positive(float value) { return 0.5f * (value + std::fabs(value)); }

// The sum of 2 Half values, by pairs, so that no addition waits for another.
template <int Half>
PP_INLINE float folded(float* values) {
    for (int i = 0; i < Half; ++i) values[i] += values[i + Half];
    if constexpr (Half > 1) {
        return folded<Half / 2>(values);
    } else {
        return values[0];
    }
}

}  // namespace

Taps gaussian_taps() {
    double sum = 0;
    std::array<double, kRadius + 1> weight;
    for (int k = 0; k <= kRadius; ++k) {
        weight[k] = std::exp(-0.5 * k * k / (kSigma * kSigma));
        sum += k == 0 ? weight[k] : 2 * weight[k];
    }
    Taps taps;
    for (int k = 0; k <= kRadius; ++k) taps[k] = static_cast<float>(weight[k] / sum);
    return taps;
}

PP_CLONES void compared(const float* PP_RESTRICT a, float* PP_RESTRICT b, std::ptrdiff_t count,
                        float* PP_RESTRICT square, float* PP_RESTRICT power) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float difference = b[i] - a[i];
        power[i] = a[i] * a[i] + b[i] * b[i];
        square[i] = difference * difference;
        b[i] = difference;
    }
}

PP_CLONES void blurred_down(const float* const* rows, const Taps& taps, std::ptrdiff_t count, float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float sum = taps[0] * rows[kRadius][i];
        for (int k = 1; k <= kRadius; ++k) sum += taps[k] * (rows[kRadius - k][i] + rows[kRadius + k][i]);
        out[i] = sum;
    }
}

PP_CLONES void blurred_pair_down(const float* const* rows, const Taps& taps, std::ptrdiff_t count,
                                 float* PP_RESTRICT upper, float* PP_RESTRICT lower) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float first = taps[0] * rows[kRadius][i], second = taps[0] * rows[kRadius + 1][i];
        for (int k = 1; k <= kRadius; ++k) {
            first += taps[k] * (rows[kRadius - k][i] + rows[kRadius + k][i]);
            second += taps[k] * (rows[kRadius + 1 - k][i] + rows[kRadius + 1 + k][i]);
        }
        upper[i] = first;
        lower[i] = second;
    }
}

PP_CLONES void blurred_across(const float* PP_RESTRICT row, const Taps& taps, std::ptrdiff_t count,
                              float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        float sum = taps[0] * row[i];
        for (int k = 1; k <= kRadius; ++k) sum += taps[k] * (row[i - k] + row[i + k]);
        out[i] = sum;
    }
}

// 1 - (1 - d^2) (2 covariance + c) / (variances + c), where d is the difference of the means, and twice the covariance
// is the variances less the difference's variance.
PP_CLONES void structures(const float* PP_RESTRICT mean, const float* PP_RESTRICT difference,
                          const float* PP_RESTRICT square, const float* PP_RESTRICT power, std::ptrdiff_t count,
                          float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float other = mean[i] + difference[i], means = difference[i] * difference[i];
        const float whole = power[i] - (mean[i] * mean[i] + other * other) + kC2, changed = square[i] - means;
        out[i] = std::max(0.0f, (changed + means * (whole - changed)) / whole);
    }
}

// (1 + |b - mean of b|) / (1 + |a - mean of a|) - 1: positive where edges are new, negative where they are lost.
PP_CLONES void edges(const float* PP_RESTRICT mean, const float* PP_RESTRICT difference, const float* PP_RESTRICT a,
                     const float* PP_RESTRICT change, std::ptrdiff_t count, float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float before = a[i] - mean[i], after = before + (change[i] - difference[i]);
        out[i] = (std::fabs(after) - std::fabs(before)) / (1 + std::fabs(before));
    }
}

PP_CLONES void add_powers(const float* values, float sign, double* first, double* fourth) {
    float plain[kTile / 2], powers[kTile / 2];
    for (int i = 0; i < kTile / 2; ++i) {
        const float one = positive(sign * values[i]), two = positive(sign * values[i + kTile / 2]);
        plain[i] = one + two;
        powers[i] = (one * one) * (one * one) + (two * two) * (two * two);
    }
    *first += folded<kTile / 4>(plain);
    *fourth += folded<kTile / 4>(powers);
}

}  // namespace pp
