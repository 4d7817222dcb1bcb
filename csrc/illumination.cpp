// Conjugate gradients for the illumination map: fp32 inside, the map itself and the residual test in fp64.
#include "illumination.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "dispatch.hpp"
#include "dot.hpp"
#include "multigrid.hpp"
#include "sweep.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kMaxCycles = 200, kMaxRestarts = 8;

PP_CLONES void direction_row(const float* z, float beta, int width, float* PP_RESTRICT p) {
    for (int x = 0; x < width; ++x) p[x] = z[x] + beta * p[x];
}

struct Edges {
    const float *right, *down, *up;
};

// t += step p, r -= step A p; A p in the form of differences, which loses nothing where p is flat.
PP_CLONES void advance_row(const Edges& w, const float* p, const float* above, const float* below, float step,
                           int width, double* PP_RESTRICT t, float* PP_RESTRICT r) {
    const float *right = w.right, *down = w.down, *up = w.up;
    for (int x = 0; x < width; ++x) {
        const float across = right[x] * (p[x] - p[x + 1]) + right[x - 1] * (p[x] - p[x - 1]);
        const float along = down[x] * (p[x] - below[x]) + up[x] * (p[x] - above[x]);
        t[x] += static_cast<double>(step * p[x]);
        r[x] -= step * (p[x] + (across + along));
    }
}

// One value of r = b - A t, in fp64.
PP_INLINE float residual_at(const Edges& w, const float* b, const double* t, const double* above, const double* below,
                            int x, int left, int right) {
    const double here = t[x];
    const double flow =
        static_cast<double>(w.right[x]) * (here - t[right]) + static_cast<double>(w.right[x - 1]) * (here - t[left]) +
        static_cast<double>(w.down[x]) * (here - below[x]) + static_cast<double>(w.up[x]) * (here - above[x]);
    return static_cast<float>(static_cast<double>(b[x]) - here - flow);
}

PP_CLONES void residual_row(const Edges& w, const float* b, const double* t, const double* above, const double* below,
                            int width, float* PP_RESTRICT r) {
    const int last = width - 1;
    for (int x = 1; x < last; ++x) r[x] = residual_at(w, b, t, above, below, x, x - 1, x + 1);
    r[0] = residual_at(w, b, t, above, below, 0, last, width > 1 ? 1 : 0);
    r[last] = residual_at(w, b, t, above, below, last, width > 1 ? last - 1 : 0, 0);
}

class Solver {
  public:
    Solver(const float* b, const float* w_h, const float* w_v, int height, int width, float lam, Team& team, double* t)
        : b_(b),
          t_(t),
          height_(height),
          width_(width),
          team_(team),
          arena_(Multigrid::floats(height, width) + Arena::rounded(Plane::floats(height, width))),
          multigrid_(w_h, w_v, height, width, lam, team, arena_),
          p_(height, width, arena_),
          squares_(static_cast<std::size_t>(height)),
          moments_(squares_.size()) {}

    double solve(double rtol);

  private:
    void descend(double goal);
    double start_from_zero();
    double refresh_residual();

    // The root of the sum of squares(y) over the rows, added up in the same order for any number of threads.
    template <typename Squares>
    double norm(const Squares& squares) {
        team_.rows(height_, grain_rows(width_), [&](int first, int last) {
            for (int y = first; y < last; ++y) squares_[static_cast<std::size_t>(y)] = squares(y);
        });
        return norm();
    }

    double norm() const { return std::sqrt(std::accumulate(squares_.begin(), squares_.end(), 0.0)); }

    // Of the whole map.
    Moments moments_of_map() const {
        const auto add = [](Moments a, const Moments& b) {
            return Moments{a.product + b.product, a.energy + b.energy};
        };
        return std::accumulate(moments_.begin(), moments_.end(), Moments{0, 0}, add);
    }

    Edges edges(int y) const {
        const Level& grid = multigrid_.finest();
        return {grid.w_h.row(y), grid.w_v.row(y), grid.w_v.above(y)};
    }

    double* t_row(int y) { return t_ + static_cast<std::ptrdiff_t>(y) * width_; }
    const float* b_row(int y) const { return b_ + static_cast<std::ptrdiff_t>(y) * width_; }

    const float* b_;
    double* t_;
    int height_, width_;
    Team& team_;
    Arena arena_;
    Multigrid multigrid_;
    Plane p_;
    std::vector<double> squares_;   // of each row: r . r
    std::vector<Moments> moments_;  // of each row, with r and z
};

// t = 0, r = b; returns its norm.
double Solver::start_from_zero() {
    Plane& r = multigrid_.finest().r;
    return norm([&](int y) {
        std::fill_n(t_row(y), width_, 0.0);
        std::copy_n(b_row(y), width_, r.row(y));
        return dot(r.row(y), r.row(y), width_);
    });
}

// r = b - A t; returns its norm.
double Solver::refresh_residual() {
    Plane& r = multigrid_.finest().r;
    return norm([&](int y) {
        residual_row(edges(y), b_row(y), t_row(y), t_row(y > 0 ? y - 1 : height_ - 1),
                     t_row(y + 1 < height_ ? y + 1 : 0), width_, r.row(y));
        return dot(r.row(y), r.row(y), width_);
    });
}

// Conjugate gradients until the residual carried along falls to `goal`. The curvature p . A p comes from that of z, so
// that a step needs no sweep of its own: it goes along with the preconditioner's (Chronopoulos and Gear 1989).
void Solver::descend(double goal) {
    Level& grid = multigrid_.finest();
    const Plane& z = grid.x;
    double rz = 0, beta = 0, step = 0;
    double left = 0, previous = 0;  // norms of the residual after the last two steps
    const auto direct = [&](int y) {
        if (beta == 0) std::copy_n(z.row(y), width_, p_.row(y));  // the first one: p holds nothing yet
        if (beta != 0) direction_row(z.row(y), static_cast<float>(beta), width_, p_.row(y));
        p_.wrap(y);
    };
    const auto advance = [&](int y) {
        advance_row(edges(y), p_.row(y), p_.above(y), p_.below(y), static_cast<float>(step), width_, t_row(y),
                    grid.r.row(y));
        squares_[static_cast<std::size_t>(y)] = dot(grid.r.row(y), grid.r.row(y), width_);
    };
    const auto measure = [&](int y) {
        moments_[static_cast<std::size_t>(y)] =
            moments(grid.r.row(y), z.row(y), z.below(y), grid.w_h.row(y), grid.w_v.row(y), width_);
    };
    multigrid_.descend();
    for (int i = 0; i < kMaxCycles; ++i) {
        multigrid_.ascend(measure);
        const Moments now = moments_of_map();
        const double before = std::exchange(rz, now.product);
        beta = i > 0 ? rz / before : 0;
        const double curvature = now.energy - (i > 0 ? beta * rz / step : 0);
        if (!(curvature > 0)) break;
        step = rz / curvature;
        const bool likely_last =
            i > 1 && left * left <= goal * previous;  // then the next cycle's first part would be in vain
        if (likely_last) {
            sweep(team_, height_, grain_rows(width_), direct, advance);
        } else {
            multigrid_.descend(direct, advance);
        }
        previous = std::exchange(left, norm());
        if (left <= goal) break;
        if (likely_last) multigrid_.descend();
    }
}

// The residual that conjugate gradients carry along drifts from the true one in fp32, so the true one is computed in
// fp64, and they start again from it where it is too large.
double Solver::solve(double rtol) {
    const double size = start_from_zero();
    if (size == 0) return 0;
    double left = size;
    for (int start = 0; start < kMaxRestarts && left > rtol * size; ++start) {
        // A restart aims a little lower; fp32 gains at most some five digits a start.
        descend(std::max(0.9 * rtol * size, 1e-5 * left));
        left = refresh_residual();
    }
    return left / size;
}

}  // namespace

double solve_illumination(const float* luminance, const float* w_h, const float* w_v, int height, int width, float lam,
                          double rtol, int threads, double* t) {
    Team team(threads, height, grain_rows(width));
    Solver solver(luminance, w_h, w_v, height, width, lam, team, t);
    return solver.solve(rtol);
}

}  // namespace pp
