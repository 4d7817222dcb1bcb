// One row of Pillow's 8-bit resize along the width, in integers throughout: the sums of 22-bit weights and 8-bit samples
// are exact, so every way to compute them gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "resize.hpp"

namespace pp {

constexpr int kFixedBits = 22;

class RowShrinker {
  public:
    RowShrinker(const Axis<std::int32_t>& columns, std::ptrdiff_t width);

    // row: 3 * width samples, of which `readable` may be read (more where other rows follow). out: 3 * outputs.
    void operator()(const std::uint8_t* row, std::ptrdiff_t readable, std::uint8_t* out) const;

  private:
    std::ptrdiff_t outputs_;
    Interleaved<std::int32_t> table_;
    std::ptrdiff_t groups_ = 0;         // of four pixels an output; 0: the processor lacks AVX2
    std::vector<std::int16_t> halves_;  // outputs x groups x (16 high parts, 16 low parts)
};

}  // namespace pp
