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

// residual = r - A x in the form of differences; the row's masses are `mass` times those of the columns.
void residual_row(const Stencil& s, float mass, const float* columns, int width, float* PP_RESTRICT residual);

}  // namespace pp
