#include "smoother.hpp"

#include "dispatch.hpp"

namespace pp {
namespace {

// scaled - A d / diagonal at one place.
PP_INLINE float relaxed(const Stencil& s, const float* scaled, int x) {
    const float across = s.right[x] * s.d[x + 1] + s.right[x - 1] * s.d[x - 1];
    const float along = s.down[x] * s.below[x] + s.up[x] * s.above[x];
    return scaled[x] - (s.d[x] - s.inverse[x] * (across + along));
}

}  // namespace

PP_CLONES void start_row(const float* r, const float* inverse, float add, int width, float* PP_RESTRICT scaled,
                         float* PP_RESTRICT d) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = r[x] * inverse[x];
        d[x] = add * scaled[x];
    }
}

PP_CLONES void first_step_row(Stencil s, float keep, float add, int width, float* PP_RESTRICT scaled,
                              float* PP_RESTRICT next, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        next[x] = keep * s.d[x] + add * scaled[x];
        out[x] = s.d[x] + next[x];
    }
}

PP_CLONES void step_row(Stencil s, float keep, float add, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT next,
                        float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        next[x] = keep * s.d[x] + add * scaled[x];
        out[x] += next[x];
    }
}

PP_CLONES void correction_row(Stencil s, float add, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT next,
                              float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        next[x] = add * scaled[x];
        out[x] += s.d[x] + next[x];
    }
}

PP_CLONES void residual_row(Stencil s, int width, float* PP_RESTRICT scaled, float* PP_RESTRICT residual) {
    for (int x = 0; x < width; ++x) {
        scaled[x] = relaxed(s, scaled, x);
        residual[x] = scaled[x] / s.inverse[x];
    }
}

}  // namespace pp
