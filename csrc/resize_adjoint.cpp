// The transpose of a resize, row by row.
#include <algorithm>

#include "dispatch.hpp"
#include "resize.hpp"

namespace pp {

namespace {

// One row of the three planes, interleaved.
PP_CLONES void load_planes(const float* gradient, std::ptrdiff_t outputs, const Channels& channels,
                           std::ptrdiff_t plane, float* PP_RESTRICT row) {
    for (int c = 0; c < 3; ++c) {
        const float gain = channels.gain[c];
        const float* source = gradient + c * plane;
        float* target = row + channels.order[c];
        for (std::ptrdiff_t x = 0; x < outputs; ++x) target[3 * x] = source[x] * gain;
    }
}

PP_CLONES void add_one(const float* PP_RESTRICT a, float wa, std::ptrdiff_t samples, float* PP_RESTRICT sums) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) sums[i] += wa * a[i];
}

PP_CLONES void add_two(const float* PP_RESTRICT a, float wa, const float* PP_RESTRICT b, float wb,
                       std::ptrdiff_t samples, float* PP_RESTRICT sums) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) sums[i] += wa * a[i] + wb * b[i];
}

PP_CLONES void add_four(const float* const* rows, const float* weights, std::ptrdiff_t samples,
                        float* PP_RESTRICT sums) {
    const float *PP_RESTRICT a = rows[0], *PP_RESTRICT b = rows[1], *PP_RESTRICT c = rows[2], *PP_RESTRICT d = rows[3];
    const float wa = weights[0], wb = weights[1], wc = weights[2], wd = weights[3];
    for (std::ptrdiff_t i = 0; i < samples; ++i) sums[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
}

// sums += the rows by their weights, in as few visits as there are pairs and fours (bilinear: 2 rows, bicubic: 4).
void add_met(const std::vector<const float*>& rows, const std::vector<float>& weights, std::ptrdiff_t samples,
             float* sums) {
    std::size_t k = 0;
    for (; k + 4 <= rows.size(); k += 4) add_four(&rows[k], &weights[k], samples, sums);
    for (; k + 2 <= rows.size(); k += 2) add_two(rows[k], weights[k], rows[k + 1], weights[k + 1], samples, sums);
    if (k < rows.size()) add_one(rows[k], weights[k], samples, sums);
}

}  // namespace

AdjointRows::AdjointRows(const float* gradient, const Axis<float>& rows, const Axis<float>& columns,
                         const Channels& channels)
    : gradient_(gradient),
      rows_(rows),
      columns_(columns),
      channels_(channels),
      samples_(3 * (columns.end() - columns.first())),
      direct_(copies(columns, 1.0f)),
      table_(columns, columns.first(), samples_ / 3),
      capacity_(overlap(rows)),
      ring_(capacity_ * samples_),
      sum_(samples_),
      values_(3 * columns.outputs) {}

void AdjointRows::spread(std::ptrdiff_t output) {
    const std::ptrdiff_t plane = rows_.outputs * columns_.outputs;
    float* target = slot(output);
    load_planes(gradient_ + output * columns_.outputs, columns_.outputs, channels_, plane,
                direct_ ? target : values_.data());
    if (direct_) return;
    spread_row(values_.data(), table_, columns_.outputs, samples_, target);
}

void AdjointRows::meet(std::ptrdiff_t index) {
    while (oldest_ < rows_.outputs && rows_.starts[oldest_] + rows_.taps <= index) ++oldest_;
    std::ptrdiff_t end = std::max(ready_, oldest_);
    for (; end < rows_.outputs && rows_.starts[end] <= index; ++end) spread(end);
    ready_ = end;
    met_.clear();
    weights_.clear();
    for (std::ptrdiff_t output = oldest_; output < end; ++output) {
        const float weight = rows_.weights[output * rows_.taps + index - rows_.starts[output]];
        if (weight == 0.0f) continue;  // tables are padded with such taps
        met_.push_back(slot(output));
        weights_.push_back(weight);
    }
}

const float* AdjointRows::row(std::ptrdiff_t index) {
    meet(index);
    if (met_.empty()) return nullptr;
    if (met_.size() == 1 && weights_[0] == 1.0f) return met_[0];
    std::fill(sum_.begin(), sum_.end(), 0.0f);
    add_met(met_, weights_, samples_, sum_.data());
    return sum_.data();
}

void AdjointRows::add_row(std::ptrdiff_t index, float* target) {
    meet(index);
    add_met(met_, weights_, samples_, target);
}

void resize_adjoint(const float* gradient, const Axis<float>& rows, const Axis<float>& columns,
                    const Channels& channels, std::ptrdiff_t height, std::ptrdiff_t width, float* out) {
    AdjointRows adjoint(gradient, rows, columns, channels);
    for (std::ptrdiff_t r = 0; r < height; ++r) adjoint.add_row(r, out + 3 * (r * width + adjoint.first_column()));
}

}  // namespace pp
