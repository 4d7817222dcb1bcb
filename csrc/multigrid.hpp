// The preconditioner of the illumination solve: one multigrid V-cycle for
//     A t = m t + sum over the four edges of w (t - neighbour's t),   m = 1 on the finest grid,
// on a periodic grid whose edge weights vary by a factor of 700.
//
// Coarser grids come from summing 2 x 2 cells (Galerkin with piecewise constant interpolation), which keeps the
// five-point shape for any weights and sizes; smoothing is a Chebyshev polynomial of the diagonally scaled operator,
// the same before and after, which keeps the cycle symmetric as conjugate gradients demand. Both vectorise, have no
// order of elimination, and so give the same bits for any number of threads.
#pragma once

#include <functional>
#include <vector>

#include "plane.hpp"
#include "team.hpp"

namespace pp {

struct Level {
    Level(int height, int width, Arena& arena);

    int height, width;
    std::vector<float> mass_rows, mass_columns;  // m(y, x) = mass_rows[y] * mass_columns[x]: cells of the finest grid
    Plane w_h, w_v;                              // edge to the right, edge downwards
    Plane inverse_diagonal;
    Plane r;      // in: right-hand side of the level's correction equation
    Plane x;      // out: the correction
    Plane other;  // the smoother writes by turns to this one and to x
};

class Multigrid {
  public:
    // w_h, w_v: height x width edge weights, here multiplied by lam. Takes floats(height, width) from the arena.
    Multigrid(const float* w_h, const float* w_v, int height, int width, float lam, Team& team, Arena& arena);

    static std::size_t floats(int height, int width);

    Level& finest() { return levels_.front(); }
    const Level& finest() const { return levels_.front(); }

    // Together one cycle: finest().x = approximately A^-1 finest().r; r is kept. Use x and `other` of every level.
    //
    // They take the rest of a solver's step along in their sweeps over the finest grid, which for large maps take as
    // long as the memory does: `before` are up to two stages that bring r up to date and may read the x of the last
    // cycle, `after` is one that may read r and the new x.
    using Stage = std::function<void(int)>;
    void descend();
    void descend(const Stage& first, const Stage& second);
    void ascend(const Stage& after);

  private:
    void prepare(Level& level);
    void cycle(std::size_t depth);
    void solve_one_cell();
    template <typename... Stages>
    void descend(Level& level, Level& coarse, const Stages&... before);
    template <typename... Stages>
    void ascend(Level& level, const Level& coarse, const Stages&... after);

    Team& team_;
    std::vector<Level> levels_;
};

// Rows that have at least this number of pixels together make a part worth a thread of its own.
inline int grain_rows(int width) { return 1 + 32768 / width; }

}  // namespace pp
