// imresize(max(R, G, B), 0.5) in one pass from 8-bit pixels, in exact integer arithmetic: at scale 1/2 the stretched
// cubic's eight weights are multiples of 1/256 and the same for every sample.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "dispatch.hpp"
#include "illumination.hpp"
#include "imresize.hpp"
#include "team.hpp"

namespace pp {
namespace {

// Weights times 256 at distances 1/2, 3/2, 5/2 and 7/2 from the centre, which lies between two samples.
constexpr std::int32_t kNear = 111, kSecond = 29, kThird = -9, kFar = -3;
constexpr double kUnit = 1.0 / (255.0 * 256.0 * 256.0);
constexpr int kTaps = 8;
constexpr int kGrain = 64;  // rows worth a thread
constexpr int kReach = 2;   // pairs of samples on either side

struct HalfRow {
    explicit HalfRow(int width)
        : width(width),
          half((width + 1) / 2),
          largest(static_cast<std::size_t>(width)),
          even(static_cast<std::size_t>(half) + 2 * kReach),
          odd(even.size()) {}

    int width, half;
    std::vector<std::uint8_t> largest;
    std::vector<std::int32_t> even, odd;  // samples 2 i and 2 i + 1, with kReach mirrored ones on either side
};

PP_CLONES void largest_channel(const std::uint8_t* PP_RESTRICT pixels, int width, std::uint8_t* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        const std::uint8_t r = pixels[3 * x], g = pixels[3 * x + 1], b = pixels[3 * x + 2];
        const std::uint8_t rg = r > g ? r : g;
        out[x] = rg > b ? rg : b;
    }
}

PP_CLONES void split(const std::uint8_t* PP_RESTRICT samples, int pairs, std::int32_t* PP_RESTRICT even,
                     std::int32_t* PP_RESTRICT odd) {
    for (int i = 0; i < pairs; ++i) {
        even[i] = samples[2 * i];
        odd[i] = samples[2 * i + 1];
    }
}

PP_CLONES void halve(const std::int32_t* even, const std::int32_t* odd, int half, std::int32_t* PP_RESTRICT out) {
    for (int i = 0; i < half; ++i) {
        out[i] = kNear * (even[i] + odd[i]) + kSecond * (odd[i - 1] + even[i + 1]) +
                 kThird * (even[i - 1] + odd[i + 1]) + kFar * (odd[i - 2] + even[i + 2]);
    }
}

PP_CLONES void combine(const std::int32_t* const* rows, int half, float* PP_RESTRICT out) {
    for (int i = 0; i < half; ++i) {
        const std::int32_t sum = kNear * (rows[3][i] + rows[4][i]) + kSecond * (rows[2][i] + rows[5][i]) +
                                 kThird * (rows[1][i] + rows[6][i]) + kFar * (rows[0][i] + rows[7][i]);
        out[i] = static_cast<float>(sum * kUnit);
    }
}

void halve_row(const std::uint8_t* pixels, HalfRow& row, std::int32_t* out) {
    largest_channel(pixels, row.width, row.largest.data());
    const int whole = row.width / 2;
    split(row.largest.data(), whole, row.even.data() + kReach, row.odd.data() + kReach);
    const auto fill = [&](int i) {
        row.even[static_cast<std::size_t>(i + kReach)] =
            row.largest[static_cast<std::size_t>(mirrored(2 * i, row.width))];
        row.odd[static_cast<std::size_t>(i + kReach)] =
            row.largest[static_cast<std::size_t>(mirrored(2 * i + 1, row.width))];
    };
    for (int i = -kReach; i < 0; ++i) fill(i);
    for (int i = whole; i < row.half + kReach; ++i) fill(i);
    halve(row.even.data() + kReach, row.odd.data() + kReach, row.half, out);
}

}  // namespace

void half_luminance(const std::uint8_t* photo, int height, int width, int threads, float* out) {
    const int half = (width + 1) / 2, half_height = (height + 1) / 2;
    const auto work = [&](int first, int last) {
        HalfRow scratch(width);
        RowRing<std::int32_t, kTaps> ring(half);
        for (int i = first; i < last; ++i) {
            const std::int32_t* rows[kTaps];
            for (int tap = 0; tap < kTaps; ++tap) {
                const int y = mirrored(2 * i - 3 + tap, height);
                rows[tap] = ring.get(y, [&](std::int32_t* line) {
                    halve_row(photo + 3 * static_cast<std::size_t>(y) * static_cast<std::size_t>(width), scratch, line);
                });
            }
            combine(rows, half, out + static_cast<std::size_t>(i) * static_cast<std::size_t>(half));
        }
    };
    Team(threads, half_height, kGrain).rows(half_height, kGrain, work);
}

}  // namespace pp
