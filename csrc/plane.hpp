// A float map with one ghost column on either side, so that stencils on a periodic grid need no case at the border.
#pragma once

#include <cstddef>

#include "arena.hpp"

namespace pp {

class Plane {
  public:
    // Not initialised.
    Plane(int height, int width, Arena& arena)
        : height(height), width(width), stride_(stride(width)), data_(arena.take(floats(height, width)) + kPad) {}

    // What it takes from the arena.
    static std::size_t floats(int height, int width) {
        return stride(width) * static_cast<std::size_t>(height) + 2 * kPad;
    }

    // Column 0 of row y, on a cache line; columns -1 and width are the ghosts.
    float* row(int y) { return data_ + stride_ * static_cast<std::size_t>(y); }
    const float* row(int y) const { return data_ + stride_ * static_cast<std::size_t>(y); }

    // Row y's upper and lower neighbour on the periodic grid.
    const float* above(int y) const { return row(y > 0 ? y - 1 : height - 1); }
    const float* below(int y) const { return row(y + 1 < height ? y + 1 : 0); }

    void wrap(int y) {
        float* line = row(y);
        line[-1] = line[width - 1];
        line[width] = line[0];
    }

    int height, width;

  private:
    static constexpr std::size_t kPad = Arena::kLine;

    static std::size_t stride(int width) { return Arena::rounded(static_cast<std::size_t>(width) + 1) + kPad; }

    std::size_t stride_;
    float* data_;
};

}  // namespace pp
