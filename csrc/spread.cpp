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

// Each output's colours as a vector.
PP_CLONES void pad_colours(const float* values, std::ptrdiff_t outputs, float* PP_RESTRICT padded) {
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        for (std::ptrdiff_t j = 0; j < 3; ++j) padded[kPixel * x + j] = values[3 * x + j];
        padded[kPixel * x + 3] = 0.0f;
    }
}

// The sums of one pixel: its own output first, the others as they come. `weights` holds its own output's, then those of
// the outputs before it.
PP_INLINE Four sum_pixel(const float* own, const float* weights, std::ptrdiff_t depth) {
    Four sum = Four{} + weights[0] * load_four(own);
    for (std::ptrdiff_t k = depth - 1; k > 0; --k) sum = sum + weights[k] * load_four(own - k * kPixel);
    return sum;
}

// A pixel's fourth value is the next one's first, which is written later.
PP_INLINE void gather(const float* padded, const std::ptrdiff_t* own, const float* weights, std::ptrdiff_t depth,
                      std::ptrdiff_t pixels, float* PP_RESTRICT out) {
    const std::ptrdiff_t last = pixels - 1;
    for (std::ptrdiff_t x = 0; x < last; ++x) {
        store_four(sum_pixel(padded + kPixel * own[x], weights + x * depth, depth), out + 3 * x);
    }
    float sum[kPixel];
    store_four(sum_pixel(padded + kPixel * own[last], weights + last * depth, depth), sum);
    std::copy_n(sum, 3, out + 3 * last);
}

PP_CLONES void gather_pixels(const float* padded, const std::ptrdiff_t* own, const float* weights, std::ptrdiff_t depth,
                             std::ptrdiff_t pixels, float* out) {
    const bool few = as_constant<16>(
        depth, [&](auto known) PP_INLINED { gather(padded, own, weights, decltype(known)::value, pixels, out); });
    if (!few) gather(padded, own, weights, depth, pixels, out);
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

void RowSpreader::operator()(const float* values, float* out) const {
    if (narrow_) {
        const std::ptrdiff_t before = kPixel * (depth_ - 1);  // what stands before the first output weighs nothing
        const std::unique_ptr<float[]> padded(new float[before + kPixel * outputs_]);
        std::fill_n(padded.get(), before, 0.0f);
        pad_colours(values, outputs_, padded.get() + before);
        return gather_pixels(padded.get() + before, own_.data(), weights_.data(), depth_, pixels_, out);
    }
    const std::unique_ptr<float[]> patterns(new float[kLanes * outputs_]);
    repeat_colours(values, outputs_, patterns.get());
    spread_patterns(patterns.get(), starts_.data(), weights_.data(), outputs_, depth_, out);
}

}  // namespace pp
