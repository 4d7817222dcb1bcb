#include "smoother.hpp"

namespace pp {
namespace {

// (r + the weighted neighbours) / diagonal at one place.
PP_INLINE float relaxed(const Stencil& s, int i) {
    const float across = s.right[i] * s.x[i + 1] + s.right[i - 1] * s.x[i - 1];
    const float along = s.down[i] * s.below[i] + s.up[i] * s.above[i];
    return s.inverse[i] * (s.r[i] + (across + along));
}

}  // namespace

PP_CLONES void start_row(const float* r, const float* inverse, float add, int width, float* PP_RESTRICT next) {
    for (int i = 0; i < width; ++i) next[i] = add * (r[i] * inverse[i]);
}

PP_CLONES void first_step_row(const Stencil& stencil, float keep, float add, int width, float* PP_RESTRICT next) {
    const Stencil s = stencil;
    for (int i = 0; i < width; ++i) next[i] = keep * s.x[i] + add * relaxed(s, i);
}

PP_CLONES void step_row(const Stencil& stencil, float keep, float back, float add, int width, float* PP_RESTRICT next) {
    const Stencil s = stencil;
    for (int i = 0; i < width; ++i) next[i] = (keep * s.x[i] - back * next[i]) + add * relaxed(s, i);
}

PP_CLONES void residual_row(const Stencil& stencil, float mass, const float* columns, int width,
                            float* PP_RESTRICT residual) {
    const Stencil s = stencil;
    for (int i = 0; i < width; ++i) {
        const float here = s.x[i];
        const float across = s.right[i] * (s.x[i + 1] - here) + s.right[i - 1] * (s.x[i - 1] - here);
        const float along = s.down[i] * (s.below[i] - here) + s.up[i] * (s.above[i] - here);
        residual[i] = (s.r[i] - mass * columns[i] * here) + (across + along);
    }
}

}  // namespace pp
