#include "lift_rows.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace pp {
namespace {

constexpr std::ptrdiff_t kRows = LiftGroup::kRows;
constexpr std::ptrdiff_t kHalf = 4;     // of these, as many as the registers hold weights for
constexpr std::ptrdiff_t kBlock = 512;  // samples of a row whose changes stay in the first-level cache
constexpr float kWhole = 32768.0f;      // what a factor of 1 would be in `times`
constexpr float kHeaviest = 16384.0f;   // a power of two: equal weights, whose sums are often exact ties, stay exact
constexpr float kMaxSum = 32000.0f;     // of 16 bits; the rest is room for rounding
constexpr float kMinBits = 1.0f, kMaxBits = 12.0f;  // below a grey level

// Everything is a 16-bit fixed-point number, of which a vector holds twice the number of floats:
//
//   number          read as                                  set by
//   weight          row weight / LiftScale::weight           the heaviest one is kHeaviest
//   spread sample   sign, grey levels, `spread_bits` below   to_integers
//   requested       sign, grey levels, `spread_bits` below   times(weight, spread), added over the outputs
//   change          sign, grey levels, `change_bits` below   moved(...) - photo, in whole levels
//
// times() keeps the upper half of a product, so that a factor of kWhole would be 1. A block of changes lies as
//
//   changes[0 .. kBlock)         row 0 of the group: R0 G0 B0 R1 G1 B1 ...
//   changes[kBlock .. 2 kBlock)  row 1, the same samples

// a * b / 32768, rounded: one instruction for a whole vector.
PP_INLINE std::int16_t times(std::int16_t a, std::int16_t b) {
    return static_cast<std::int16_t>(((static_cast<std::int32_t>(a) * b >> 14) + 1) >> 1);
}

PP_INLINE std::int16_t plus(std::int16_t a, std::int16_t b) { return static_cast<std::int16_t>(a + b); }

// The maximum number of bits below 1 that leave `value` in 16 bits.
int bits(float value) {
    const float fit = value > 0.0f ? std::floor(std::log2(kMaxSum / value)) : kMaxBits;
    return static_cast<int>(std::min(std::max(fit, kMinBits), kMaxBits));
}

float largest_weight(const Axis<float>& axis) {
    float largest = 0.0f;
    for (std::ptrdiff_t i = 0; i < axis.outputs * axis.taps; ++i)
        largest = std::max(largest, std::abs(axis.weights[i]));
    return largest;
}

// The largest sum of one input's weights, signs left out: by what the axis' adjoint enlarges a value at most.
float largest_gain(const Axis<float>& axis) {
    std::vector<float> sums(static_cast<std::size_t>(axis.end()));
    for (std::ptrdiff_t i = 0; i < axis.outputs; ++i) {
        for (std::ptrdiff_t t = 0; t < axis.taps; ++t) {
            sums[axis.starts[i] + t] += std::abs(axis.weights[i * axis.taps + t]);
        }
    }
    return *std::max_element(sums.begin(), sums.end());
}

// changes[r][i] = the sum of weights[r] * spread rows, of `Count` of them and kHalf rows.
template <int Count>
PP_INLINE void change_by_few(const std::int16_t* const* spread, const std::int16_t* weights, std::ptrdiff_t begin,
                             std::ptrdiff_t length, std::int16_t* PP_RESTRICT changes) {
    const std::int16_t* rows[Count];
    std::int16_t factors[kHalf][Count];
    for (int k = 0; k < Count; ++k) {
        rows[k] = spread[k] + begin;
        for (std::ptrdiff_t r = 0; r < kHalf; ++r) factors[r][k] = weights[k * kRows + r];
    }
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        for (std::ptrdiff_t r = 0; r < kHalf; ++r) {
            std::int16_t sum = times(factors[r][0], rows[0][i]);
            for (int k = 1; k < Count; ++k) sum = plus(sum, times(factors[r][k], rows[k][i]));
            changes[r * kBlock + i] = sum;
        }
    }
}

// The same of any number of them.
PP_INLINE void change_by_many(const LiftGroup& group, std::ptrdiff_t first, std::ptrdiff_t begin, std::ptrdiff_t length,
                              std::int16_t* PP_RESTRICT changes) {
    std::fill_n(changes, kHalf * kBlock, std::int16_t{0});
    for (std::size_t k = 0; k < group.spread.size(); ++k) {
        const std::int16_t* row = group.spread[k] + begin;
        for (std::ptrdiff_t r = 0; r < kHalf; ++r) {
            const std::int16_t factor = group.weights[k * kRows + first + r];
            std::int16_t* sum = changes + r * kBlock;
            for (std::ptrdiff_t i = 0; i < length; ++i) sum[i] = plus(sum[i], times(factor, row[i]));
        }
    }
}

// The change that is requested for each sample of a block, kBlock apart from row to row.
PP_INLINE void requested(const LiftGroup& group, std::ptrdiff_t begin, std::ptrdiff_t length, std::int16_t* changes) {
    for (std::ptrdiff_t r = 0; r < kRows; r += kHalf) {
        const std::int16_t* weights = group.weights.data() + r;
        std::int16_t* target = changes + r * kBlock;
        const bool few = as_constant<5>(static_cast<std::ptrdiff_t>(group.spread.size()), [&](auto count) PP_INLINED {
            change_by_few<count>(group.spread.data(), weights, begin, length, target);
        });
        if (!few) change_by_many(group, r, begin, length, target);
    }
}

// A sample after the requested change, rounded to whole levels and cut to the bound and to 0..255. `level` is the
// factor that brings a request to grey levels.
PP_INLINE std::int16_t moved(std::uint8_t sample, std::int16_t request, std::int16_t level, std::int16_t bound) {
    const std::int16_t change = times(request, level), lowest = static_cast<std::int16_t>(-bound);
    const std::int16_t near = plus(sample, std::min(std::max(change, lowest), bound));
    return std::min(std::max(near, std::int16_t{0}), std::int16_t{255});
}

}  // namespace

LiftScale::LiftScale(const float* coefficients, std::ptrdiff_t size, const Axis<float>& rows,
                     const Axis<float>& columns, int bound)
    : bound(static_cast<std::int16_t>(bound)) {
    float coefficient = 0.0f;
    for (std::ptrdiff_t i = 0; i < size; ++i) coefficient = std::max(coefficient, std::abs(coefficients[i]));
    const float heaviest = largest_weight(rows), widest = kWhole / kHeaviest * heaviest;
    const float down = std::max(largest_gain(rows), widest);
    weight = heaviest / kHeaviest;
    const float request = coefficient * largest_gain(columns);
    spread_bits = bits(request * down);
    change_bits = bits(kRows * std::min(static_cast<float>(bound), request * largest_gain(rows) + 1.0f));
    largest = kMaxSum * widest / down;
}

std::int16_t LiftScale::weighed(float row_weight) const {
    return static_cast<std::int16_t>(std::lround(row_weight / weight));
}

float LiftScale::spread() const { return std::ldexp(kWhole * weight, spread_bits); }

float LiftScale::sum() const { return std::ldexp(kWhole * weight, -change_bits); }

PP_CLONES void add_changes(const LiftGroup& group, std::ptrdiff_t samples, const LiftScale& scale) {
    std::int16_t changes[kRows * kBlock];
    const auto level = static_cast<std::int16_t>(32768 >> scale.spread_bits);
    const auto unit = static_cast<std::int16_t>(1 << scale.change_bits);
    for (std::ptrdiff_t begin = 0; begin < samples; begin += kBlock) {
        const std::ptrdiff_t length = std::min(kBlock, samples - begin);
        requested(group, begin, length, changes);
        for (std::ptrdiff_t r = 0; r < kRows; ++r) {
            const std::uint8_t* photo = group.photo[r] + begin;
            std::int16_t* row = changes + r * kBlock;
            for (std::ptrdiff_t i = 0; i < length; ++i) {
                const auto change = static_cast<std::int16_t>(moved(photo[i], row[i], level, scale.bound) - photo[i]);
                row[i] = static_cast<std::int16_t>(change * unit);
            }
        }
        for (std::size_t k = 0; k < group.sums.size(); ++k) {
            const std::int16_t* w = group.weights.data() + k * kRows;
            std::int32_t* PP_RESTRICT sum = group.sums[k] + begin;
            for (std::ptrdiff_t i = 0; i < length; ++i) {
                std::int16_t share = times(w[0], changes[i]);
                for (std::ptrdiff_t r = 1; r < kRows; ++r) share = plus(share, times(w[r], changes[r * kBlock + i]));
                sum[i] += share;
            }
        }
    }
}

PP_CLONES void store_moved(const LiftGroup& group, std::ptrdiff_t samples, const LiftScale& scale,
                           std::ptrdiff_t stride, std::uint8_t* out) {
    std::int16_t changes[kRows * kBlock];
    const auto level = static_cast<std::int16_t>(32768 >> scale.spread_bits);
    for (std::ptrdiff_t begin = 0; begin < samples; begin += kBlock) {
        const std::ptrdiff_t length = std::min(kBlock, samples - begin);
        requested(group, begin, length, changes);
        for (std::ptrdiff_t r = 0; r < group.rows; ++r) {
            const std::uint8_t* photo = group.photo[r] + begin;
            const std::int16_t* row = changes + r * kBlock;
            std::uint8_t* PP_RESTRICT target = out + r * stride + begin;
            for (std::ptrdiff_t i = 0; i < length; ++i) {
                target[i] = static_cast<std::uint8_t>(moved(photo[i], row[i], level, scale.bound));
            }
        }
    }
}

PP_CLONES void to_integers(const float* row, std::ptrdiff_t samples, const LiftScale& scale,
                           std::int16_t* PP_RESTRICT out) {
    const float unit = scale.spread(), largest = scale.largest;
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const float value = std::max(-largest, std::min(row[i] * unit, largest));
        out[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(value + (kWhole + 0.5f)) - 32768);
    }
}

PP_CLONES void to_levels(const std::int32_t* sums, std::ptrdiff_t samples, const LiftScale& scale,
                         float* PP_RESTRICT out) {
    const float unit = scale.sum();
    for (std::ptrdiff_t i = 0; i < samples; ++i) out[i] = static_cast<float>(sums[i]) * unit;
}

}  // namespace pp
