// The transpose of a resize along a row of interleaved samples.
#pragma once

#include "resize.hpp"

namespace pp {

class RowSpreader {
  public:
    explicit RowSpreader(const Axis<float>& axis);

    // Rows that are taken in one visit share the loads of weights.
    static constexpr std::ptrdiff_t kTogether = 4;

    // What each of `count` rows of outputs x 3 values makes of the pixels that the axis reads: 3 * (axis.end -
    // axis.first) samples, overwritten. At most kTogether rows. Any thread may call.
    void operator()(const float* const* values, std::ptrdiff_t count, float* const* out) const;

  private:
    std::ptrdiff_t outputs_, pixels_;
    bool narrow_;                         // outputs begin close to each other: each pixel is summed by itself
    std::ptrdiff_t depth_ = 1;            // the maximum number of outputs that give to one pixel
    std::vector<std::ptrdiff_t> starts_;  // of each output's window in samples, and the end of all
    std::vector<std::ptrdiff_t> own_;     // of each pixel, the last output whose window has begun
    // What the k-th output before its own gives to a pixel: at [pixel][k] if narrow, else for each sample at
    // [k][sample].
    std::vector<float> weights_;
};

}  // namespace pp
