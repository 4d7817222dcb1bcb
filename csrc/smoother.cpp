#include "smoother.hpp"

#include <cstddef>

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

PP_CLONES void restrict_rows(const RowPair& rows, const float* columns, int width, float* PP_RESTRICT coarse) {
    constexpr int kBlock = 256;
    float sums[kBlock];       // of a column's two cells, but for the flow across
    float flows[kBlock + 2];  // into each column and the one after the last from the next on its right, shifted by one
    const RowPair s = rows;
    for (std::ptrdiff_t start = 0; start < width; start += kBlock, coarse += kBlock / 2) {
        const int count = width - start < kBlock ? static_cast<int>(width - start) : kBlock;
        for (int i = 0; i < count; ++i) {
            const std::ptrdiff_t x = start + i;
            const float upper = s.upper[x], lower = s.lower[x];
            const float left =
                (s.r_upper[x] + s.r_lower[x]) - columns[x] * (s.mass_upper * upper + s.mass_lower * lower);
            sums[i] = left + (s.up[x] * (s.above[x] - upper) + s.down[x] * (s.below[x] - lower));
        }
        for (int i = 0; i <= count; ++i) {
            const std::ptrdiff_t x = start + i - 1;
            flows[i] =
                s.right_upper[x] * (s.upper[x + 1] - s.upper[x]) + s.right_lower[x] * (s.lower[x + 1] - s.lower[x]);
        }
        if (count % 2 == 1) {
            sums[count] = 0;
            flows[count + 1] = flows[count];
        }
        for (int i = 0; i < (count + 1) / 2; ++i) {
            coarse[i] = (sums[2 * i] + sums[2 * i + 1]) + (flows[2 * i + 2] - flows[2 * i]);
        }
    }
}

}  // namespace pp
