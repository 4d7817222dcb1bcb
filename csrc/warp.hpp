// Rotation and translation with fill, one bilinear gather. kernels/reference/warp.py is the definition; every result
// is the same to the bit, whatever the instruction set and the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "resize.hpp"

namespace pp {

// Source coordinates are rounded to 1/2048 px; all that follows is exact integer arithmetic and one rounding
// (8 bits of grey level and twice 11 bits of weight stay within 31).
constexpr int kSubpixelBits = 11;
constexpr int kSubpixels = 1 << kSubpixelBits;
constexpr int kLongestSide = 1 << 15;  // of a photo: keeps coordinates and tap positions within 32 bits

struct WarpStyle {
    std::uint8_t fill = 0;   // grey level where no photo is
    bool hard_edge = false;  // soft: the last pixel fades into the fill; hard: a pixel is photo or fill
};

// The photo as 32-bit pixels with one more pixel on every side: the fill (soft edge) or the repeated border (hard),
// so that no tap needs a range check.
class PaddedPhoto {
  public:
    PaddedPhoto(const std::uint8_t* rgb, int height, int width, WarpStyle style);

    const std::uint32_t* pixels() const { return pixels_.data(); }
    int height, width, stride;
    WarpStyle style;

  private:
    std::vector<std::uint32_t> pixels_;
};

// The part of the warped photo that is wanted: `rows` x `columns` from (top, left).
struct Window {
    int top, left, rows, columns;
};

// parameters: n rows of (degrees, tx, ty). out: (n, height, width, 3).
void warp_u8(const PaddedPhoto& photo, const double* parameters, std::ptrdiff_t n, std::uint8_t* out, int threads);

// out: (n, 3, window.rows, window.columns), a classifier's input: channel c holds gain[c] * level[order[c]] + bias[c].
void warp_input(const PaddedPhoto& photo, const double* parameters, std::ptrdiff_t n, const Channels& channels,
                Window window, float* out, int threads);

// Fraction of the output's pixels whose value the fill has a share in (hard edge: that are fill). out: (n,).
void filled_area(const double* parameters, std::ptrdiff_t n, int height, int width, bool hard_edge, double* out);

}  // namespace pp
