// The multigrid smoother's passes over one row of a map. They work on the residual divided by the diagonal ("scaled").
//
// They take plain pointers: restrict holds for arguments only, and without it nothing here vectorises.
#pragma once

#include "dispatch.hpp"

namespace pp {

struct Stencil {
    const float *d, *above, *below;  // the map's row and its neighbours
    const float *right, *down, *up;  // edge weights
    const float* inverse;            // of the diagonal
};

// scaled = r / diagonal, d = add * scaled.
void start_row(const float* r, const float* inverse, float add, int width, float* PP_RESTRICT scaled,
               float* PP_RESTRICT d);

// scaled -= A d / diagonal, next = keep * d + add * scaled; out = d + next: the first two steps of a start from zero.
void first_step_row(Stencil s, float keep, float add, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT next,
                    float* PP_RESTRICT out);

// The same with out += next.
void step_row(Stencil s, float keep, float add, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT next,
              float* PP_RESTRICT out);

// The same where d is the coarse correction: next = add * scaled, out += d + next.
void correction_row(Stencil s, float add, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT next,
                    float* PP_RESTRICT out);

// residual = r - A x, from d, the last step.
void residual_row(Stencil s, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT residual);

}  // namespace pp
