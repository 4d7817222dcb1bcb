#include "ssimulacra2_plane.hpp"

#include <algorithm>

namespace pp {
namespace {

enum Blur { kMean, kDifference, kSquare, kPower };
enum BySlope { kBySquare, kByPower, kByDifference, kByChange };

// Adds the powers of a row of whole tiles, of its positive or of its negative values.
void add_row_powers(const std::vector<float>& map, float sign, int kind, Powers& powers) {
    for (std::size_t tile = 0; tile < map.size(); tile += kTile) {
        add_powers(map.data() + tile, sign, &powers[kind], &powers[kKinds + kind]);
    }
}

Steepness steepness(const Powers& powers, Weights of, int kind, double pixels) {
    const double norm = fourth_norm(powers[kKinds + kind], pixels);
    const double inverse = norm > 0 ? 1 / norm : 0;
    return {static_cast<float>(of[kind] / pixels), static_cast<float>(of[kKinds + kind] / pixels),
            static_cast<float>(inverse)};
}

}  // namespace

PlaneSlope::PlaneSlope(int height, int width, const Taps& taps, const std::array<float*, kBlurs>& blurs)
    : height_(height),
      width_(width),
      taps_(taps),
      blurs_(blurs),
      rings_(std::size_t{kRing} * kBlurs * width),
      down_(std::size_t{2} * (2 * kRadius + width)),
      map_((std::size_t{kTile} - 1 + width) / kTile * kTile),
      slopes_(std::size_t{2} * kBlurs * width) {}

double PlaneSlope::replace(const float* a, float* b, Weights of) {
    const double pixels = static_cast<double>(height_) * width_;
    const Wanted wanted(of);
    if (!wanted.any()) {
        std::fill_n(b, std::ptrdiff_t{height_} * width_, 0.0f);
        return 0;
    }
    const Powers sums = powers(a, b, wanted);
    Steepness kinds[kKinds];
    for (int kind = 0; kind < kKinds; ++kind) kinds[kind] = steepness(sums, of, kind, pixels);
    replace_change(a, b, wanted, kinds);
    return weighted(sums.data(), of, pixels);
}

template <typename RowOf>
void PlaneSlope::blur(int y, const RowOf& row_of, float* out) {
    const float* rows[kRing];
    for (int k = 0; k < kRing; ++k) rows[k] = row_of(mirrored(y + k - kRadius));
    float *upper = down_.data() + kRadius, *lower = upper + width_ + 2 * kRadius;
    blurred_pair_down(rows, taps_, width_, upper, lower);
    blurred_across(upper, taps_, width_, out);
    blurred_across(lower, taps_, width_, out + width_);
}

MapRow PlaneSlope::map_row(const float* a, const float* change, int y) const {
    const std::ptrdiff_t at = std::ptrdiff_t{y} * width_;
    return {
        a + at, change + at, blurs_[kMean] + at, blurs_[kDifference] + at, blurs_[kSquare] + at, blurs_[kPower] + at};
}

// Replaces b by its difference from a, and fills the blurs.
Powers PlaneSlope::powers(const float* a, float* b, const Wanted& wanted) {
    Powers sums{};
    int next = 0;
    for (int y = 0; y < height_; y += 2) {
        for (const int ready = std::min(height_, y + kRadius + 2); next < ready; ++next) {
            const std::ptrdiff_t at = std::ptrdiff_t{next} * width_;
            compared(a + at, b + at, width_, ring(next, kSquare), ring(next, kPower));
        }
        const std::ptrdiff_t at = std::ptrdiff_t{y} * width_;
        blur(y, [&](int row) { return a + std::ptrdiff_t{row} * width_; }, blurs_[kMean] + at);
        blur(y, [&](int row) { return b + std::ptrdiff_t{row} * width_; }, blurs_[kDifference] + at);
        for (const int number : {kSquare, kPower}) {
            if (wanted.structure) blur(y, [&](int row) { return ring(row, number); }, blurs_[number] + at);
        }
        for (int row = y; row < std::min(height_, y + 2); ++row) add_maps(map_row(a, b, row), wanted, sums);
    }
    return sums;
}

// Adds the powers of a row of every map.
void PlaneSlope::add_maps(const MapRow& row, const Wanted& wanted, Powers& sums) {
    if (wanted.structure) {
        structures(row.mean, row.difference, row.square, row.power, width_, map_.data());
        add_row_powers(map_, 1, 0, sums);
    }
    if (wanted.edges) {
        edges(row.mean, row.difference, row.a, row.change, width_, map_.data());
        add_row_powers(map_, 1, 1, sums);
        add_row_powers(map_, -1, 2, sums);
    }
}

void PlaneSlope::replace_change(const float* a, float* change, const Wanted& wanted, const Steepness* of) {
    // What has no weight stays 0.
    std::fill(rings_.begin(), rings_.end(), 0.0f);
    std::fill(slopes_.begin(), slopes_.end(), 0.0f);
    const auto slopes = [&](int number) { return slopes_.data() + std::ptrdiff_t{2} * number * width_; };
    int next = 0;
    for (int y = 0; y < height_; y += 2) {
        for (const int ready = std::min(height_, y + kRadius + 2); next < ready; ++next) {
            find_slopes(map_row(a, change, next), next, wanted, of);
        }
        for (const int number : {kBySquare, kByPower, kByDifference}) {
            if (number != kByDifference && !wanted.structure) continue;
            blur(y, [&](int row) { return ring(row, number); }, slopes(number));
        }
        for (int row = y; row < std::min(height_, y + 2); ++row) {
            const std::ptrdiff_t at = std::ptrdiff_t{row} * width_, below = std::ptrdiff_t{row - y} * width_;
            add_up_slopes(a + at, ring(row, kByChange), slopes(kByDifference) + below, slopes(kBySquare) + below,
                          slopes(kByPower) + below, width_, change + at);
        }
    }
}

// Fills the ring's row y.
void PlaneSlope::find_slopes(const MapRow& row, int y, const Wanted& wanted, const Steepness* of) {
    float* by_difference = ring(y, kByDifference);
    if (wanted.structure) {
        structure_slopes(row, of[0], width_, by_difference, ring(y, kBySquare), ring(y, kByPower));
    } else {
        std::fill_n(by_difference, width_, 0.0f);
    }
    if (wanted.edges) edge_slopes(row, of[1], of[2], width_, ring(y, kByChange), by_difference);
}

}  // namespace pp
