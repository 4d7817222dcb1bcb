// The unrounded resize of a lattice iterate into a network's input. Definition: kernels/reference/resize.py.
#pragma once

#include "resize.hpp"

namespace pp {

// One row of the input after the other from the top, each as soon as the rows of the photo that it reads are final.
class LatticeRows {
  public:
    LatticeRows(const PhotoView& photo, const std::int8_t* offsets, int units, const Axis<float>& rows,
                const Axis<float>& columns, const Channels& channels, float* out);

    // Writes the rows of the input that read none of the photo's rows from `end` on.
    void read(std::ptrdiff_t end);

  private:
    void write(std::ptrdiff_t output);

    PhotoView photo_;
    const std::int8_t* offsets_;
    int units_;
    Axis<float> rows_;
    Axis<float> columns_;
    Channels channels_;
    float* out_;
    bool same_width_;  // columns are only cropped
    bool same_;        // so are rows
    Interleaved<float> table_;
    std::ptrdiff_t written_ = 0;  // rows of the input
    std::vector<float> sums_;
    std::vector<float> small_;
};

void resize_lattice(const PhotoView& photo, const std::int8_t* offsets, int units, const Axis<float>& rows,
                    const Axis<float>& columns, const Channels& channels, float* out);

}  // namespace pp
