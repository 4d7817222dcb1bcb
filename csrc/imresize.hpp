// MATLAB's bicubic imresize, in the forms that Ying's method needs; kernels/reference/imresize.py defines it.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace pp {

// An index folded into [0, length): ... 1 0 | 0 1 ... n-1 | n-1 n-2 ...
inline int mirrored(int index, int length) {
    const int period = 2 * length;
    index = ((index % period) + period) % period;
    return index < length ? index : period - 1 - index;
}

// One axis: target sample i is the sum over t of weights[i * span + t] * source[first[i] + t]. Weights of mirrored
// samples are added to those of the samples they repeat, so that every tap lies inside the source.
struct Axis {
    Axis(int source, int target);

    int span;
    std::vector<int> first;
    std::vector<double> weights;
};

// The last `Rows` different rows that were asked for, each computed once. Fits windows that move downwards: the rows
// of one window must be different modulo `Rows`.
template <typename T, int Rows>
class RowRing {
  public:
    explicit RowRing(int width) : width_(static_cast<std::size_t>(width)), lines_(width_ * Rows) { held_.fill(-1); }

    template <typename Fill>
    const T* get(int row, const Fill& fill) {
        const std::size_t slot = static_cast<std::size_t>(row % Rows);
        T* line = lines_.data() + slot * width_;
        if (held_[slot] != row) {
            fill(line);
            held_[slot] = row;
        }
        return line;
    }

  private:
    std::size_t width_;
    std::vector<T> lines_;
    std::array<int, Rows> held_;
};

// The half-size map enlarged to height x width (each twice the map's, or one less), row by row, from top to bottom.
class Enlarger {
  public:
    Enlarger(const double* map, int height, int width);

    // Row y of the enlarged map: `width` values, valid until the next call.
    const float* row(int y);

  private:
    static constexpr int kTaps = 5;  // four of the cubic; their place shifts by one along an odd axis
    using Phase = std::array<std::vector<float>, kTaps>;

    static std::array<Phase, 2> phases(int length);
    void widen(int map_row, float* line);

    const double* map_;
    int map_height_, map_width_;
    std::array<Phase, 2> across_, down_;
    std::vector<float> padded_, out_;
    RowRing<float, kTaps> ring_;
};

}  // namespace pp
