// A float map with one ghost column on either side, so that stencils on a periodic grid need no case at the border.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace pp {

class Plane {
  public:
    Plane() = default;
    Plane(int height, int width)
        : height(height),
          width(width),
          stride_((kPad + static_cast<std::size_t>(width) + kPad) / kPad * kPad),
          data_(static_cast<float*>(::operator new[](bytes(), kAlign))) {
        std::memset(data_.get(), 0, bytes());
    }

    // Column 0 of row y; columns -1 and width are the ghosts.
    float* row(int y) { return data_.get() + kPad + stride_ * static_cast<std::size_t>(y); }
    const float* row(int y) const { return data_.get() + kPad + stride_ * static_cast<std::size_t>(y); }

    // Row y's upper and lower neighbour on the periodic grid.
    const float* above(int y) const { return row(y > 0 ? y - 1 : height - 1); }
    const float* below(int y) const { return row(y + 1 < height ? y + 1 : 0); }

    void wrap(int y) {
        float* line = row(y);
        line[-1] = line[width - 1];
        line[width] = line[0];
    }

    int height = 0, width = 0;

  private:
    static constexpr std::align_val_t kAlign{64};  // rows start on a cache line: no vector crosses two

    struct Free {
        void operator()(float* data) const { ::operator delete[](data, kAlign); }
    };

    std::size_t bytes() const { return sizeof(float) * (stride_ * static_cast<std::size_t>(height) + 2 * kPad); }

    static constexpr std::size_t kPad = 16;
    std::size_t stride_ = 0;
    std::unique_ptr<float[], Free> data_;
};

}  // namespace pp
