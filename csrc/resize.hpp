// Separable antialiased resize from 8-bit pixels, and its adjoint. Definition: kernels/reference/resize.py.
//
// Photos are RGB interleaved, network tensors planar. Tables (kernels/filters.py) hold the same number of taps for
// every output, windows inside the photo, starts that never decrease.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pp {

template <typename W>
struct Axis {
    const std::int32_t* starts;
    const W* weights;  // outputs x taps
    std::ptrdiff_t outputs;
    std::ptrdiff_t taps;

    std::ptrdiff_t first() const { return starts[0]; }
    std::ptrdiff_t end() const { return starts[outputs - 1] + taps; }
};

// Whether the axis is only cropped: then its sums are skipped.
template <typename W>
bool copies(const Axis<W>& axis, W one) {
    bool same = axis.taps == 1;
    for (std::ptrdiff_t i = 0; same && i < axis.outputs; ++i) {
        same = axis.starts[i] == axis.starts[0] + i && axis.weights[i] == one;
    }
    return same;
}

struct PhotoView {
    const std::uint8_t* pixels;
    std::ptrdiff_t height;
    std::ptrdiff_t width;
};

// Input channel c is gain[c] * pixel[order[c]] + bias[c].
struct Channels {
    const std::int32_t* order;
    const float* gain;
    const float* bias;
};

// A column table for interleaved pixels: each weight three times, windows widened to whole vectors where the row is
// wide enough, so that a dot product is one contiguous loop.
template <typename W>
struct Interleaved {
    std::vector<std::ptrdiff_t> starts;  // in samples
    std::vector<W> weights;              // outputs x lanes
    std::ptrdiff_t lanes;
    std::ptrdiff_t taps;   // of the axis: weights from the (3 * taps)-th lane on are 0 in the first `whole` outputs
    std::ptrdiff_t whole;  // outputs whose windows are not moved, and have a pixel behind their taps

    Interleaved(const Axis<W>& axis, std::ptrdiff_t origin, std::ptrdiff_t width);
};

// The maximum number of outputs whose windows reach any one stretch of `length` pixels.
std::ptrdiff_t overlap(const Axis<float>& axis, std::ptrdiff_t length = 1);

// The resize of one row of interleaved samples; its transpose is spread.hpp's.
void shrink_row(const float* row, const Interleaved<float>& table, std::ptrdiff_t outputs, float* out);

void resize_u8(const PhotoView& photo, const Axis<std::int32_t>& rows, const Axis<std::int32_t>& columns, int threads,
               std::uint8_t* out);

void normalise(const std::uint8_t* pixels, std::ptrdiff_t count, const Channels& channels, float* out);

}  // namespace pp
