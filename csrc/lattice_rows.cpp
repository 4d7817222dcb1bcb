#include "lattice_rows.hpp"

#include <algorithm>

#include "dispatch.hpp"

namespace pp {

namespace {

// sums[i] = sum over taps of weights[t] * (photo * units + offset), in units; rows are `stride` samples apart.
PP_CLONES void weigh_lattice_rows(const std::uint8_t* photo, const std::int8_t* offsets, int units,
                                  std::ptrdiff_t stride, std::ptrdiff_t samples, const float* weights,
                                  std::ptrdiff_t taps, float* PP_RESTRICT sums) {
    std::fill(sums, sums + samples, 0.0f);
    std::ptrdiff_t t = 0;
    for (; t + 4 <= taps; t += 4) {  // four rows a visit: a quarter of the traffic on sums
        const std::uint8_t* p = photo + t * stride;
        const std::int8_t* m = offsets + t * stride;
        const float w0 = weights[t], w1 = weights[t + 1], w2 = weights[t + 2], w3 = weights[t + 3];
        for (std::ptrdiff_t i = 0; i < samples; ++i) {
            const float v0 = static_cast<float>(p[i] * units + m[i]);
            const float v1 = static_cast<float>(p[i + stride] * units + m[i + stride]);
            const float v2 = static_cast<float>(p[i + 2 * stride] * units + m[i + 2 * stride]);
            const float v3 = static_cast<float>(p[i + 3 * stride] * units + m[i + 3 * stride]);
            sums[i] += (w0 * v0 + w1 * v1) + (w2 * v2 + w3 * v3);
        }
    }
    for (; t < taps; ++t) {
        const std::uint8_t* p = photo + t * stride;
        const std::int8_t* m = offsets + t * stride;
        const float weight = weights[t];
        for (std::ptrdiff_t i = 0; i < samples; ++i) sums[i] += weight * static_cast<float>(p[i] * units + m[i]);
    }
}

// One interleaved row into its place in the three planes.
PP_CLONES void store_planes(const float* row, std::ptrdiff_t outputs, const Channels& channels, float scale,
                            std::ptrdiff_t plane, float* PP_RESTRICT out) {
    for (int c = 0; c < 3; ++c) {
        const float gain = channels.gain[c] * scale;
        const float bias = channels.bias[c];
        const float* source = row + channels.order[c];
        float* target = out + c * plane;
        for (std::ptrdiff_t x = 0; x < outputs; ++x) target[x] = source[3 * x] * gain + bias;
    }
}

// One row of pixels that is only cropped, likewise. All planes in one visit, so that whole vectors are loaded and
// parted.
PP_CLONES void store_pixels(const std::uint8_t* photo, const std::int8_t* offsets, int units, std::ptrdiff_t outputs,
                            const Channels& channels, float scale, std::ptrdiff_t plane, float* out) {
    float* targets[3];
    float gains[3], biases[3];
    for (int c = 0; c < 3; ++c) {
        targets[channels.order[c]] = out + c * plane;
        gains[channels.order[c]] = channels.gain[c] * scale;
        biases[channels.order[c]] = channels.bias[c];
    }
    float *PP_RESTRICT r = targets[0], *PP_RESTRICT g = targets[1], *PP_RESTRICT b = targets[2];
    const float gain_r = gains[0], gain_g = gains[1], gain_b = gains[2];
    const float bias_r = biases[0], bias_g = biases[1], bias_b = biases[2];
    for (std::ptrdiff_t x = 0; x < outputs; ++x) {
        r[x] = static_cast<float>(photo[3 * x] * units + offsets[3 * x]) * gain_r + bias_r;
        g[x] = static_cast<float>(photo[3 * x + 1] * units + offsets[3 * x + 1]) * gain_g + bias_g;
        b[x] = static_cast<float>(photo[3 * x + 2] * units + offsets[3 * x + 2]) * gain_b + bias_b;
    }
}

}  // namespace

LatticeRows::LatticeRows(const PhotoView& photo, const std::int8_t* offsets, int units, const Axis<float>& rows,
                         const Axis<float>& columns, const Channels& channels, float* out)
    : photo_(photo),
      offsets_(offsets),
      units_(units),
      rows_(rows),
      columns_(columns),
      channels_(channels),
      out_(out),
      same_width_(copies(columns, 1.0f)),
      same_(same_width_ && copies(rows, 1.0f)),
      table_(columns, columns.first(), columns.end() - columns.first()),
      sums_(3 * (columns.end() - columns.first())),
      small_(3 * columns.outputs) {}

void LatticeRows::read(std::ptrdiff_t end) {
    for (; written_ < rows_.outputs && rows_.starts[written_] + rows_.taps <= end; ++written_) write(written_);
}

void LatticeRows::write(std::ptrdiff_t output) {
    const std::ptrdiff_t corner = 3 * (rows_.starts[output] * photo_.width + columns_.first());
    const std::ptrdiff_t plane = rows_.outputs * columns_.outputs, samples = static_cast<std::ptrdiff_t>(sums_.size());
    const std::uint8_t* pixels = photo_.pixels + corner;
    const std::int8_t* offsets = offsets_ + corner;
    const float scale = 1.0f / static_cast<float>(units_);
    float* target = out_ + output * columns_.outputs;
    if (same_) return store_pixels(pixels, offsets, units_, columns_.outputs, channels_, scale, plane, target);
    weigh_lattice_rows(pixels, offsets, units_, 3 * photo_.width, samples, rows_.weights + output * rows_.taps,
                       rows_.taps, sums_.data());
    if (!same_width_) shrink_row(sums_.data(), table_, columns_.outputs, small_.data());
    store_planes(same_width_ ? sums_.data() : small_.data(), columns_.outputs, channels_, scale, plane, target);
}

void resize_lattice(const PhotoView& photo, const std::int8_t* offsets, int units, const Axis<float>& rows,
                    const Axis<float>& columns, const Channels& channels, float* out) {
    LatticeRows(photo, offsets, units, rows, columns, channels, out).read(photo.height);
}

}  // namespace pp
