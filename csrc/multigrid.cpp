#include "multigrid.hpp"

#include <utility>

#include "dispatch.hpp"

namespace pp {
namespace {

// The scaled operator's eigenvalues reach 2. The polynomial damps those above kLow; what lies below is left to the
// coarser grids. Degree 3 with this bound, and coarse weights divided by kStiffness (piecewise constant interpolation
// makes the coarse operator too stiff), gave the least work on photos: 12 to 14 cycles to 1e-4.
constexpr float kHigh = 2.0F, kLow = 0.1F;
constexpr int kDegree = 3;
constexpr float kStiffness = 1.25F;

struct Steps {
    float first;
    float keep[kDegree - 1], add[kDegree - 1];
};

Steps chebyshev_steps() {
    const float centre = (kHigh + kLow) / 2, half = (kHigh - kLow) / 2, sigma = centre / half;
    Steps steps{1 / centre, {}, {}};
    float rho = 1 / sigma;
    for (int i = 0; i < kDegree - 1; ++i) {
        const float next = 1 / (2 * sigma - rho);
        steps.keep[i] = next * rho;
        steps.add[i] = 2 * next / half;
        rho = next;
    }
    return steps;
}

PP_CLONES void set_inverse_diagonal(Level& level, int first, int last) {
    const int w = level.width;
    for (int y = first; y < last; ++y) {
        const float *right = level.w_h.row(y), *down = level.w_v.row(y), *up = level.w_v.above(y);
        const float* mass = level.mass_columns.data();
        const float rows = level.mass_rows[static_cast<std::size_t>(y)];
        float* PP_RESTRICT out = level.inverse_diagonal.row(y);
        for (int x = 0; x < w; ++x) out[x] = 1 / (rows * mass[x] + right[x] + right[x - 1] + down[x] + up[x]);
    }
}

// scaled = r / diagonal, d = add * scaled, x = d.
PP_CLONES void start_rows(Level& level, float add, int first, int last) {
    const int w = level.width;
    for (int y = first; y < last; ++y) {
        const float *r = level.r.row(y), *inverse = level.inverse_diagonal.row(y);
        float* PP_RESTRICT scaled = level.scaled.row(y);
        float* PP_RESTRICT d = level.d.row(y);
        float* PP_RESTRICT out = level.x.row(y);
        for (int x = 0; x < w; ++x) {
            const float s = r[x] * inverse[x];
            scaled[x] = s;
            out[x] = d[x] = add * s;
        }
        level.d.wrap(y);
    }
}

// scaled -= A d / diagonal, d_next = keep * d + add * scaled, x += d_next.
PP_CLONES void step_rows(Level& level, float keep, float add, int first, int last) {
    const int w = level.width;
    for (int y = first; y < last; ++y) {
        const float *d = level.d.row(y), *above = level.d.above(y), *below = level.d.below(y);
        const float *right = level.w_h.row(y), *down = level.w_v.row(y), *up = level.w_v.above(y);
        const float* inverse = level.inverse_diagonal.row(y);
        float* PP_RESTRICT scaled = level.scaled.row(y);
        float* PP_RESTRICT next = level.d_next.row(y);
        float* PP_RESTRICT out = level.x.row(y);
        for (int x = 0; x < w; ++x) {
            const float flow = right[x] * d[x + 1] + right[x - 1] * d[x - 1] + down[x] * below[x] + up[x] * above[x];
            const float s = scaled[x] - (d[x] - inverse[x] * flow);
            const float n = keep * d[x] + add * s;
            scaled[x] = s;
            next[x] = n;
            out[x] += n;
        }
        level.d_next.wrap(y);
    }
}

// scaled -= A d / diagonal, and the coarse grid's r = the sums of 2 x 2 residuals. Rows are the coarse grid's.
PP_CLONES void restrict_rows(Level& level, Level& coarse, int first, int last) {
    const int w = level.width;
    for (int y = 2 * first; y < std::min(2 * last, level.height); ++y) {
        const float *d = level.d.row(y), *above = level.d.above(y), *below = level.d.below(y);
        const float *right = level.w_h.row(y), *down = level.w_v.row(y), *up = level.w_v.above(y);
        const float* inverse = level.inverse_diagonal.row(y);
        float* PP_RESTRICT scaled = level.scaled.row(y);
        float* PP_RESTRICT residual = level.d_next.row(y);
        for (int x = 0; x < w; ++x) {
            const float flow = right[x] * d[x + 1] + right[x - 1] * d[x - 1] + down[x] * below[x] + up[x] * above[x];
            const float s = scaled[x] - (d[x] - inverse[x] * flow);
            scaled[x] = s;
            residual[x] = s / inverse[x];
        }
        residual[w] = 0;  // the missing half of an odd width's last cell
        float* PP_RESTRICT sum = coarse.r.row(y / 2);
        if (y % 2 == 0) {
            for (int x = 0; x < coarse.width; ++x) sum[x] = residual[2 * x] + residual[2 * x + 1];
        } else {
            for (int x = 0; x < coarse.width; ++x) sum[x] += residual[2 * x] + residual[2 * x + 1];
        }
    }
}

// d = the coarse correction, spread over its cells; x += d.
PP_CLONES void prolong_rows(Level& level, const Level& coarse, int first, int last) {
    const int w = level.width;
    for (int y = first; y < last; ++y) {
        const float* correction = coarse.x.row(y / 2);
        float* PP_RESTRICT d = level.d.row(y);
        float* PP_RESTRICT out = level.x.row(y);
        for (int x = 0; x < (w + 1) / 2; ++x) d[2 * x] = d[2 * x + 1] = correction[x];
        for (int x = 0; x < w; ++x) out[x] += d[x];
        level.d.wrap(y);
    }
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
        for (int y = 0; y < level.height; ++y) level.w_h.wrap(y);
        team_.rows(level.height, grain_rows(level.width),
                   [&](int first, int last) { set_inverse_diagonal(level, first, last); });
        if (level.height == 1 && level.width == 1) break;
        Level coarse = coarsened(level);
        levels_.push_back(std::move(coarse));
    }
}

void Multigrid::step(Level& level, float keep, float add) {
    team_.rows(level.height, grain_rows(level.width),
               [&](int first, int last) { step_rows(level, keep, add, first, last); });
    std::swap(level.d, level.d_next);
}

// The smoother's steps after its first one.
void Multigrid::smooth(Level& level) {
    static const Steps kSteps = chebyshev_steps();
    for (int i = 0; i < kDegree - 1; ++i) step(level, kSteps.keep[i], kSteps.add[i]);
}

void Multigrid::cycle(std::size_t depth) {
    static const float kFirst = chebyshev_steps().first;
    Level& level = levels_[depth];
    const int grain = grain_rows(level.width);
    if (depth + 1 == levels_.size()) {  // one cell: A is its mass
        start_rows(level, 1.0F, 0, 1);
        return;
    }
    Level& coarse = levels_[depth + 1];
    team_.rows(level.height, grain, [&](int first, int last) { start_rows(level, kFirst, first, last); });
    smooth(level);
    team_.rows(coarse.height, (grain + 1) / 2, [&](int first, int last) { restrict_rows(level, coarse, first, last); });
    cycle(depth + 1);
    team_.rows(level.height, grain, [&](int first, int last) { prolong_rows(level, coarse, first, last); });
    step(level, 0.0F, kFirst);
    smooth(level);
}

}  // namespace pp
