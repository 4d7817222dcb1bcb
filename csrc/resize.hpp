// Separable antialiased resize from 8-bit pixels, and its adjoint. Definition: kernels/reference/resize.py.
//
// Photos are RGB interleaved, network tensors planar. Tables (kernels/filters.py) hold the same number of taps for
// every output, windows inside the photo, starts that never decrease.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pp {

template <typename W>
struct Axis {
    const std::int32_t* starts;
    const W* weights;  // outputs x taps
    std::ptrdiff_t outputs;
    std::ptrdiff_t taps;

    std::ptrdiff_t first() const { return starts[0]; }
    std::ptrdiff_t end() const { return starts[outputs - 1] + taps; }
};

// Whether the axis is only cropped: such a pass is skipped.
template <typename W>
bool copies(const Axis<W>& axis, W one) {
    bool same = axis.taps == 1;
    for (std::ptrdiff_t i = 0; same && i < axis.outputs; ++i) {
        same = axis.starts[i] == axis.starts[0] + i && axis.weights[i] == one;
    }
    return same;
}

struct PhotoView {
    const std::uint8_t* pixels;
    std::ptrdiff_t height;
    std::ptrdiff_t width;
};

// Input channel c is gain[c] * pixel[order[c]] + bias[c].
struct Channels {
    const std::int32_t* order;
    const float* gain;
    const float* bias;
};

// A column table for interleaved pixels: each weight three times, windows widened to whole vectors where the row is
// wide enough, so that a dot product is one contiguous loop.
template <typename W>
struct Interleaved {
    std::vector<std::ptrdiff_t> starts;  // in samples
    std::vector<W> weights;              // outputs x lanes
    std::ptrdiff_t lanes;

    Interleaved(const Axis<W>& axis, std::ptrdiff_t origin, std::ptrdiff_t width);
};

// The most outputs whose windows reach any one stretch of `length` pixels.
std::ptrdiff_t overlap(const Axis<float>& axis, std::ptrdiff_t length = 1);

// Passes along one row of interleaved samples: its resize, and the transpose of that (`samples` values from the
// table's origin on; overwritten).
void shrink_row(const float* row, const Interleaved<float>& table, std::ptrdiff_t outputs, float* out);
void spread_row(const float* values, const Interleaved<float>& table, std::ptrdiff_t outputs, std::ptrdiff_t samples,
                float* out);

void resize_u8(const PhotoView& photo, const Axis<std::int32_t>& rows, const Axis<std::int32_t>& columns, int threads,
               std::uint8_t* out);

void normalise(const std::uint8_t* pixels, std::ptrdiff_t count, const Channels& channels, float* out);

// The photo's gradient, one row after the other from the top: a few rows of memory, whatever the photo's size.
class AdjointRows {
  public:
    AdjointRows(const float* gradient, const Axis<float>& rows, const Axis<float>& columns, const Channels& channels);

    std::ptrdiff_t first_column() const { return columns_.first(); }
    std::ptrdiff_t samples() const { return samples_; }

    // 3 * (columns.end - columns.first) values, valid until the next call; null where no output reads the row.
    // Rows must be asked for in rising order.
    const float* row(std::ptrdiff_t index);

    // Adds rows first .. first + count - 1, at most kTogether of them, to target, whose rows are `stride` apart.
    void add_rows(std::ptrdiff_t first, std::ptrdiff_t count, std::ptrdiff_t stride, float* target);

    // The rows that reach `count` rows of the photo from `first` on, at most kTogether of them, each `samples()` values
    // from first_column() on, and their weights there: one row's after the other, kTogether of each, 0 where it does
    // not reach. Valid until the next call.
    struct Met {
        const float* const* rows;
        const float* weights;
        std::ptrdiff_t count;
    };
    Met meet(std::ptrdiff_t first, std::ptrdiff_t count);

    // Rows that are taken in one visit: they share the loads of the spread rows, which the first-level cache cannot
    // hold.
    static constexpr std::ptrdiff_t kTogether = 4;

  private:
    float* slot(std::ptrdiff_t output) { return ring_.data() + (output % capacity_) * samples_; }
    void spread(std::ptrdiff_t output);

    const float* gradient_;
    Axis<float> rows_;
    Axis<float> columns_;
    Channels channels_;
    std::ptrdiff_t samples_;
    bool direct_;  // columns are only cropped
    Interleaved<float> table_;
    std::ptrdiff_t capacity_;
    std::ptrdiff_t oldest_ = 0;      // first output whose window has not passed
    std::ptrdiff_t ready_ = 0;       // outputs spread so far
    std::vector<float> ring_;        // capacity x samples
    std::vector<const float*> met_;  // the spread rows that reach the present rows
    std::vector<float> weights_;     // met x kTogether
    std::vector<float> sum_;
    std::vector<float> values_;
};

void resize_adjoint(const float* gradient, const Axis<float>& rows, const Axis<float>& columns,
                    const Channels& channels, std::ptrdiff_t height, std::ptrdiff_t width, float* out);

}  // namespace pp
