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

// q = A p in the form of differences, which loses nothing where p is flat.
PP_CLONES void apply_row(const Edges& w, const float* p, const float* above, const float* below, int width,
                         float* PP_RESTRICT q) {
    const float *right = w.right, *down = w.down, *up = w.up;
    for (int x = 0; x < width; ++x) {
        q[x] = p[x] + (right[x] * (p[x] - p[x + 1]) + right[x - 1] * (p[x] - p[x - 1]) + down[x] * (p[x] - below[x]) +
                       up[x] * (p[x] - above[x]));
    }
}

PP_CLONES void advance_row(float step, const float* p, const float* q, int width, double* PP_RESTRICT t,
                           float* PP_RESTRICT r) {
    for (int x = 0; x < width; ++x) {
        t[x] += static_cast<double>(step * p[x]);
        r[x] -= step * q[x];
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
          partial_(static_cast<std::size_t>(height)) {}

    double solve(double rtol);

  private:
    double descend(double goal);
    double direct(float beta);
    double start_from_zero();
    double refresh_residual();

    // The sum of value(y) over the rows, added up in the same order for any number of threads.
    template <typename Value>
    double sum_rows(const Value& value) {
        team_.rows(height_, grain_rows(width_), [&](int first, int last) {
            for (int y = first; y < last; ++y) partial_[static_cast<std::size_t>(y)] = value(y);
        });
        return total();
    }

    double total() const { return std::accumulate(partial_.begin(), partial_.end(), 0.0); }

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
    std::vector<double> partial_;
};

// t = 0, r = b; returns its norm.
double Solver::start_from_zero() {
    Plane& r = multigrid_.finest().r;
    return std::sqrt(sum_rows([&](int y) {
        std::fill_n(t_row(y), width_, 0.0);
        std::copy_n(b_row(y), width_, r.row(y));
        return dot(r.row(y), r.row(y), width_);
    }));
}

// r = b - A t; returns its norm.
double Solver::refresh_residual() {
    Plane& r = multigrid_.finest().r;
    return std::sqrt(sum_rows([&](int y) {
        residual_row(edges(y), b_row(y), t_row(y), t_row(y > 0 ? y - 1 : height_ - 1),
                     t_row(y + 1 < height_ ? y + 1 : 0), width_, r.row(y));
        return dot(r.row(y), r.row(y), width_);
    }));
}

// p = z + beta p, q = A p; returns p . q.
double Solver::direct(float beta) {
    Level& grid = multigrid_.finest();
    Plane& q = grid.other;  // free between two cycles
    sweep(
        team_, height_, grain_rows(width_),
        [&](int y) {
            if (beta == 0) std::copy_n(grid.x.row(y), width_, p_.row(y));  // the first one: p holds nothing yet
            if (beta != 0) direction_row(grid.x.row(y), beta, width_, p_.row(y));
            p_.wrap(y);
        },
        [&](int y) {
            apply_row(edges(y), p_.row(y), p_.above(y), p_.below(y), width_, q.row(y));
            partial_[static_cast<std::size_t>(y)] = dot(p_.row(y), q.row(y), width_);
        });
    return total();
}

// Conjugate gradients until the residual carried along falls to `goal`; returns its norm.
double Solver::descend(double goal) {
    Level& grid = multigrid_.finest();
    double norm = 0, rz = 0;
    for (int i = 0; i < kMaxCycles; ++i) {
        multigrid_.cycle(partial_);
        const double before = rz;
        rz = total();
        const double curvature = direct(i == 0 ? 0.0F : static_cast<float>(rz / before));
        if (!(curvature > 0)) break;
        const float step = static_cast<float>(rz / curvature);
        norm = std::sqrt(sum_rows([&](int y) {
            advance_row(step, p_.row(y), grid.other.row(y), width_, t_row(y), grid.r.row(y));
            return dot(grid.r.row(y), grid.r.row(y), width_);
        }));
        if (norm <= goal) break;
    }
    return norm;
}

// The residual that conjugate gradients carry along drifts from the true one in fp32, so the true one is computed in
// fp64, and they start again from it where it is too large.
double Solver::solve(double rtol) {
    const double size = start_from_zero();
    if (size == 0) return 0;
    double norm = size;
    for (int start = 0; start < kMaxRestarts && norm > rtol * size; ++start) {
        // A restart aims a little lower; fp32 gains at most some five digits a start.
        descend(std::max(0.9 * rtol * size, 1e-5 * norm));
        norm = refresh_residual();
    }
    return norm / size;
}

}  // namespace

double solve_illumination(const float* luminance, const float* w_h, const float* w_v, int height, int width, float lam,
                          double rtol, int threads, double* t) {
    Team team(threads, height, grain_rows(width));
    Solver solver(luminance, w_h, w_v, height, width, lam, team, t);
    return solver.solve(rtol);
}

}  // namespace pp
