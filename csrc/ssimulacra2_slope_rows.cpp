#include "ssimulacra2_slope_rows.hpp"

#include <cmath>

#include "chosen.hpp"
#include "dispatch.hpp"
#include "ssimulacra2_rows.hpp"

namespace pp {

namespace {

PP_INLINE float steep(float value, float mean, float fourth, float inverse) {
    const float part = value * inverse;
    return mean + fourth * (part * (part * part));
}

}  // namespace

PP_CLONES void structure_slopes(const MapRow& row, const Steepness& of, std::ptrdiff_t count,
                                float* PP_RESTRICT by_difference, float* PP_RESTRICT by_square,
                                float* PP_RESTRICT by_power) {
    const MapRow r = row;
    const Steepness s = of;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float mean = r.mean[i], difference = r.difference[i], other = mean + difference;
        const float means = difference * difference, changed = r.square[i] - means;
        const float whole = r.power[i] - (mean * mean + other * other) + kC2, inverse = 1.0f / whole;
        const float value = (changed + means * (whole - changed)) * inverse;
        const float slope = kept(value > 0.0f, steep(value, s.mean, s.fourth, s.inverse)) * inverse;
        by_square[i] = slope * (1.0f - means);
        by_power[i] = slope * (means - value);
        by_difference[i] = 2.0f * slope * (difference * (whole - changed - 1.0f) + (value * other - means * mean));
    }
}

PP_CLONES void edge_slopes(const MapRow& row, const Steepness& gained, const Steepness& lost, std::ptrdiff_t count,
                           float* PP_RESTRICT by_change, float* PP_RESTRICT by_difference) {
    const MapRow r = row;
    const Steepness g = gained, l = lost;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float before = r.a[i] - r.mean[i], after = before + (r.change[i] - r.difference[i]);
        const float inverse = 1.0f / (1.0f + std::fabs(before));
        const float value = (std::fabs(after) - std::fabs(before)) * inverse;
        const float up = steep(value, g.mean, g.fourth, g.inverse), down = -steep(-value, l.mean, l.fourth, l.inverse);
        const float slope = kept(value > 0.0f, up) + kept(value < 0.0f, down);
        const float sign = kept(after > 0.0f, inverse) - kept(after < 0.0f, inverse);
        by_change[i] = slope * sign;
        by_difference[i] -= slope * sign;
    }
}

PP_CLONES void add_up_slopes(const float* PP_RESTRICT a, const float* PP_RESTRICT by_change,
                             const float* PP_RESTRICT by_difference, const float* PP_RESTRICT by_square,
                             const float* PP_RESTRICT by_power, std::ptrdiff_t count, float* PP_RESTRICT change) {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const float by_squares = change[i] * by_square[i] + (a[i] + change[i]) * by_power[i];
        change[i] = by_change[i] + by_difference[i] + 2.0f * by_squares;
    }
}

}  // namespace pp
