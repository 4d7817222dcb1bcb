// One plane of two photos at one scale of SSIMULACRA 2: its part of the weighted difference, and the slope of that.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "ssimulacra2_norms.hpp"
#include "ssimulacra2_rows.hpp"
#include "ssimulacra2_slope_rows.hpp"

namespace pp {

constexpr int kBlurs = 4;  // of the original, the change, its square, and the sum of both photos' squares

class PlaneSlope {
  public:
    // blurs: room for kBlurs planes, each of blur_floats().
    PlaneSlope(int height, int width, const Taps& taps, const std::array<float*, kBlurs>& blurs);

    // Rows are blurred by pairs.
    static std::size_t blur_floats(int height, int width) {
        return static_cast<std::size_t>(height + height % 2) * static_cast<std::size_t>(width);
    }

    // Returns the weighted norms of the maps of planes a and b, and replaces b by the slope by it.
    double replace(const float* a, float* b, Weights of);

  private:
    Powers powers(const float* a, float* b, const Wanted& wanted);
    void add_maps(const MapRow& row, const Wanted& wanted, Powers& sums);
    void find_slopes(const MapRow& row, int y, const Wanted& wanted, const Steepness* of);
    void replace_change(const float* a, float* change, const Wanted& wanted, const Steepness* of);

    static constexpr int kRing = kTaps + 1;  // rows that two blurred ones need

    float* ring(int y, int number) { return rings_.data() + (y % kRing * kBlurs + number) * std::ptrdiff_t{width_}; }
    int mirrored(int y) const { return y < 0 ? -1 - y : (y < height_ ? y : 2 * height_ - 1 - y); }

    // Rows y and y + 1 of a blurred plane, of whose rows row_of() tells where they stand.
    template <typename RowOf>
    void blur(int y, const RowOf& row_of, float* out);

    // One row of the maps' making.
    MapRow map_row(const float* a, const float* change, int y) const;

    const int height_, width_;
    const Taps& taps_;
    const std::array<float*, kBlurs> blurs_;
    std::vector<float> rings_;   // kRing rows of kBlurs planes
    std::vector<float> down_;    // two rows with margins of zeros: beyond the photo's sides all is 0
    std::vector<float> map_;     // whole tiles; what no column stands for stays 0
    std::vector<float> slopes_;  // two rows of what is blurred on the way back
};

}  // namespace pp
