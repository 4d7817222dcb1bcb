#include "spread.hpp"

#include <algorithm>
#include <memory>

#include "dispatch.hpp"
#include "four.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kLanes = 24;  // eight pixels: whole vectors, and a multiple of three colours
constexpr std::ptrdiff_t kPixel = 4;   // one pixel as a vector: three colours and nothing
constexpr std::ptrdiff_t kNarrow = 4;  // pixels an output from which on whole blocks are faster than single pixels

// Each value three colours wide, kLanes long.
PP_CLONES void repeat_colours(const float* values, std::ptrdiff_t outputs, float* PP_RESTRICT patterns) {
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        const float r = values[3 * x], g = values[3 * x + 1], b = values[3 * x + 2];
        float* pattern = patterns + x * kLanes;
        for (std::ptrdiff_t j = 0; j < kLanes; j += 3) {
            pattern[j] = r;
            pattern[j + 1] = g;
            pattern[j + 2] = b;
        }
    }
}

// Where a block stands: the pattern of its own output, behind those of `earlier` others, and the first of its weights,
// whose rows are `stride` apart. The output k before its own gives to it by the k-th row.
struct Place {
    const float* pattern;
    std::ptrdiff_t earlier;
    const float* weights;
    std::ptrdiff_t stride;

    const float* before(std::ptrdiff_t k) const { return pattern - std::min(k, earlier) * kLanes; }
};

// Its own output first, the others as they come.
template <int Depth>
PP_INLINE void weigh_few(const Place& place, std::ptrdiff_t length, float* PP_RESTRICT out) {
    const float *patterns[Depth], *weights[Depth];
    for (int k = 0; k < Depth; ++k) patterns[k] = place.before(k), weights[k] = place.weights + k * place.stride;
    for (std::ptrdiff_t j = 0; j < length; ++j) {
        float sum = 0.0f + weights[0][j] * patterns[0][j];
        for (int k = Depth - 1; k > 0; --k) sum += weights[k][j] * patterns[k][j];
        out[j] = sum;
    }
}

// The same for any number of outputs.
PP_INLINE void weigh_many(const Place& place, std::ptrdiff_t depth, std::ptrdiff_t length, float* PP_RESTRICT out) {
    weigh_few<1>(place, length, out);
    for (std::ptrdiff_t k = depth - 1; k > 0; --k) {
        const float *pattern = place.before(k), *weights = place.weights + k * place.stride;
        for (std::ptrdiff_t j = 0; j < length; ++j) out[j] += weights[j] * pattern[j];
    }
}

// Segments from one output's start to the next one's. Whole blocks run on into the next segment, which is written
// later.
template <typename Weigh>
PP_INLINE void each_block(const float* patterns, const std::ptrdiff_t* starts, const float* weights,
                          std::ptrdiff_t outputs, float* out, const Weigh& weigh) {
    const std::ptrdiff_t samples = starts[outputs];
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        std::ptrdiff_t i = starts[x];
        const std::ptrdiff_t end = starts[x + 1], whole = std::min(end, samples - kLanes + 1);
        Place place{patterns + x * kLanes, x, weights, samples};
        for (; i < whole; i += kLanes) place.weights = weights + i, weigh(place, kLanes, out + i);
        for (; i < end; i += kLanes) place.weights = weights + i, weigh(place, std::min(kLanes, samples - i), out + i);
    }
}

PP_CLONES void spread_patterns(const float* patterns, const std::ptrdiff_t* starts, const float* weights,
                               std::ptrdiff_t outputs, std::ptrdiff_t depth, float* out) {
    const bool few = as_constant<4>(depth, [&](auto count) PP_INLINED {
        each_block(patterns, starts, weights, outputs, out,
                   [](const Place& place, std::ptrdiff_t length, float* target)
                       PP_INLINED { weigh_few<decltype(count)::value>(place, length, target); });
    });
    if (few) return;
    each_block(patterns, starts, weights, outputs, out,
               [&](const Place& place, std::ptrdiff_t length, float* target)
                   PP_INLINED { weigh_many(place, depth, length, target); });
}

// Each output's colours as a vector, the rows' one behind the other. The fourth value is any.
template <int Rows>
PP_INLINE void pad_rows(const float* const* values, std::ptrdiff_t outputs, float* PP_RESTRICT padded) {
    const std::ptrdiff_t last = outputs - 1;
    for (int r = 0; r < Rows; ++r) {
        float* row = padded + r * kPixel;
        for (std::ptrdiff_t x = 0; x < last; ++x) store_four(load_four(values[r] + 3 * x), row + x * Rows * kPixel);
        for (int j = 0; j < kPixel; ++j) row[last * Rows * kPixel + j] = values[r][3 * last + std::min(j, 2)];
    }
}

// The sums of one pixel in all rows: its own output first, the others as they come. `weights` holds its own output's,
// then those of the outputs before it.
template <int Rows>
PP_INLINE void sum_pixel(const float* own, const float* weights, std::ptrdiff_t depth, Four* sums) {
    for (int r = 0; r < Rows; ++r) sums[r] = Four{} + weights[0] * load_four(own + r * kPixel);
    for (std::ptrdiff_t k = depth - 1; k > 0; --k) {
        const float* other = own - k * Rows * kPixel;
        for (int r = 0; r < Rows; ++r) sums[r] = sums[r] + weights[k] * load_four(other + r * kPixel);
    }
}

// A pixel's fourth value is the next one's first, which is written later.
template <int Rows>
PP_INLINE void gather(const float* padded, const std::ptrdiff_t* own, const float* weights, std::ptrdiff_t depth,
                      std::ptrdiff_t pixels, float* const* out) {
    const std::ptrdiff_t last = pixels - 1;
    Four sums[Rows];
    for (std::ptrdiff_t x = 0; x < last; ++x) {
        sum_pixel<Rows>(padded + Rows * kPixel * own[x], weights + x * depth, depth, sums);
        for (int r = 0; r < Rows; ++r) store_four(sums[r], out[r] + 3 * x);
    }
    sum_pixel<Rows>(padded + Rows * kPixel * own[last], weights + last * depth, depth, sums);
    for (int r = 0; r < Rows; ++r) {
        float values[kPixel];
        store_four(sums[r], values);
        std::copy_n(values, 3, out[r] + 3 * last);
    }
}

template <int Rows>
PP_INLINE void gather_rows(const float* const* values, std::ptrdiff_t outputs, const std::ptrdiff_t* own,
                           const float* weights, std::ptrdiff_t depth, std::ptrdiff_t pixels, float* padded,
                           float* const* out) {
    pad_rows<Rows>(values, outputs, padded);
    const bool few = as_constant<12>(
        depth, [&](auto known) PP_INLINED { gather<Rows>(padded, own, weights, decltype(known)::value, pixels, out); });
    if (!few) gather<Rows>(padded, own, weights, depth, pixels, out);
}

PP_CLONES void gather_one(const float* const* values, std::ptrdiff_t outputs, const std::ptrdiff_t* own,
                          const float* weights, std::ptrdiff_t depth, std::ptrdiff_t pixels, float* padded,
                          float* const* out) {
    gather_rows<1>(values, outputs, own, weights, depth, pixels, padded, out);
}

PP_CLONES void gather_all(const float* const* values, std::ptrdiff_t outputs, const std::ptrdiff_t* own,
                          const float* weights, std::ptrdiff_t depth, std::ptrdiff_t pixels, float* padded,
                          float* const* out) {
    gather_rows<RowSpreader::kTogether>(values, outputs, own, weights, depth, pixels, padded, out);
}

}  // namespace

RowSpreader::RowSpreader(const Axis<float>& axis)
    : outputs_(axis.outputs),
      pixels_(axis.end() - axis.first()),
      narrow_(pixels_ < kNarrow * outputs_),
      starts_(axis.outputs + 1, 3 * pixels_),
      own_(pixels_) {
    for (std::ptrdiff_t x = 0; x < axis.outputs; ++x) starts_[x] = 3 * (axis.starts[x] - axis.first());
    for (std::ptrdiff_t x = 0; x < axis.outputs; ++x) {
        std::fill(own_.begin() + starts_[x] / 3, own_.begin() + starts_[x + 1] / 3, x);
    }
    const auto each = [&](const auto& visit) {
        for (std::ptrdiff_t x = 0; x < axis.outputs; ++x) {
            for (std::ptrdiff_t t = 0; t < axis.taps; ++t) {
                const std::ptrdiff_t pixel = starts_[x] / 3 + t;
                const float weight = axis.weights[x * axis.taps + t];  // tables are padded with taps of no weight
                if (weight != 0.0f) visit(own_[pixel] - x, pixel, weight);
            }
        }
    };
    each([&](std::ptrdiff_t k, std::ptrdiff_t, float) { depth_ = std::max(depth_, k + 1); });
    weights_.assign(depth_ * pixels_ * (narrow_ ? 1 : 3), 0.0f);
    if (narrow_) {
        each([&](std::ptrdiff_t k, std::ptrdiff_t i, float w) { weights_[i * depth_ + k] = w; });
    } else {
        each([&](std::ptrdiff_t k, std::ptrdiff_t i, float w) { std::fill_n(&weights_[3 * (k * pixels_ + i)], 3, w); });
    }
}

void RowSpreader::operator()(const float* const* values, std::ptrdiff_t count, float* const* out) const {
    if (narrow_) {
        const bool all = count == kTogether;
        const std::ptrdiff_t pixel = (all ? kTogether : 1) * kPixel;
        const std::ptrdiff_t before = pixel * (depth_ - 1);  // what stands before the first output weighs nothing
        const std::unique_ptr<float[]> padded(new float[before + pixel * outputs_]);
        std::fill_n(padded.get(), before, 0.0f);
        const auto gather = all ? gather_all : gather_one;
        for (std::ptrdiff_t r = 0; r < count; r += all ? kTogether : 1) {
            gather(values + r, outputs_, own_.data(), weights_.data(), depth_, pixels_, padded.get() + before, out + r);
        }
        return;
    }
    const std::unique_ptr<float[]> patterns(new float[kLanes * outputs_]);
    for (std::ptrdiff_t r = 0; r < count; ++r) {
        repeat_colours(values[r], outputs_, patterns.get());
        spread_patterns(patterns.get(), starts_.data(), weights_.data(), outputs_, depth_, out[r]);
    }
}

}  // namespace pp
