// The multigrid smoother's passes over one row of a map: Chebyshev's iteration in the form of three terms, which reads
// the last two iterates and writes the next one, and nothing else.
//
// They take plain pointers: restrict holds for arguments only, and without it nothing here vectorises.
#pragma once

#include "dispatch.hpp"

namespace pp {

// One row of A x = r and of the iterate x.
struct Stencil {
    const float *x, *above, *below;  // the iterate's row and its neighbours
    const float *right, *down, *up;  // edge weights
    const float *r, *inverse;        // right-hand side; 1 / diagonal
};

// next = keep x + add (r + sum of weighted neighbours) / diagonal; a step of Jacobi's method where keep is 1 - add.
void first_step_row(const Stencil& s, float keep, float add, int width, float* PP_RESTRICT next);

// The same minus back times the iterate before x, which `next` holds and which it replaces.
void step_row(const Stencil& s, float keep, float back, float add, int width, float* PP_RESTRICT next);

// next = add r / diagonal: the first step from zero.
void start_row(const float* r, const float* inverse, float add, int width, float* PP_RESTRICT next);

// Two rows of A x = r that make one of the coarser grid.
struct RowPair {
    const float *above, *upper, *lower, *below;  // the iterate's rows and their neighbours
    const float *right_upper, *right_lower;      // edge weights: those to the right, and
    const float *up, *down;                      // those that leave the pair
    const float *r_upper, *r_lower;              // right-hand side
    float mass_upper, mass_lower;                // times those of the columns: the masses
};

// coarse = the residual r - A x, summed over cells of 2 x 2, in the form of differences; those across edges inside a
// cell would cancel, and are left out. An odd width's last cell has one column.
void restrict_rows(const RowPair& rows, const float* columns, int width, float* PP_RESTRICT coarse);

}  // namespace pp
