#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "dispatch.hpp"
#include "illumination.hpp"

namespace pp {
namespace {

PP_CLONES void weigh(const float* here, const float* next, const float* window_first, const float* window_end,
                     int width, float sharpness, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        const float difference = next[x] - here[x], windowed = window_end[x] - window_first[x];
        out[x] = 1 / (std::fabs(windowed) * std::fabs(difference) + sharpness);
    }
}

// A sum of neighbouring differences is the difference of its ends: the window that is centred on edge i, cut at the
// border, runs from sample first(i) to sample end(i), which is sample 0 where the last (periodic) edge is in it.
struct Window {
    int length, reach;

    int first(int i) const { return std::max(0, i - reach); }
    int end(int i) const { return (std::min(length - 1, i + reach) + 1) % length; }
};

}  // namespace

void texture_weights(const float* luminance, int height, int width, int window, float sharpness, float* w_h,
                     float* w_v) {
    const auto row = [&](int y) { return luminance + static_cast<std::ptrdiff_t>(y) * width; };
    const Window down{height, window / 2}, across{width, window / 2};
    const std::size_t columns = static_cast<std::size_t>(width);
    std::vector<float> next(columns), first(columns), end(columns);
    for (int y = 0; y < height; ++y) {
        const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(y) * width;
        weigh(row(y), row((y + 1) % height), row(down.first(y)), row(down.end(y)), width, sharpness, w_v + offset);
        for (int x = 0; x < width; ++x) {
            const std::size_t i = static_cast<std::size_t>(x);
            next[i] = row(y)[(x + 1) % width];
            first[i] = row(y)[across.first(x)];
            end[i] = row(y)[across.end(x)];
        }
        weigh(row(y), next.data(), first.data(), end.data(), width, sharpness, w_h + offset);
    }
}

}  // namespace pp
