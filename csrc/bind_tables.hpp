// Checked views of the resize tables and channel vectors that come from Python.
#pragma once

#include "arrays.hpp"
#include "resize.hpp"

namespace pp {

// Every window must lie inside the axis, and starts must not decrease: the loops rely on both.
template <typename W>
Axis<W> axis_view(const VectorI32& starts, const Array<W>& weights, const char* name, std::ptrdiff_t size) {
    require_shape(starts, name, {-1});
    require_shape(weights, name, {starts.shape(0), -1});
    const Axis<W> axis{starts.data(), weights.data(), starts.shape(0), weights.shape(1)};
    for (std::ptrdiff_t i = 0; i < axis.outputs; ++i) {
        const bool rising = i == 0 || axis.starts[i] >= axis.starts[i - 1];
        if (axis.starts[i] < 0 || axis.starts[i] + axis.taps > size || !rising) {
            fail(std::string(name) + ": window " + std::to_string(i) + " starts at " + std::to_string(axis.starts[i]) +
                 " with " + std::to_string(axis.taps) + " taps on an axis of " + std::to_string(size));
        }
    }
    return axis;
}

inline Channels channels_view(const VectorI32& order, const VectorF32& gain, const VectorF32* bias) {
    require_shape(order, "order", {3});
    require_shape(gain, "gain", {3});
    if (bias != nullptr) require_shape(*bias, "bias", {3});
    const std::int32_t* o = order.data();
    int seen = 0;
    for (int c = 0; c < 3; ++c) seen |= (o[c] >= 0 && o[c] < 3) ? 1 << o[c] : 0;
    if (seen != 7) fail("order must be a permutation of 0, 1, 2");
    return {o, gain.data(), bias != nullptr ? bias->data() : nullptr};
}

inline void require_units(int units) {
    if (units != 1 && units != 2) fail("units is " + std::to_string(units) + ", expected 1 or 2 to a grey level");
}

}  // namespace pp
