// The rows of Pillow's 8-bit resize taken along the width, in integers throughout: the sums of 22-bit weights and 8-bit
// samples are exact, so every method gives the same bytes.
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

    // rows: count x 3 * width samples, of which `readable` may be read (more where other rows follow). Writes
    // count x 3 * outputs.
    void operator()(const std::uint8_t* rows, std::ptrdiff_t count, std::ptrdiff_t readable, std::uint8_t* out) const;

  private:
    enum class Method { plain, pairs, quads };

    static Method fastest();
    void split_in_halves();
    void split_in_digits();

    template <int Rows>
    void shrink(const std::uint8_t* rows, std::ptrdiff_t stride, std::ptrdiff_t readable, std::uint8_t* out) const;

    std::ptrdiff_t outputs_;
    std::ptrdiff_t width_;
    Interleaved<std::int32_t> table_;
    Method method_;
    std::ptrdiff_t groups_;             // of eight pixels an output
    std::vector<std::int16_t> halves_;  // pairs: outputs x groups x 2 x (16 high parts, 16 low parts)
    std::vector<std::int8_t> digits_;   // quads: outputs x groups x (32 lowest, 32 middle, 32 highest digits)
};

}  // namespace pp
