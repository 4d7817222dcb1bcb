// The change is never held: it is clip(R^T c) rounded to whole levels, so a few rows at a time are made from the small
// coefficients c, clipped against the photo, and either resized again (which corrects c) or stored.
#include "lift.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "dispatch.hpp"
#include "gram.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kGrain = 64;  // rows of the photo worth a thread
constexpr int kMost = 8;  // outputs that share a row: when reducing at most 4 (bilinear) and 7 (bicubic, padded tables)

// The spread rows that meet in one row of the photo, and where that row's change is added up for each of them.
struct Meeting {
    int count = 0;
    const float* rows[kMost];
    float weights[kMost];
    float* sums[kMost];
};

// A sample after its change: sum of weights * rows, cut to the bound and to 0..255, rounded.
template <int Count>
PP_INLINE std::int32_t moved(const float* const* rows, const float* weights, std::uint8_t sample, std::ptrdiff_t i,
                             float bound) {
    float change = weights[0] * rows[0][i];
    for (int k = 1; k < Count; ++k) change += weights[k] * rows[k][i];
    const float near = static_cast<float>(sample) + std::min(std::max(change, -bound), bound);
    return static_cast<std::int32_t>(std::min(std::max(near, 0.0f), 255.0f) + 0.5f);
}

template <int Count>
PP_INLINE void add_row(const Meeting& meeting, const std::uint8_t* photo, std::ptrdiff_t samples, float bound) {
    const float* rows[Count];
    float weights[Count];
    float* sums[Count];
    for (int k = 0; k < Count; ++k) {
        rows[k] = meeting.rows[k], weights[k] = meeting.weights[k], sums[k] = meeting.sums[k];
    }
    PP_INDEPENDENT
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const auto change = static_cast<float>(moved<Count>(rows, weights, photo[i], i, bound) - photo[i]);
        for (int k = 0; k < Count; ++k) sums[k][i] += weights[k] * change;
    }
}

template <int Count>
PP_INLINE void store_row(const Meeting& meeting, const std::uint8_t* photo, std::ptrdiff_t samples, float bound,
                         std::uint8_t* out) {
    const float* rows[Count];
    float weights[Count];
    for (int k = 0; k < Count; ++k) rows[k] = meeting.rows[k], weights[k] = meeting.weights[k];
    PP_INDEPENDENT
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        out[i] = static_cast<std::uint8_t>(moved<Count>(rows, weights, photo[i], i, bound));
    }
}

PP_CLONES void add_change(const Meeting& meeting, const std::uint8_t* photo, std::ptrdiff_t samples, float bound) {
    switch (meeting.count) {
        case 1:
            return add_row<1>(meeting, photo, samples, bound);
        case 2:
            return add_row<2>(meeting, photo, samples, bound);
        case 3:
            return add_row<3>(meeting, photo, samples, bound);
        case 4:
            return add_row<4>(meeting, photo, samples, bound);
        case 5:
            return add_row<5>(meeting, photo, samples, bound);
        case 6:
            return add_row<6>(meeting, photo, samples, bound);
        case 7:
            return add_row<7>(meeting, photo, samples, bound);
        default:
            return add_row<8>(meeting, photo, samples, bound);
    }
}

PP_CLONES void store_change(const Meeting& meeting, const std::uint8_t* photo, std::ptrdiff_t samples, float bound,
                            std::uint8_t* out) {
    switch (meeting.count) {
        case 1:
            return store_row<1>(meeting, photo, samples, bound, out);
        case 2:
            return store_row<2>(meeting, photo, samples, bound, out);
        case 3:
            return store_row<3>(meeting, photo, samples, bound, out);
        case 4:
            return store_row<4>(meeting, photo, samples, bound, out);
        case 5:
            return store_row<5>(meeting, photo, samples, bound, out);
        case 6:
            return store_row<6>(meeting, photo, samples, bound, out);
        case 7:
            return store_row<7>(meeting, photo, samples, bound, out);
        default:
            return store_row<8>(meeting, photo, samples, bound, out);
    }
}

// Which outputs read a row, for rows in rising order.
class Window {
  public:
    explicit Window(const Axis<float>& axis) : axis_(axis) {}

    // Moves on to row `index`; afterwards outputs first .. end - 1 read it.
    void advance(std::ptrdiff_t index) {
        while (first < axis_.outputs && axis_.starts[first] + axis_.taps <= index) ++first;
        end = std::max(first, end);
        while (end < axis_.outputs && axis_.starts[end] <= index) ++end;
    }

    float weight(std::ptrdiff_t output, std::ptrdiff_t index) const {
        return axis_.weights[output * axis_.taps + index - axis_.starts[output]];
    }

    std::ptrdiff_t first = 0;
    std::ptrdiff_t end = 0;

  private:
    const Axis<float>& axis_;
};

// What every pass over the photo reads.
struct Problem {
    const PhotoView& photo;
    const Axis<float>& rows;
    const Axis<float>& columns;
    const Interleaved<float>& table;
    const float* coefficients;  // outputs of rows x outputs of columns x 3
    float bound;

    std::ptrdiff_t samples() const { return 3 * (columns.end() - columns.first()); }
    std::ptrdiff_t stride() const { return 3 * columns.outputs; }
    std::ptrdiff_t corner(std::ptrdiff_t row) const { return 3 * (row * photo.width + columns.first()); }
};

// A walk down some rows of the photo: the spread rows of the outputs that meet in the present one.
class Walk {
  public:
    Walk(const Problem& problem, bool sums)
        : problem_(problem),
          window_(problem.rows),
          spread_(kMost * problem.samples()),
          sums_(sums ? kMost * problem.samples() : 0) {}

    // The outputs that read row `index`; none: count is 0.
    const Meeting& at(std::ptrdiff_t index) {
        const std::ptrdiff_t before = window_.end;
        window_.advance(index);
        for (std::ptrdiff_t o = std::max(before, window_.first); o < window_.end; ++o) enter(o);
        meeting_.count = static_cast<int>(window_.end - window_.first);
        for (int k = 0; k < meeting_.count; ++k) {
            const std::ptrdiff_t output = window_.first + k;
            meeting_.rows[k] = slot(spread_, output);
            meeting_.weights[k] = window_.weight(output, index);
            meeting_.sums[k] = sums_.empty() ? nullptr : slot(sums_, output);
        }
        return meeting_;
    }

    const float* sum(std::ptrdiff_t output) { return slot(sums_, output); }

  private:
    float* slot(std::vector<float>& ring, std::ptrdiff_t output) {
        return ring.data() + (output % kMost) * problem_.samples();
    }

    void enter(std::ptrdiff_t output) {
        spread_row(problem_.coefficients + output * problem_.stride(), problem_.table, problem_.columns.outputs,
                   problem_.samples(), slot(spread_, output));
        if (!sums_.empty()) std::fill_n(slot(sums_, output), problem_.samples(), 0.0f);
    }

    const Problem& problem_;
    Window window_;
    std::vector<float> spread_;
    std::vector<float> sums_;
    Meeting meeting_;
};

// Outputs first .. last - 1 of the resized change, whichever thread computes them: each sums its rows from the top.
void resize_change(const Problem& problem, std::ptrdiff_t first, std::ptrdiff_t last, float* out) {
    const Axis<float>& rows = problem.rows;
    Walk walk(problem, true);
    std::ptrdiff_t done = first;
    const auto finish = [&](std::ptrdiff_t until) {
        for (; done < last && rows.starts[done] + rows.taps <= until; ++done) {
            shrink_row(walk.sum(done), problem.table, problem.columns.outputs, out + done * problem.stride());
        }
    };
    const std::ptrdiff_t end = rows.starts[last - 1] + rows.taps;
    for (std::ptrdiff_t r = rows.starts[first]; r < end; ++r) {
        finish(r);
        const Meeting& meeting = walk.at(r);
        if (meeting.count > 0) {
            add_change(meeting, problem.photo.pixels + problem.corner(r), problem.samples(), problem.bound);
        }
    }
    finish(end);
}

void store_photo(const Problem& problem, std::ptrdiff_t first, std::ptrdiff_t last, std::uint8_t* out) {
    const std::ptrdiff_t width = 3 * problem.photo.width;
    const std::ptrdiff_t left = 3 * problem.columns.first();
    const std::ptrdiff_t right = left + problem.samples();
    Walk walk(problem, false);
    for (std::ptrdiff_t r = first; r < last; ++r) {
        const std::uint8_t* source = problem.photo.pixels + r * width;
        std::uint8_t* target = out + r * width;
        const Meeting& meeting = walk.at(r);
        if (meeting.count == 0) {
            std::copy(source, source + width, target);
            continue;
        }
        std::copy(source, source + left, target);
        store_change(meeting, source + left, problem.samples(), problem.bound, target + left);
        std::copy(source + right, source + width, target + right);
    }
}

void transpose(const double* from, std::ptrdiff_t height, std::ptrdiff_t width, double* to) {
    for (std::ptrdiff_t y = 0; y < height; ++y) {
        for (std::ptrdiff_t x = 0; x < width; ++x)
            std::copy_n(from + 3 * (y * width + x), 3, to + 3 * (x * height + y));
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

void least_norm(const float* wanted, const Axis<float>& rows, const Axis<float>& columns, float* out) {
    Solver solver(rows, columns);
    const double* solution = solver.solve(wanted);
    std::transform(solution, solution + solver.size(), out, [](double value) { return static_cast<float>(value); });
}

void lift(const PhotoView& photo, const float* wanted, const Axis<float>& rows, const Axis<float>& columns,
          const Lifting& how, std::uint8_t* out) {
    if (overlap(rows) > kMost) throw std::domain_error("rows: only an axis that is reduced can be lifted");
    Solver solver(rows, columns);
    const std::ptrdiff_t size = solver.size();
    const Interleaved<float> table(columns, columns.first(), columns.end() - columns.first());
    std::vector<float> coefficients(size), arrived(size), missing(wanted, wanted + size);
    const Problem problem{photo, rows, columns, table, coefficients.data(), static_cast<float>(how.bound)};
    Team team(how.threads, static_cast<int>(photo.height), kGrain);
    for (int round = 0;; ++round) {
        const double* correction = solver.solve(missing.data());
        for (std::ptrdiff_t i = 0; i < size; ++i) coefficients[i] += static_cast<float>(correction[i]);
        if (round == how.rounds) break;
        team.rows(static_cast<int>(rows.outputs), 8,
                  [&](int first, int last) { resize_change(problem, first, last, arrived.data()); });
        for (std::ptrdiff_t i = 0; i < size; ++i) missing[i] = wanted[i] - arrived[i];
    }
    team.rows(static_cast<int>(photo.height), kGrain,
              [&](int first, int last) { store_photo(problem, first, last, out); });
}

}  // namespace pp
