#include "multigrid.hpp"

#include <algorithm>
#include <utility>

#include "dispatch.hpp"
#include "smoother.hpp"
#include "sweep.hpp"

namespace pp {
namespace {

// The scaled operator's eigenvalues reach 2. The polynomial damps those above kLow; what lies below is left to the
// coarser grids. Degree 3 with this bound, and coarse weights times kSoftening (piecewise constant interpolation
// makes the coarse operator too stiff), gave the least work on photos: 11 to 18 cycles to 1e-4.
constexpr float kHigh = 2.0F, kLow = 0.07F;
constexpr int kDegree = 3;
constexpr float kSoftening = 0.8F;

// The polynomial's steps: next = keep x - back (the iterate before x) + add (r + weighted neighbours) / diagonal.
struct Steps {
    float keep[kDegree], back[kDegree], add[kDegree];
};

Steps chebyshev_steps() {
    const float centre = (kHigh + kLow) / 2, half = (kHigh - kLow) / 2, sigma = centre / half;
    Steps steps{{1 - 1 / centre}, {0}, {1 / centre}};
    float rho = 1 / sigma;
    for (int i = 1; i < kDegree; ++i) {
        const float next = 1 / (2 * sigma - rho);
        steps.back[i] = next * rho;
        steps.add[i] = 2 * next / half;
        steps.keep[i] = 1 + steps.back[i] - steps.add[i];
        rho = next;
    }
    return steps;
}

Stencil stencil(const Level& level, const Plane& x, int y) {
    return {x.row(y),         x.above(y),         x.below(y),     level.w_h.row(y),
            level.w_v.row(y), level.w_v.above(y), level.r.row(y), level.inverse_diagonal.row(y)};
}

PP_CLONES void spread_row(const float* coarse, int width, float* PP_RESTRICT fine) {
    for (int x = 0; x < width; ++x) {
        fine[2 * x] += coarse[x];
        fine[2 * x + 1] += coarse[x];
    }
}

PP_CLONES void invert_row(const float* mass, float rows, const float* right, const float* down, const float* up,
                          int width, float* PP_RESTRICT inverse) {
    for (int x = 0; x < width; ++x) inverse[x] = 1 / (rows * mass[x] + right[x] + right[x - 1] + down[x] + up[x]);
}

PP_CLONES void scale_row(const float* source, float factor, int width, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) out[x] = factor * source[x];
}

// The edges that leave each pair of cells to the right.
PP_CLONES void odd_edges_row(const float* upper, const float* lower, int pairs, float* PP_RESTRICT coarse) {
    for (int x = 0; x < pairs; ++x) coarse[x] = kSoftening * (upper[2 * x + 1] + lower[2 * x + 1]);
}

PP_CLONES void paired_edges_row(const float* fine, int width, float* PP_RESTRICT coarse) {
    for (int x = 0; x < width; ++x) coarse[x] = kSoftening * (fine[2 * x] + fine[2 * x + 1]);
}

// Row y of the step `i`, from x into `next`, which holds the iterate before x.
void step(const Level& level, const Plane& x, Plane& next, const Steps& steps, int i, int y) {
    step_row(stencil(level, x, y), steps.keep[i], steps.back[i], steps.add[i], level.width, next.row(y));
    next.wrap(y);
}

// The same for a step that has no iterate before x.
void first_step(const Level& level, const Plane& x, Plane& next, float keep, float add, int y) {
    first_step_row(stencil(level, x, y), keep, add, level.width, next.row(y));
    next.wrap(y);
}

// The coarser grid's right-hand side, row y, from the iterate in `other`. nothing: a row of zeros from column -1 on.
void restrict_pair(const Level& fine, Level& coarse, const float* nothing, int y) {
    const Plane &x = fine.other, &w_h = fine.w_h, &w_v = fine.w_v, &r = fine.r;
    const int upper = 2 * y, lower = std::min(upper + 1, fine.height - 1);
    const bool both = lower > upper;  // an odd height's last cell has one row
    const RowPair rows{x.above(upper),
                       x.row(upper),
                       x.row(lower),
                       x.below(lower),
                       w_h.row(upper),
                       both ? w_h.row(lower) : nothing,
                       w_v.above(upper),
                       w_v.row(lower),
                       r.row(upper),
                       both ? r.row(lower) : nothing,
                       fine.mass_rows[static_cast<std::size_t>(upper)],
                       both ? fine.mass_rows[static_cast<std::size_t>(lower)] : 0.0F};
    restrict_rows(rows, fine.mass_columns.data(), fine.width, coarse.r.row(y));
}

std::vector<float> pair_sums(const std::vector<float>& values) {
    std::vector<float> sums((values.size() + 1) / 2, 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) sums[i / 2] += values[i];
    return sums;
}

// An axis of one cell has no edges: the cell would be its own neighbour.
void clear_edges(Plane& weights, int y) { std::fill_n(weights.row(y), weights.width, 0.0F); }

// The next grid's row y of weights: the fine edges that cross between two cells, summed. Edges inside a cell vanish.
void coarsen_weights(const Level& fine, Level& coarse, const std::vector<float>& nothing, int y) {
    const float* upper = fine.w_h.row(2 * y);
    const float* lower = 2 * y + 1 < fine.height ? fine.w_h.row(2 * y + 1) : nothing.data();
    float* right = coarse.w_h.row(y);
    odd_edges_row(upper, lower, fine.width / 2, right);
    const int last = fine.width - 1;
    if (fine.width % 2 == 1) right[coarse.width - 1] = kSoftening * (upper[last] + lower[last]);
    paired_edges_row(fine.w_v.row(std::min(2 * y + 1, fine.height - 1)), coarse.width, coarse.w_v.row(y));
    if (coarse.width == 1) clear_edges(coarse.w_h, y);
    if (coarse.height == 1) clear_edges(coarse.w_v, y);
}

}  // namespace

Level::Level(int height, int width, Arena& arena)
    : height(height),
      width(width),
      mass_rows(static_cast<std::size_t>(height), 1.0F),
      mass_columns(static_cast<std::size_t>(width), 1.0F),
      w_h(height, width, arena),
      w_v(height, width, arena),
      inverse_diagonal(height, width, arena),
      r(height, width, arena),
      x(height, width, arena),
      other(height, width, arena) {}

std::size_t Multigrid::floats(int height, int width) {
    constexpr std::size_t kPlanes = 6;  // of a level
    std::size_t total = kPlanes * Arena::rounded(Plane::floats(height, width));
    while (height > 1 || width > 1) {
        height = (height + 1) / 2;
        width = (width + 1) / 2;
        total += kPlanes * Arena::rounded(Plane::floats(height, width));
    }
    return total;
}

Multigrid::Multigrid(const float* w_h, const float* w_v, int height, int width, float lam, Team& team, Arena& arena)
    : team_(team) {
    levels_.emplace_back(height, width, arena);
    team_.rows(height, grain_rows(width), [&](int first, int last) {
        for (int y = first; y < last; ++y) {
            const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(y) * width;
            scale_row(w_h + offset, width > 1 ? lam : 0.0F, width, finest().w_h.row(y));
            scale_row(w_v + offset, height > 1 ? lam : 0.0F, width, finest().w_v.row(y));
        }
    });
    prepare(finest());
    while (levels_.back().height > 1 || levels_.back().width > 1) {
        Level coarse((levels_.back().height + 1) / 2, (levels_.back().width + 1) / 2, arena);
        const Level& fine = levels_.back();
        coarse.mass_rows = pair_sums(fine.mass_rows);
        coarse.mass_columns = pair_sums(fine.mass_columns);
        const std::vector<float> nothing(static_cast<std::size_t>(fine.width) + 1, 0.0F);
        team_.rows(coarse.height, grain_rows(fine.width), [&](int first, int last) {
            for (int y = first; y < last; ++y) coarsen_weights(fine, coarse, nothing, y);
        });
        prepare(coarse);
        levels_.push_back(std::move(coarse));
    }
}

// Ghost columns of the weights, and the diagonal.
void Multigrid::prepare(Level& level) {
    team_.rows(level.height, grain_rows(level.width), [&](int first, int last) {
        for (int y = first; y < last; ++y) {
            level.w_h.wrap(y);
            level.w_v.row(y)[level.width] = 0;  // the missing half of an odd width's last cell
            invert_row(level.mass_columns.data(), level.mass_rows[static_cast<std::size_t>(y)], level.w_h.row(y),
                       level.w_v.row(y), level.w_v.above(y), level.width, level.inverse_diagonal.row(y));
        }
    });
}

void Multigrid::descend() {
    if (levels_.size() > 1) descend(finest(), levels_[1]);
}

void Multigrid::descend(const Stage& first, const Stage& second) {
    if (levels_.size() > 1) {
        descend(finest(), levels_[1], first, second);
    } else {
        first(0);
        second(0);
    }
}

void Multigrid::ascend(const Stage& after) {
    if (levels_.size() > 1) {
        cycle(1);
        ascend(finest(), levels_[1], after);
    } else {
        solve_one_cell();
        after(0);
    }
}

void Multigrid::cycle(std::size_t depth) {
    if (depth + 1 == levels_.size()) {
        solve_one_cell();
        return;
    }
    descend(levels_[depth], levels_[depth + 1]);
    cycle(depth + 1);
    ascend(levels_[depth], levels_[depth + 1]);
}

// The coarsest grid, where A is its mass.
void Multigrid::solve_one_cell() {
    Level& level = levels_.back();
    level.x.row(0)[0] = level.r.row(0)[0] * level.inverse_diagonal.row(0)[0];
    level.x.wrap(0);  // whose neighbours are read, with weights of zero: they must be numbers
}

// Smooths from zero, into `other`, and hands the residual to the coarser grid.
template <typename... Stages>
void Multigrid::descend(Level& level, Level& coarse, const Stages&... before) {
    static const Steps kSteps = chebyshev_steps();
    const auto start = [&](int y) {
        start_row(level.r.row(y), level.inverse_diagonal.row(y), kSteps.add[0], level.width, level.other.row(y));
        level.other.wrap(y);
    };
    const auto second = [&](int y) { first_step(level, level.other, level.x, kSteps.keep[1], kSteps.add[1], y); };
    const auto third = [&](int y) { step(level, level.x, level.other, kSteps, 2, y); };
    const auto wait = [](int) {};  // the next stage reads two rows up, one more than of the stage right before it
    const std::vector<float> nothing(static_cast<std::size_t>(level.width) + 1, 0.0F);
    const auto restricted = [&](int y) {
        if (y % 2 == 1 || y + 1 == level.height) restrict_pair(level, coarse, nothing.data() + 1, y / 2);
    };
    sweep(team_, level.height, grain_rows(level.width), before..., start, second, third, wait, restricted);
}

// Adds the coarser grid's correction to `other` and smooths again, into x.
template <typename... Stages>
void Multigrid::ascend(Level& level, const Level& coarse, const Stages&... after) {
    static const Steps kSteps = chebyshev_steps();
    const auto spread = [&](int y) {
        spread_row(coarse.x.row(y / 2), coarse.width, level.other.row(y));
        level.other.wrap(y);
    };
    const auto first = [&](int y) { first_step(level, level.other, level.x, kSteps.keep[0], kSteps.add[0], y); };
    const auto second = [&](int y) { step(level, level.x, level.other, kSteps, 1, y); };
    const auto third = [&](int y) { step(level, level.other, level.x, kSteps, 2, y); };
    sweep(team_, level.height, grain_rows(level.width), spread, first, second, third, after...);
}

}  // namespace pp
