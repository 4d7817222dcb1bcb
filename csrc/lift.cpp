// The change is never held: it is clip(R^T c) rounded to whole levels, so a few rows at a time are made from the small
// coefficients c, clipped against the photo, and either resized again (which corrects c) or stored.
#include "lift.hpp"

#include <algorithm>
#include <vector>

#include "gram.hpp"
#include "lift_rows.hpp"
#include "spread.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kGrain = 64;  // rows of the photo worth a thread
constexpr std::ptrdiff_t kRows = LiftGroup::kRows;

// What every sweep over the photo reads.
struct Problem {
    const PhotoView& photo;
    const Axis<float>& rows;
    const Axis<float>& columns;
    const Interleaved<float>& table;
    const RowSpreader& spread_row;
    const float* coefficients;  // outputs of rows x outputs of columns x 3
    LiftScale scale;

    std::ptrdiff_t samples() const { return 3 * (columns.end() - columns.first()); }
    std::ptrdiff_t stride() const { return 3 * columns.outputs; }
};

// A window that moves down some rows of the photo: the spread rows of the outputs that meet in the present ones, and
// their sums.
class RowWindow {
  public:
    explicit RowWindow(const Problem& problem)
        : problem_(problem),
          samples_(problem.samples()),
          capacity_(overlap(problem.rows, kRows)),
          row_(samples_),
          spread_(capacity_ * samples_),
          sums_(capacity_ * samples_) {}

    // Rows `first` to `end`, at most kRows of them.
    const LiftGroup& at(std::ptrdiff_t first, std::ptrdiff_t end) {
        const Axis<float>& rows = problem_.rows;
        const PhotoView& photo = problem_.photo;
        group_.rows = std::min(kRows, end - first);
        for (std::ptrdiff_t r = 0; r < kRows; ++r) {
            const std::ptrdiff_t row = first + std::min(r, group_.rows - 1);
            group_.photo[r] = photo.pixels + 3 * (row * photo.width + problem_.columns.first());
        }
        while (oldest_ < rows.outputs && rows.starts[oldest_] + rows.taps <= first) ++oldest_;
        next_ = std::max(next_, oldest_);
        for (; next_ < rows.outputs && rows.starts[next_] < first + group_.rows; ++next_) enter(next_);
        group_.spread.clear(), group_.sums.clear(), group_.weights.clear();
        for (std::ptrdiff_t output = oldest_; output < next_; ++output) {
            group_.spread.push_back(room_of(spread_, output));
            group_.sums.push_back(room_of(sums_, output));
            for (std::ptrdiff_t r = 0; r < kRows; ++r) {
                const std::ptrdiff_t tap = first + r - rows.starts[output];
                const bool reaches = r < group_.rows && tap >= 0 && tap < rows.taps;
                const float weight = reaches ? rows.weights[output * rows.taps + tap] : 0.0f;
                group_.weights.push_back(problem_.scale.weighed(weight));
            }
        }
        return group_;
    }

    // The change that an output reads, resized along the width only: valid until the next call.
    const float* sum(std::ptrdiff_t output) {
        to_levels(room_of(sums_, output), samples_, problem_.scale, row_.data());
        return row_.data();
    }

  private:
    template <typename T>
    T* room_of(std::vector<T>& ring, std::ptrdiff_t output) {
        return ring.data() + (output % capacity_) * samples_;
    }

    void enter(std::ptrdiff_t output) {
        const float* values = problem_.coefficients + output * problem_.stride();
        float* row = row_.data();
        problem_.spread_row(&values, 1, &row);
        to_integers(row_.data(), samples_, problem_.scale, room_of(spread_, output));
        std::fill_n(room_of(sums_, output), samples_, 0);
    }

    const Problem& problem_;
    std::ptrdiff_t samples_, capacity_, oldest_ = 0, next_ = 0;
    std::vector<float> row_;
    std::vector<std::int16_t> spread_;
    std::vector<std::int32_t> sums_;
    LiftGroup group_;
};

// Outputs first .. last - 1 of the resized change.
void resize_change(const Problem& problem, std::ptrdiff_t first, std::ptrdiff_t last, float* out) {
    const Axis<float>& rows = problem.rows;
    RowWindow window(problem);
    std::ptrdiff_t done = first;
    const auto finish = [&](std::ptrdiff_t until) {
        for (; done < last && rows.starts[done] + rows.taps <= until; ++done) {
            shrink_row(window.sum(done), problem.table, problem.columns.outputs, out + done * problem.stride());
        }
    };
    const std::ptrdiff_t end = rows.starts[last - 1] + rows.taps;
    for (std::ptrdiff_t r = rows.starts[first]; r < end; r += kRows) {
        finish(r);
        add_changes(window.at(r, end), problem.samples(), problem.scale);
    }
    finish(end);
}

void store_photo(const Problem& problem, std::ptrdiff_t first, std::ptrdiff_t last, std::uint8_t* out) {
    const std::ptrdiff_t width = 3 * problem.photo.width;
    const std::ptrdiff_t left = 3 * problem.columns.first(), right = left + problem.samples();
    RowWindow window(problem);
    for (std::ptrdiff_t r = first; r < last; r += kRows) {
        const LiftGroup& group = window.at(r, last);
        store_moved(group, problem.samples(), problem.scale, width, out + r * width + left);
        for (std::ptrdiff_t i = r; i < r + group.rows; ++i) {
            const std::uint8_t* source = problem.photo.pixels + i * width;
            std::copy(source, source + left, out + i * width);
            std::copy(source + right, source + width, out + i * width + right);
        }
    }
}

// Pixels of three values, in blocks of which both sides stay in the cache.
void transpose(const double* from, std::ptrdiff_t height, std::ptrdiff_t width, double* to) {
    constexpr std::ptrdiff_t kSide = 16;
    for (std::ptrdiff_t top = 0; top < height; top += kSide) {
        for (std::ptrdiff_t x = 0; x < width; ++x) {
            const std::ptrdiff_t bottom = std::min(height, top + kSide);
            for (std::ptrdiff_t y = top; y < bottom; ++y) {
                const double* source = from + 3 * (y * width + x);
                double* target = to + 3 * (x * height + y);
                target[0] = source[0], target[1] = source[1], target[2] = source[2];
            }
        }
    }
}

// Both axes' Gram matrices, and room to solve in.
class Solver {
  public:
    Solver(const Axis<float>& rows, const Axis<float>& columns)
        : rows_(rows, "rows"),
          columns_(columns, "columns"),
          height_(rows.outputs),
          width_(columns.outputs),
          values_(size()),
          turned_(size()) {}

    std::ptrdiff_t size() const { return 3 * height_ * width_; }

    // The solution of (row Gram) x (column Gram) = right, kept until the next call.
    const double* solve(const float* right) {
        std::copy_n(right, size(), values_.data());
        rows_.solve(values_.data(), 3 * width_);
        transpose(values_.data(), height_, width_, turned_.data());
        columns_.solve(turned_.data(), 3 * height_);
        transpose(turned_.data(), width_, height_, values_.data());
        return values_.data();
    }

  private:
    AxisGram rows_, columns_;
    std::ptrdiff_t height_, width_;
    std::vector<double> values_, turned_;
};

}  // namespace

void lift(const PhotoView& photo, const float* wanted, const Axis<float>& rows, const Axis<float>& columns,
          const Lifting& how, std::uint8_t* out) {
    Solver solver(rows, columns);
    const std::ptrdiff_t size = solver.size();
    const Interleaved<float> table(columns, columns.first(), columns.end() - columns.first());
    const RowSpreader spread_row(columns);
    std::vector<float> coefficients(size), arrived(size), missing(wanted, wanted + size);
    Team team(how.threads, static_cast<int>(photo.height), kGrain);
    for (int round = 0;; ++round) {
        const double* correction = solver.solve(missing.data());
        for (std::ptrdiff_t i = 0; i < size; ++i) coefficients[i] += static_cast<float>(correction[i]);
        const LiftScale scale(coefficients.data(), size, rows, columns, how.bound);
        const Problem problem{photo, rows, columns, table, spread_row, coefficients.data(), scale};
        if (round == how.rounds) {
            return team.rows(static_cast<int>(photo.height), kGrain,
                             [&](int first, int last) { store_photo(problem, first, last, out); });
        }
        team.rows(static_cast<int>(rows.outputs), 8,
                  [&](int first, int last) { resize_change(problem, first, last, arrived.data()); });
        for (std::ptrdiff_t i = 0; i < size; ++i) missing[i] = wanted[i] - arrived[i];
    }
}

}  // namespace pp
