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
// border, runs from sample max(0, i - reach) to the one after edge min(length - 1, i + reach), which is sample 0 where
// the last (periodic) edge is in it.
class Columns {
  public:
    Columns(int width, int reach) : width_(width), reach_(std::min(reach, width)) {
        line_.resize(static_cast<std::size_t>(width_ + 2 * reach_ + 1));
    }

    void weigh_row(const float* row, float sharpness, float* out) {
        float* start = line_.data() + reach_;
        std::fill(line_.begin(), line_.end(), row[0]);
        std::copy_n(row, width_, start);
        weigh(start, start + 1, start - reach_, start + reach_ + 1, width_, sharpness, out);
    }

  private:
    int width_, reach_;
    std::vector<float> line_;
};

}  // namespace

void texture_weights(const float* luminance, int height, int width, int window, float sharpness, float* w_h,
                     float* w_v) {
    const auto row = [&](int y) { return luminance + static_cast<std::ptrdiff_t>(y) * width; };
    const int reach = std::min(window / 2, height);
    Columns columns(width, window / 2);
    for (int y = 0; y < height; ++y) {
        const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(y) * width;
        const int first = std::max(0, y - reach), end = (std::min(height - 1, y + reach) + 1) % height;
        weigh(row(y), row((y + 1) % height), row(first), row(end), width, sharpness, w_v + offset);
        columns.weigh_row(row(y), sharpness, w_h + offset);
    }
}

}  // namespace pp
