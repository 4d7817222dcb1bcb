#include "resize.hpp"

#include <algorithm>

#include "dispatch.hpp"
#include "four.hpp"
#include "shrink_u8.hpp"
#include "team.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kBandRows = 128;
constexpr std::ptrdiff_t kGrain = 1 << 21;  // samples of the photo worth a thread
constexpr std::ptrdiff_t kLanes = 24;       // eight pixels: whole vectors, and a multiple of three colours

PP_INLINE std::uint8_t clip8(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::min(std::max(sum >> kFixedBits, 0), 255));
}

// Sums per colour of weights * samples over `lanes` interleaved samples.
PP_INLINE void dot3(const float* PP_RESTRICT samples, const float* PP_RESTRICT weights, std::ptrdiff_t lanes,
                    float* PP_RESTRICT sums) {
    float partial[kLanes] = {};
    std::ptrdiff_t i = 0;
    for (; i + kLanes <= lanes; i += kLanes) {
        for (std::ptrdiff_t j = 0; j < kLanes; ++j) partial[j] += weights[i + j] * samples[i + j];
    }
    for (; i < lanes; i += 3) {
        for (std::ptrdiff_t j = 0; j < 3; ++j) partial[j] += weights[i + j] * samples[i + j];
    }
    for (std::ptrdiff_t j = 0; j < 12; ++j) partial[j] += partial[j + 12];
    for (std::ptrdiff_t j = 0; j < 6; ++j) partial[j] += partial[j + 6];
    for (std::ptrdiff_t j = 0; j < 3; ++j) sums[j] = partial[j] + partial[j + 3];
}

PP_CLONES void weigh_rows_u8(const std::uint8_t* rows, std::ptrdiff_t stride, const std::int32_t* weights,
                             std::ptrdiff_t taps, std::int32_t* PP_RESTRICT sums, std::uint8_t* PP_RESTRICT out) {
    std::fill(sums, sums + stride, 1 << (kFixedBits - 1));
    for (std::ptrdiff_t t = 0; t < taps; ++t) {
        const std::int32_t weight = weights[t];
        const std::uint8_t* row = rows + t * stride;
        for (std::ptrdiff_t i = 0; i < stride; ++i) sums[i] += weight * row[i];
    }
    for (std::ptrdiff_t i = 0; i < stride; ++i) out[i] = clip8(sums[i]);
}

// Sums per colour of the taps First, First + Step, .. of Taps, and of one sample more: in the order of dot3.
template <int Taps, int First, int Step>
PP_INLINE Four folded(const float* samples, const float* weights) {
    if constexpr (Step == 8) {
        return weights[3 * First] * load_four(samples + 3 * First);
    } else if constexpr (First + Step < Taps) {
        return folded<Taps, First, 2 * Step>(samples, weights) + folded<Taps, First + Step, 2 * Step>(samples, weights);
    } else {
        return folded<Taps, First, 2 * Step>(samples, weights);
    }
}

// The outputs whose windows hold up to eight taps, a pixel at a time: no lane is multiplied by 0. Writes a value more.
PP_CLONES void dot_few(const float* row, const std::ptrdiff_t* starts, const float* weights, std::ptrdiff_t outputs,
                       std::ptrdiff_t taps, float* out) {
    const Four zero{};  // dot3 begins with it, so that no sum is -0
    as_constant<8>(taps, [&](auto few) PP_INLINED {
        for (std::ptrdiff_t x = 0; x < outputs; ++x) {
            store_four(zero + folded<few, 0, 1>(row + starts[x], weights + x * kLanes), out + 3 * x);
        }
    });
}

PP_CLONES void dot_rows(const float* row, const std::ptrdiff_t* starts, const float* weights, std::ptrdiff_t outputs,
                        std::ptrdiff_t lanes, float* PP_RESTRICT out) {
    for (std::ptrdiff_t x = 0; x < outputs; ++x) dot3(row + starts[x], weights + x * lanes, lanes, out + 3 * x);
}

// Outputs `begin` to `end` - 1 of the columns, `stride` samples each, of the rows that `across` shrinks.
template <typename Across>
void shrink_down(const Across& across, const Axis<std::int32_t>& rows, std::ptrdiff_t begin, std::ptrdiff_t end,
                 std::ptrdiff_t stride, std::uint8_t* out) {
    // The shrunk rows that a few outputs read: small enough for the cache.
    std::vector<std::uint8_t> band((rows.taps + kBandRows) * stride);
    std::vector<std::int32_t> sums(stride);
    const std::ptrdiff_t bottom = rows.starts[end - 1] + rows.taps;
    std::ptrdiff_t first = 0, last = rows.starts[begin];  // of the rows in the band
    for (std::ptrdiff_t y = begin; y < end; ++y) {
        if (rows.starts[y] + rows.taps > last) {
            const std::ptrdiff_t kept = std::max<std::ptrdiff_t>(last - rows.starts[y], 0);
            if (kept > 0) std::copy_n(band.data() + (rows.starts[y] - first) * stride, kept * stride, band.data());
            first = rows.starts[y];
            const std::ptrdiff_t until = std::min(bottom, first + rows.taps + kBandRows);
            across(first + kept, until, band.data() + kept * stride);
            last = until;
        }
        weigh_rows_u8(band.data() + (rows.starts[y] - first) * stride, stride, rows.weights + y * rows.taps, rows.taps,
                      sums.data(), out + y * stride);
    }
}

}  // namespace

template <typename W>
Interleaved<W>::Interleaved(const Axis<W>& axis, std::ptrdiff_t origin, std::ptrdiff_t width) {
    const std::ptrdiff_t vectors = (axis.taps + 7) / 8 * 8;
    const std::ptrdiff_t room = vectors <= width ? vectors : axis.taps;
    lanes = 3 * room;
    taps = axis.taps;
    whole = 0;
    starts.resize(axis.outputs);
    weights.assign(axis.outputs * lanes, W(0));
    for (std::ptrdiff_t x = 0; x < axis.outputs; ++x) {
        const std::ptrdiff_t wanted = axis.starts[x] - origin;
        const std::ptrdiff_t start = std::min(wanted, width - room);
        if (start == wanted && start + taps < width) whole = x + 1;
        starts[x] = 3 * start;
        W* target = weights.data() + x * lanes + 3 * (wanted - start);
        for (std::ptrdiff_t t = 0; t < axis.taps; ++t) {
            for (int c = 0; c < 3; ++c) target[3 * t + c] = axis.weights[x * axis.taps + t];
        }
    }
}

template struct Interleaved<float>;
template struct Interleaved<std::int32_t>;

std::ptrdiff_t overlap(const Axis<float>& axis, std::ptrdiff_t length) {
    std::ptrdiff_t most = 1;
    std::ptrdiff_t oldest = 0;
    for (std::ptrdiff_t output = 0; output < axis.outputs; ++output) {
        while (axis.starts[oldest] + axis.taps + length - 1 <= axis.starts[output]) ++oldest;
        most = std::max(most, output - oldest + 1);
    }
    return most;
}

void shrink_row(const float* row, const Interleaved<float>& table, std::ptrdiff_t outputs, float* out) {
    const std::ptrdiff_t first = table.lanes == kLanes ? std::min(table.whole, outputs - 1) : 0;
    if (first > 0) dot_few(row, table.starts.data(), table.weights.data(), first, table.taps, out);
    dot_rows(row, table.starts.data() + first, table.weights.data() + first * table.lanes, outputs - first, table.lanes,
             out + 3 * first);
}

void resize_u8(const PhotoView& photo, const Axis<std::int32_t>& rows, const Axis<std::int32_t>& columns, int threads,
               std::uint8_t* out) {
    const std::ptrdiff_t stride = 3 * columns.outputs;
    const std::ptrdiff_t width = 3 * photo.width;
    const bool same_width = copies(columns, 1 << kFixedBits);
    const RowShrinker shrink(columns, photo.width);
    const auto across = [&](std::ptrdiff_t first, std::ptrdiff_t last, std::uint8_t* target) {
        const std::uint8_t* source = photo.pixels + first * width;
        if (!same_width) return shrink(source, last - first, (photo.height - first) * width, target);
        for (std::ptrdiff_t r = 0; r < last - first; ++r) {
            std::copy_n(source + r * width + 3 * columns.first(), stride, target + r * stride);
        }
    };
    if (copies(rows, 1 << kFixedBits)) return across(rows.first(), rows.end(), out);
    const std::ptrdiff_t samples = (rows.end() - rows.first()) * width, least = rows.outputs * kGrain / samples + 1;
    const int outputs = static_cast<int>(rows.outputs), grain = static_cast<int>(least);
    Team(threads, outputs, grain).rows(outputs, grain, [&](int first, int last) {
        shrink_down(across, rows, first, last, stride, out);
    });
}

PP_CLONES void normalise(const std::uint8_t* pixels, std::ptrdiff_t count, const Channels& channels, float* out) {
    for (int c = 0; c < 3; ++c) {
        const float gain = channels.gain[c];
        const float bias = channels.bias[c];
        const std::uint8_t* source = pixels + channels.order[c];
        float* PP_RESTRICT target = out + c * count;
        for (std::ptrdiff_t i = 0; i < count; ++i) target[i] = static_cast<float>(source[3 * i]) * gain + bias;
    }
}

}  // namespace pp
