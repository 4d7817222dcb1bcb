// The exposure ratio of largest entropy, by an exhaustive scan in the logarithm domain.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "dispatch.hpp"
#include "exposure.hpp"

namespace pp {
namespace {

constexpr int kEdges = 255;  // lower edges of the levels 1 ... 255

// The k's edges on the logarithm's axis, and the cells that they fall into.
PP_CLONES void place_edges(const double* levels, double shift, double gamma, double low, double scale, double last_cell,
                           double* PP_RESTRICT edges, int* PP_RESTRICT cells) {
    for (int j = 0; j < kEdges; ++j) {
        edges[j] = (levels[j] - shift) / gamma;
        const double cell = (edges[j] - low) * scale, positive = cell > 0 ? cell : 0;
        cells[j] = static_cast<int>(positive < last_cell ? positive : last_cell);
    }
}

// Counts of sorted samples below a value. The axis is cut into equal cells, several times more than there are samples;
// the place of a value in a cell is monotonic, so only the samples of its own cell need comparing, and most cells hold
// one value at most: two numbers to choose from, without a branch that would often be guessed wrong.
class Ranks {
  public:
    explicit Ranks(std::vector<double> ascending) : values_(std::move(ascending)), cells_(kCells + 1) {
        const auto finite = std::find_if(values_.begin(), values_.end(), [](double v) { return std::isfinite(v); });
        if (finite != values_.end()) low = *finite;
        if (finite != values_.end() && values_.back() > low) scale = (kCells - 1) / (values_.back() - low);
        for (const double value : values_) {
            Cell& own = cells_[static_cast<std::size_t>(cell(value))];
            if (own.after > 0 && own.value != value) own.several = 1;
            own.value = value;
            ++own.after;
        }
        for (std::size_t c = 0; c <= kCells; ++c) {
            cells_[c].before = c > 0 ? cells_[c - 1].after : 0;
            cells_[c].after += cells_[c].before;
        }
    }

    int count() const { return static_cast<int>(values_.size()); }

    int below(double value, int cell) const {
        const Cell& own = cells_[static_cast<std::size_t>(cell)];
        if (own.several == 0) return own.value < value ? own.after : own.before;
        const auto first = values_.begin() + own.before;
        return own.before + static_cast<int>(std::lower_bound(first, values_.begin() + own.after, value) - first);
    }

    static constexpr int kCells = 16384;
    double low = 0, scale = 0;

  private:
    struct Cell {
        double value = std::numeric_limits<double>::infinity();  // of the samples in it, where they are equal
        int before = 0, after = 0;                               // samples up to the cell, without and with its own
        int several = 0;                                         // 1: they differ
    };

    int cell(double value) const {
        if (!(value > low)) return 0;  // black's logarithm is minus infinity
        const double place = (value - low) * scale;
        return place < kCells - 1 ? static_cast<int>(place) : kCells - 1;  // an infinite sample's place is not a number
    }

    std::vector<double> values_;
    std::vector<Cell> cells_;
};

// count log2 count in units of 2^-32: an exact sum, whatever its order.
std::vector<std::int64_t> entropy_terms(int count) {
    std::vector<std::int64_t> terms(static_cast<std::size_t>(count) + 1, 0);
    for (int c = 1; c <= count; ++c) {
        const double term = c * std::log2(c);
        terms[static_cast<std::size_t>(c)] = static_cast<std::int64_t>(std::floor(term * 4294967296.0 + 0.5));
    }
    return terms;
}

}  // namespace

double best_exposure(const double* samples, int count, double a, double b, ExposureGrid grid) {
    std::vector<double> logs(samples, samples + count);
    for (double& value : logs) value = std::log(value);
    const Ranks ranks(std::move(logs));
    const std::vector<std::int64_t> terms = entropy_terms(count);
    std::array<double, kEdges> levels{}, edges{};
    std::array<int, kEdges> cells{};
    for (std::size_t j = 0; j < kEdges; ++j) levels[j] = std::log((static_cast<double>(j) + 0.5) / 255);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    double best = grid.first;
    for (int i = 0; i < grid.count; ++i) {
        const double k = grid.first + grid.step * i, gamma = std::pow(k, a);
        place_edges(levels.data(), b * (1 - gamma), gamma, ranks.low, ranks.scale, Ranks::kCells - 1, edges.data(),
                    cells.data());
        std::int64_t total = 0;
        int previous = 0;
        for (std::size_t j = 0; j < kEdges; ++j) {
            const int at = ranks.below(edges[j], cells[j]);
            total += terms[static_cast<std::size_t>(at - previous)];
            previous = at;
            if (at == count) break;  // the brighter levels are empty
        }
        total += terms[static_cast<std::size_t>(count - previous)];
        if (total < least) {
            least = total;
            best = k;
        }
    }
    return best;
}

}  // namespace pp
