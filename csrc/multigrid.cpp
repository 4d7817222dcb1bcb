#include "multigrid.hpp"

#include <algorithm>
#include <utility>

#include "dispatch.hpp"
#include "sweep.hpp"

namespace pp {
namespace {

// The scaled operator's eigenvalues reach 2. The polynomial damps those above kLow; what lies below is left to the
// coarser grids. Degree 3 with this bound, and coarse weights divided by kStiffness (piecewise constant interpolation
// makes the coarse operator too stiff), gave the least work on photos: 12 to 14 cycles to 1e-4.
constexpr float kHigh = 2.0F, kLow = 0.1F;
constexpr int kDegree = 3;
constexpr float kStiffness = 1.25F;

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

// The row functions take plain pointers: restrict holds for arguments only, and without it nothing here vectorises.
struct Stencil {
    const float *d, *above, *below;  // the map's row and its neighbours
    const float *right, *down, *up;  // edge weights
    const float* inverse;            // of the diagonal
};

Stencil stencil(const Level& level, const Plane& d, int y) {
    return {d.row(y),
            d.above(y),
            d.below(y),
            level.w_h.row(y),
            level.w_v.row(y),
            level.w_v.above(y),
            level.inverse_diagonal.row(y)};
}

// scaled - A d / diagonal at one place.
PP_INLINE float relaxed(const Stencil& s, const float* scaled, int x) {
    const float flow =
        s.right[x] * s.d[x + 1] + s.right[x - 1] * s.d[x - 1] + s.down[x] * s.below[x] + s.up[x] * s.above[x];
    return scaled[x] - (s.d[x] - s.inverse[x] * flow);
}

PP_CLONES void invert_row(const float* mass, float rows, const float* right, const float* down, const float* up,
                          int width, float* PP_RESTRICT inverse) {
    for (int x = 0; x < width; ++x) inverse[x] = 1 / (rows * mass[x] + right[x] + right[x - 1] + down[x] + up[x]);
}

// scaled = r / diagonal, d = add * scaled, out = d.
PP_CLONES void start_row(const float* r, const float* inverse, float add, int width, float* PP_RESTRICT scaled,
                         float* PP_RESTRICT d, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = r[x] * inverse[x];
        d[x] = add * scaled[x];
        out[x] = d[x];
    }
}

// scaled -= A d / diagonal, next = keep * d + add * scaled, out += next.
PP_CLONES void step_row(const Stencil s, float keep, float add, int width, float* PP_RESTRICT scaled,
                        float* PP_RESTRICT next, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        next[x] = keep * s.d[x] + add * scaled[x];
        out[x] += next[x];
    }
}

void step(Level& level, const Plane& d, Plane& next, float keep, float add, int y) {
    step_row(stencil(level, d, y), keep, add, level.width, level.scaled.row(y), next.row(y), level.x.row(y));
    next.wrap(y);
}

// scaled -= A d / diagonal, residual = scaled * diagonal.
PP_CLONES void residual_row(const Stencil s, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT residual) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        residual[x] = scaled[x] / s.inverse[x];
    }
}

PP_CLONES void pair_row(const float* upper, const float* lower, int width, float* PP_RESTRICT coarse) {
    for (int x = 0; x < width; ++x) coarse[x] = (upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1]);
}

PP_CLONES void spread_row(const float* coarse, int coarse_width, int width, float* PP_RESTRICT d,
                          float* PP_RESTRICT out) {
    for (int x = 0; x < coarse_width; ++x) d[2 * x] = d[2 * x + 1] = coarse[x];
    for (int x = 0; x < width; ++x) out[x] += d[x];
}

std::vector<float> pair_sums(const std::vector<float>& values) {
    std::vector<float> sums((values.size() + 1) / 2, 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) sums[i / 2] += values[i];
    return sums;
}

// The next grid's weights: the fine edges that cross between two cells, summed. Edges inside a cell vanish; a cell is
// its own neighbour where the axis has one cell, and such an edge carries nothing.
Level coarsened(const Level& fine) {
    Level coarse((fine.height + 1) / 2, (fine.width + 1) / 2, false);
    coarse.mass_rows = pair_sums(fine.mass_rows);
    coarse.mass_columns = pair_sums(fine.mass_columns);
    for (int y = 0; y < fine.height; ++y) {
        float *right = coarse.w_h.row(y / 2), *down = coarse.w_v.row(y / 2);
        const float *fine_right = fine.w_h.row(y), *fine_down = fine.w_v.row(y);
        const bool leaves_down = (y % 2 == 1 || y == fine.height - 1) && coarse.height > 1;
        for (int x = 0; x < coarse.width && coarse.width > 1; ++x) {
            right[x] += fine_right[std::min(2 * x + 1, fine.width - 1)] / kStiffness;
        }
        for (int x = 0; x < fine.width && leaves_down; ++x) down[x / 2] += fine_down[x] / kStiffness;
    }
    return coarse;
}

}  // namespace

Level::Level(int height, int width, bool finest)
    : height(height),
      width(width),
      mass_rows(static_cast<std::size_t>(height), 1.0F),
      mass_columns(static_cast<std::size_t>(width), 1.0F),
      w_h(finest ? Plane() : Plane(height, width)),
      w_v(finest ? Plane() : Plane(height, width)),
      inverse_diagonal(height, width),
      r(height, width),
      x(height, width),
      scaled(height, width),
      d(height, width),
      d_next(height, width) {}

Multigrid::Multigrid(Plane w_h, Plane w_v, Team& team) : team_(team) {
    levels_.emplace_back(w_h.height, w_h.width, true);
    levels_.front().w_h = std::move(w_h);
    levels_.front().w_v = std::move(w_v);
    for (;;) {
        Level& level = levels_.back();
        for (int y = 0; y < level.height; ++y) {
            level.w_h.wrap(y);
            invert_row(level.mass_columns.data(), level.mass_rows[static_cast<std::size_t>(y)], level.w_h.row(y),
                       level.w_v.row(y), level.w_v.above(y), level.width, level.inverse_diagonal.row(y));
        }
        if (level.height == 1 && level.width == 1) break;
        Level coarse = coarsened(level);
        levels_.push_back(std::move(coarse));
    }
}

void Multigrid::cycle(std::size_t depth) {
    Level& level = levels_[depth];
    if (depth + 1 == levels_.size()) {  // one cell: A is its mass
        level.x.row(0)[0] = level.r.row(0)[0] * level.inverse_diagonal.row(0)[0];
        return;
    }
    descend(level, levels_[depth + 1]);
    cycle(depth + 1);
    ascend(level, levels_[depth + 1]);
}

// Smooths from zero, and hands the residual to the coarser grid.
void Multigrid::descend(Level& level, Level& coarse) {
    static const Steps kSteps = chebyshev_steps();
    const auto start = [&](int y) {
        start_row(level.r.row(y), level.inverse_diagonal.row(y), kSteps.add[0], level.width, level.scaled.row(y),
                  level.d.row(y), level.x.row(y));
        level.d.wrap(y);
    };
    const auto residual = [&](int y) {
        float* out = level.d_next.row(y);
        residual_row(stencil(level, level.d, y), level.width, level.scaled.row(y), out);
        out[level.width] = 0;  // the missing half of an odd width's last cell
    };
    const std::vector<float> nothing(static_cast<std::size_t>(2 * coarse.width), 0.0F);
    const auto restricted = [&](int y) {
        if (y % 2 == 0 && y + 1 < level.height) return;
        const float* upper = level.d_next.row(y - y % 2);
        pair_row(upper, y % 2 == 1 ? level.d_next.row(y) : nothing.data(), coarse.width, coarse.r.row(y / 2));
    };
    sweep(
        team_, level.height, grain_rows(level.width), start,
        [&](int y) { step(level, level.d, level.d_next, kSteps.keep[1], kSteps.add[1], y); },
        [&](int y) { step(level, level.d_next, level.d, kSteps.keep[2], kSteps.add[2], y); }, residual, restricted);
}

// Adds the coarser grid's correction, and smooths again.
void Multigrid::ascend(Level& level, const Level& coarse) {
    static const Steps kSteps = chebyshev_steps();
    const auto spread = [&](int y) {
        spread_row(coarse.x.row(y / 2), coarse.width, level.width, level.d.row(y), level.x.row(y));
        level.d.wrap(y);
    };
    sweep(
        team_, level.height, grain_rows(level.width), spread,
        [&](int y) { step(level, level.d, level.d_next, 0.0F, kSteps.add[0], y); },
        [&](int y) { step(level, level.d_next, level.d, kSteps.keep[1], kSteps.add[1], y); },
        [&](int y) { step(level, level.d, level.d_next, kSteps.keep[2], kSteps.add[2], y); });
}

}  // namespace pp
