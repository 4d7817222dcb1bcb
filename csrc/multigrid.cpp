#include "multigrid.hpp"

#include <algorithm>
#include <utility>

#include "dispatch.hpp"
#include "dot.hpp"
#include "smoother.hpp"
#include "sweep.hpp"

namespace pp {
namespace {

// The scaled operator's eigenvalues reach 2. The polynomial damps those above kLow; what lies below is left to the
// coarser grids. Degree 3 with this bound, and coarse weights times kSoftening (piecewise constant interpolation
// makes the coarse operator too stiff), gave the least work on photos: 12 to 14 cycles to 1e-4.
constexpr float kHigh = 2.0F, kLow = 0.1F;
constexpr int kDegree = 3;
constexpr float kSoftening = 0.8F;

// The polynomial's steps: d = add * scaled residual + keep * the last d.
struct Steps {
    float keep[kDegree], add[kDegree];
};

Steps chebyshev_steps() {
    const float centre = (kHigh + kLow) / 2, half = (kHigh - kLow) / 2, sigma = centre / half;
    Steps steps{{0}, {1 / centre}};
    float rho = 1 / sigma;
    for (int i = 1; i < kDegree; ++i) {
        const float next = 1 / (2 * sigma - rho);
        steps.keep[i] = next * rho;
        steps.add[i] = 2 * next / half;
        rho = next;
    }
    return steps;
}

Stencil stencil(const Level& level, const Plane& d, int y) {
    return {d.row(y),
            d.above(y),
            d.below(y),
            level.w_h.row(y),
            level.w_v.row(y),
            level.w_v.above(y),
            level.inverse_diagonal.row(y)};
}

PP_CLONES void pair_row(const float* upper, const float* lower, int width, float* PP_RESTRICT coarse) {
    for (int x = 0; x < width; ++x) coarse[x] = (upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]);
}

PP_CLONES void spread_row(const float* coarse, int width, float* PP_RESTRICT d) {
    for (int x = 0; x < width; ++x) {
        d[2 * x] = coarse[x];
        d[2 * x + 1] = coarse[x];
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

void step(Level& level, const Plane& d, Plane& next, float keep, float add, int y) {
    step_row(stencil(level, d, y), keep, add, level.width, level.scaled.row(y), next.row(y), level.x.row(y));
    next.wrap(y);
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
      scaled(height, width, arena),
      d(height, width, arena),
      d_next(height, width, arena) {}

std::size_t Multigrid::floats(int height, int width) {
    constexpr std::size_t kPlanes = 8;  // of a level
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

void Multigrid::cycle(std::vector<double>& products) {
    Level& level = finest();
    const auto multiply = [&](int y) {
        products[static_cast<std::size_t>(y)] = dot(level.r.row(y), level.x.row(y), level.width);
    };
    if (levels_.size() == 1) {
        cycle(0);
        multiply(0);
        return;
    }
    descend(level, levels_[1]);
    cycle(1);
    ascend(level, levels_[1], multiply);
}

void Multigrid::cycle(std::size_t depth) {
    Level& level = levels_[depth];
    if (depth + 1 == levels_.size()) {  // one cell: A is its mass
        level.x.row(0)[0] = level.r.row(0)[0] * level.inverse_diagonal.row(0)[0];
        return;
    }
    descend(level, levels_[depth + 1]);
    cycle(depth + 1);
    ascend(level, levels_[depth + 1], [](int) {});
}

// Smooths from zero, and hands the residual to the coarser grid.
void Multigrid::descend(Level& level, Level& coarse) {
    static const Steps kSteps = chebyshev_steps();
    const auto start = [&](int y) {
        start_row(level.r.row(y), level.inverse_diagonal.row(y), kSteps.add[0], level.width, level.scaled.row(y),
                  level.d.row(y));
        level.d.wrap(y);
    };
    const auto first_step = [&](int y) {
        first_step_row(stencil(level, level.d, y), kSteps.keep[1], kSteps.add[1], level.width, level.scaled.row(y),
                       level.d_next.row(y), level.x.row(y));
        level.d_next.wrap(y);
    };
    const auto last_step = [&](int y) { step(level, level.d_next, level.d, kSteps.keep[2], kSteps.add[2], y); };
    const auto residual = [&](int y) {
        float* out = level.d_next.row(y);
        residual_row(stencil(level, level.d, y), level.width, level.scaled.row(y), out);
        out[level.width] = 0;  // the missing half of an odd width's last cell
    };
    const std::vector<float> nothing(static_cast<std::size_t>(2 * coarse.width), 0.0F);
    const auto restricted = [&](int y) {
        if (y % 2 == 0 && y + 1 < level.height) return;
        const float* lower = y % 2 == 1 ? level.d_next.row(y) : nothing.data();
        pair_row(level.d_next.row(y - y % 2), lower, coarse.width, coarse.r.row(y / 2));
    };
    sweep(team_, level.height, grain_rows(level.width), start, first_step, last_step, residual, restricted);
}

// Adds the coarser grid's correction, smooths again, and calls last(y) for every row once it is done.
template <typename Last>
void Multigrid::ascend(Level& level, const Level& coarse, const Last& last) {
    static const Steps kSteps = chebyshev_steps();
    const auto spread = [&](int y) {
        spread_row(coarse.x.row(y / 2), coarse.width, level.d.row(y));
        level.d.wrap(y);
    };
    const auto correct = [&](int y) {
        correction_row(stencil(level, level.d, y), kSteps.add[0], level.width, level.scaled.row(y), level.d_next.row(y),
                       level.x.row(y));
        level.d_next.wrap(y);
    };
    const auto step_back = [&](int y) { step(level, level.d_next, level.d, kSteps.keep[1], kSteps.add[1], y); };
    const auto last_step = [&](int y) {
        step(level, level.d, level.d_next, kSteps.keep[2], kSteps.add[2], y);
        last(y);
    };
    sweep(team_, level.height, grain_rows(level.width), spread, correct, step_back, last_step);
}

}  // namespace pp
