// The transpose of a resize along a row of interleaved samples.
#pragma once

#include "resize.hpp"

namespace pp {

class RowSpreader {
  public:
    explicit RowSpreader(const Axis<float>& axis);

    // What outputs x 3 values make of each pixel that the axis reads: 3 * (axis.end - axis.first) samples, overwritten.
    // Any thread may call.
    void operator()(const float* values, float* out) const;

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
