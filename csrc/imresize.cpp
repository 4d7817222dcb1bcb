#include "imresize.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace pp {
namespace {

// Keys' cubic with a = -0.5.
double cubic(double x) {
    x = std::fabs(x);
    if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x <= 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
}

struct Taps {
    int first;
    std::vector<double> weights;
};

// The normalised taps of target sample i, before mirroring.
Taps taps_of(int i, int source, int target) {
    const double scale = static_cast<double>(target) / source;
    const double stretch = std::max(1.0, 1 / scale);
    const double centre = (i + 0.5) / scale - 0.5;
    Taps taps{static_cast<int>(std::floor(centre - 2 * stretch)), {}};
    double sum = 0;
    for (int t = 0; t < static_cast<int>(std::ceil(4 * stretch)) + 2; ++t) {
        taps.weights.push_back(cubic((centre - (taps.first + t)) / stretch));
        sum += taps.weights.back();
    }
    for (double& weight : taps.weights) weight /= sum;
    return taps;
}

PP_CLONES void to_float(const double* PP_RESTRICT source, int count, float* PP_RESTRICT out) {
    for (int i = 0; i < count; ++i) out[i] = static_cast<float>(source[i]);
}

PP_CLONES void interleave(const float* PP_RESTRICT source, const float* const* even, const float* const* odd, int pairs,
                          float* PP_RESTRICT out) {
    const float *e0 = even[0], *e1 = even[1], *e2 = even[2], *e3 = even[3], *e4 = even[4];
    const float *o0 = odd[0], *o1 = odd[1], *o2 = odd[2], *o3 = odd[3], *o4 = odd[4];
    for (int i = 0; i < pairs; ++i) {
        const float a = source[i], b = source[i + 1], c = source[i + 2], d = source[i + 3], e = source[i + 4];
        out[2 * i] = a * e0[i] + b * e1[i] + c * e2[i] + d * e3[i] + e * e4[i];
        out[2 * i + 1] = a * o0[i] + b * o1[i] + c * o2[i] + d * o3[i] + e * o4[i];
    }
}

PP_CLONES void combine(const float* const* rows, const float* weights, int width, float* PP_RESTRICT out) {
    const float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4];
    const float wa = weights[0], wb = weights[1], wc = weights[2], wd = weights[3], we = weights[4];
    for (int x = 0; x < width; ++x) out[x] = a[x] * wa + b[x] * wb + c[x] * wc + d[x] * wd + e[x] * we;
}

}  // namespace

Axis::Axis(int source, int target) : span(0), first(static_cast<std::size_t>(target)) {
    const std::size_t count = static_cast<std::size_t>(target);
    std::vector<std::vector<double>> merged(count);
    for (int i = 0; i < target; ++i) {
        const Taps taps = taps_of(i, source, target);
        std::vector<int> at;
        for (std::size_t t = 0; t < taps.weights.size(); ++t)
            at.push_back(mirrored(taps.first + static_cast<int>(t), source));
        const auto [low, high] = std::minmax_element(at.begin(), at.end());
        std::vector<double>& row = merged[static_cast<std::size_t>(i)];
        row.assign(static_cast<std::size_t>(*high - *low + 1), 0.0);
        for (std::size_t t = 0; t < at.size(); ++t) row[static_cast<std::size_t>(at[t] - *low)] += taps.weights[t];
        first[static_cast<std::size_t>(i)] = *low;
        span = std::max(span, static_cast<int>(row.size()));
    }
    weights.assign(count * static_cast<std::size_t>(span), 0.0);
    for (std::size_t i = 0; i < count; ++i) {
        // Rows shorter than the span end with zero weights: move them to where these lie inside the source too.
        const int shift = std::max(0, first[i] + span - source);
        first[i] -= shift;
        std::copy(merged[i].begin(), merged[i].end(),
                  weights.begin() + static_cast<std::ptrdiff_t>(i * static_cast<std::size_t>(span)) + shift);
    }
}

Enlarger::Enlarger(const double* map, int height, int width)
    : map_(map),
      map_height_((height + 1) / 2),
      map_width_((width + 1) / 2),
      across_(phases(width)),
      down_(phases(height)),
      padded_(static_cast<std::size_t>(map_width_ + kTaps - 1)),
      out_(static_cast<std::size_t>(width)),
      ring_(2 * map_width_) {}

// Target samples 2 i and 2 i + 1 from source samples i - 2 ... i + 2: one weight a tap and a source sample.
std::array<Enlarger::Phase, 2> Enlarger::phases(int length) {
    const int source = (length + 1) / 2;
    std::array<Phase, 2> result;
    for (Phase& phase : result) phase.fill(std::vector<float>(static_cast<std::size_t>(source), 0.0F));
    for (int i = 0; i < length; ++i) {
        const Taps taps = taps_of(i, source, length);
        for (std::size_t t = 0; t < taps.weights.size(); ++t) {
            const int tap = taps.first + static_cast<int>(t) - (i / 2 - 2);
            if (tap < 0 || tap >= kTaps) continue;  // beyond the cubic's reach: weight 0
            result[static_cast<std::size_t>(i % 2)][static_cast<std::size_t>(tap)][static_cast<std::size_t>(i / 2)] =
                static_cast<float>(taps.weights[t]);
        }
    }
    return result;
}

void Enlarger::widen(int map_row, float* line) {
    const double* source = map_ + static_cast<std::size_t>(map_row) * static_cast<std::size_t>(map_width_);
    float* start = padded_.data() + 2;
    to_float(source, map_width_, start);
    for (const int x : {-2, -1, map_width_, map_width_ + 1})
        start[x] = static_cast<float>(source[mirrored(x, map_width_)]);
    const float *even[kTaps], *odd[kTaps];
    for (std::size_t t = 0; t < kTaps; ++t) {
        even[t] = across_[0][t].data();
        odd[t] = across_[1][t].data();
    }
    interleave(padded_.data(), even, odd, map_width_, line);
}

const float* Enlarger::row(int y) {
    const std::size_t centre = static_cast<std::size_t>(y / 2);
    const float* rows[kTaps];
    float weights[kTaps];
    for (int t = 0; t < kTaps; ++t) {
        const int source = mirrored(y / 2 - 2 + t, map_height_);
        rows[t] = ring_.get(source, [&](float* line) { widen(source, line); });
        weights[t] = down_[static_cast<std::size_t>(y % 2)][static_cast<std::size_t>(t)][centre];
    }
    combine(rows, weights, static_cast<int>(out_.size()), out_.data());
    return out_.data();
}

}  // namespace pp
