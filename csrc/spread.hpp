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
    std::ptrdiff_t outputs_, samples_;
    std::ptrdiff_t depth_ = 1;            // the most outputs that give to one sample
    std::vector<std::ptrdiff_t> starts_;  // of each output's window in samples, and the end of all
    std::vector<float> weights_;          // depth x samples, see the constructor
};

}  // namespace pp
