// The transpose of a resize, row by row. Definition: kernels/reference/resize.py.
#pragma once

#include "spread.hpp"

namespace pp {

// What is pulled back: planes of a network's input, or, without channels, interleaved pixels.
struct Gradient {
    const float* values;
    const Channels* channels;
};

// The photo's gradient, one row after the other from the top: a few rows of memory, whatever the photo's size.
class AdjointRows {
  public:
    AdjointRows(const Gradient& gradient, const Axis<float>& rows, const Axis<float>& columns);

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
    static constexpr std::ptrdiff_t kTogether = RowSpreader::kTogether;

  private:
    float* room_of(std::ptrdiff_t output) { return ring_.data() + (output % capacity_) * samples_; }
    void spread(std::ptrdiff_t first, std::ptrdiff_t count);

    Gradient gradient_;
    Axis<float> rows_;
    Axis<float> columns_;
    std::ptrdiff_t samples_;
    bool direct_;  // columns are only cropped
    RowSpreader spread_rows_;
    std::ptrdiff_t capacity_;
    std::ptrdiff_t oldest_ = 0;      // first output whose window has not passed
    std::ptrdiff_t ready_ = 0;       // outputs spread so far
    std::vector<float> ring_;        // capacity x samples
    std::vector<const float*> met_;  // the spread rows that reach the present rows
    std::vector<float> weights_;     // met x kTogether
    std::vector<float> sum_;
    std::vector<float> values_;
};

void resize_adjoint(const Gradient& gradient, const Axis<float>& rows, const Axis<float>& columns,
                    std::ptrdiff_t height, std::ptrdiff_t width, float* out);

}  // namespace pp
