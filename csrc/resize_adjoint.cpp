#include "resize_adjoint.hpp"

#include <algorithm>

#include "dispatch.hpp"

namespace pp {

namespace {

// One row of the three planes, interleaved.
PP_CLONES void load_planes(const float* gradient, std::ptrdiff_t outputs, const Channels& channels,
                           std::ptrdiff_t plane, float* PP_RESTRICT row) {
    const float* sources[3];
    float gains[3];
    for (int c = 0; c < 3; ++c) {
        sources[channels.order[c]] = gradient + c * plane;
        gains[channels.order[c]] = channels.gain[c];
    }
    const float *PP_RESTRICT r = sources[0], *PP_RESTRICT g = sources[1], *PP_RESTRICT b = sources[2];
    const float gain_r = gains[0], gain_g = gains[1], gain_b = gains[2];
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {  // a pixel a visit, so that whole vectors are woven and stored
        row[3 * x] = r[x] * gain_r;
        row[3 * x + 1] = g[x] * gain_g;
        row[3 * x + 2] = b[x] * gain_b;
    }
}

// `Rows` rows of sums += `Count` rows by their weights (Count x kTogether).
template <std::ptrdiff_t Rows, int Count>
PP_INLINE void add_block(const float* const* met, const float* weights, std::ptrdiff_t samples, std::ptrdiff_t stride,
                         float* sums) {
    const float* rows[Count];
    float factors[Rows][Count];
    for (int k = 0; k < Count; ++k) {
        rows[k] = met[k];
        for (std::ptrdiff_t r = 0; r < Rows; ++r) factors[r][k] = weights[k * AdjointRows::kTogether + r];
    }
    PP_INDEPENDENT
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        for (std::ptrdiff_t r = 0; r < Rows; ++r) {
            float sum = factors[r][0] * rows[0][i];
            for (int k = 1; k < Count; ++k) sum += factors[r][k] * rows[k][i];
            sums[r * stride + i] += sum;
        }
    }
}

template <std::ptrdiff_t Rows>
PP_INLINE void add_met(const float* const* met, const float* weights, std::ptrdiff_t count, std::ptrdiff_t samples,
                       std::ptrdiff_t stride, float* sums) {
    for (; count > 4; count -= 4, met += 4, weights += 4 * AdjointRows::kTogether) {
        add_block<Rows, 4>(met, weights, samples, stride, sums);
    }
    as_constant<4>(count, [&](auto few) PP_INLINED { add_block<Rows, few>(met, weights, samples, stride, sums); });
}

PP_CLONES void add_to_one(const float* const* met, const float* weights, std::ptrdiff_t count, std::ptrdiff_t samples,
                          float* sums) {
    add_met<1>(met, weights, count, samples, 0, sums);
}

PP_CLONES void add_to_all(const float* const* met, const float* weights, std::ptrdiff_t count, std::ptrdiff_t samples,
                          std::ptrdiff_t stride, float* sums) {
    add_met<AdjointRows::kTogether>(met, weights, count, samples, stride, sums);
}

}  // namespace

AdjointRows::AdjointRows(const Gradient& gradient, const Axis<float>& rows, const Axis<float>& columns)
    : gradient_(gradient),
      rows_(rows),
      columns_(columns),
      samples_(3 * (columns.end() - columns.first())),
      direct_(copies(columns, 1.0f)),
      spread_rows_(columns),
      capacity_(overlap(rows, kTogether) + kTogether - 1),
      ring_(capacity_ * samples_),
      sum_(samples_),
      values_(gradient.channels == nullptr ? 0 : 3 * kTogether * columns.outputs) {}

void AdjointRows::spread(std::ptrdiff_t first, std::ptrdiff_t count) {
    const std::ptrdiff_t width = columns_.outputs;
    const float* rows[kTogether];
    float* targets[kTogether];
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        targets[i] = room_of(first + i);
        if (gradient_.channels == nullptr) {
            rows[i] = gradient_.values + 3 * (first + i) * width;
            if (direct_) std::copy_n(rows[i], 3 * width, targets[i]);
        } else {
            float* row = direct_ ? targets[i] : values_.data() + 3 * i * width;
            load_planes(gradient_.values + (first + i) * width, width, *gradient_.channels, rows_.outputs * width, row);
            rows[i] = row;
        }
    }
    if (!direct_) spread_rows_(rows, count, targets);
}

AdjointRows::Met AdjointRows::meet(std::ptrdiff_t first, std::ptrdiff_t count) {
    while (oldest_ < rows_.outputs && rows_.starts[oldest_] + rows_.taps <= first) ++oldest_;
    std::ptrdiff_t end = std::max(ready_, oldest_);
    while (end < rows_.outputs && rows_.starts[end] < first + count) {
        const std::ptrdiff_t next = std::min(kTogether, rows_.outputs - end);
        spread(end, next);
        end += next;
    }
    ready_ = end;
    met_.clear();
    weights_.clear();
    for (std::ptrdiff_t output = oldest_; output < end; ++output) {
        float weights[kTogether] = {};
        bool reaches = false;  // tables are padded with taps of no weight
        for (std::ptrdiff_t r = 0; r < count; ++r) {
            const std::ptrdiff_t tap = first + r - rows_.starts[output];
            if (tap >= 0 && tap < rows_.taps) weights[r] = rows_.weights[output * rows_.taps + tap];
            reaches = reaches || weights[r] != 0.0f;
        }
        if (!reaches) continue;
        met_.push_back(room_of(output));
        weights_.insert(weights_.end(), weights, weights + kTogether);
    }
    return {met_.data(), weights_.data(), static_cast<std::ptrdiff_t>(met_.size())};
}

const float* AdjointRows::row(std::ptrdiff_t index) {
    const Met met = meet(index, 1);
    if (met.count == 0) return nullptr;
    if (met.count == 1 && met.weights[0] == 1.0f) return met.rows[0];
    std::fill(sum_.begin(), sum_.end(), 0.0f);
    add_to_one(met.rows, met.weights, met.count, samples_, sum_.data());
    return sum_.data();
}

void AdjointRows::add_rows(std::ptrdiff_t first, std::ptrdiff_t count, std::ptrdiff_t stride, float* target) {
    if (count == kTogether) {
        const Met met = meet(first, count);
        return add_to_all(met.rows, met.weights, met.count, samples_, stride, target);
    }
    for (std::ptrdiff_t r = 0; r < count; ++r) {
        const Met met = meet(first + r, 1);
        add_to_one(met.rows, met.weights, met.count, samples_, target + r * stride);
    }
}

void resize_adjoint(const Gradient& gradient, const Axis<float>& rows, const Axis<float>& columns,
                    std::ptrdiff_t height, std::ptrdiff_t width, float* out) {
    AdjointRows adjoint(gradient, rows, columns);
    const std::ptrdiff_t stride = 3 * width;
    for (std::ptrdiff_t r = 0; r < height; r += AdjointRows::kTogether) {
        const std::ptrdiff_t count = std::min(AdjointRows::kTogether, height - r);
        adjoint.add_rows(r, count, stride, out + r * stride + 3 * adjoint.first_column());
    }
}

}  // namespace pp
