// Brightness of the badly exposed part of a 50 x 50 thumbnail.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dispatch.hpp"
#include "exposure.hpp"
#include "imresize.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kSide = 50;
constexpr int kTile = 1024;  // sums of one tile stay in the first-level cache

// sums += the weighted rows; four at a time, so that the sums are loaded and stored once for four.
PP_CLONES void accumulate(const std::uint8_t* PP_RESTRICT source, std::ptrdiff_t stride, const double* weights,
                          int rows, int count, double* PP_RESTRICT sums) {
    int t = 0;
    for (; t + 4 <= rows; t += 4) {
        const std::uint8_t *a = source + t * stride, *b = a + stride, *c = b + stride, *d = c + stride;
        const double wa = weights[t], wb = weights[t + 1], wc = weights[t + 2], wd = weights[t + 3];
        for (int i = 0; i < count; ++i) sums[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
    }
    for (; t < rows; ++t) {
        const std::uint8_t* a = source + t * stride;
        for (int i = 0; i < count; ++i) sums[i] += weights[t] * a[i];
    }
}

PP_CLONES void mark_dark(const float* PP_RESTRICT row, float threshold, int width, std::uint8_t* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) out[x] = row[x] < threshold ? 255 : 0;
}

// An 8-bit image of `channels` interleaved samples, resized to kSide x kSide in fp64.
class Thumbnail {
  public:
    Thumbnail(const std::uint8_t* source, int height, int width, int channels, Team& team)
        : source_(source),
          length_(width * channels),
          channels_(channels),
          down_(height, kSide),
          across_(width, kSide),
          values_(static_cast<std::size_t>(kSide * kSide * channels)) {
        team.rows(kSide, 1 + 2048 / height * (1 + 2048 / width), [&](int first, int last) {
            std::vector<double> sums(static_cast<std::size_t>(length_));
            for (int i = first; i < last; ++i) shrink_row(i, sums.data());
        });
    }

    double at(int pixel, int channel) const { return values_[static_cast<std::size_t>(pixel * channels_ + channel)]; }

  private:
    void shrink_row(int i, double* sums) {
        const int top = down_.first[static_cast<std::size_t>(i)];
        const double* weights = down_.weights.data() + static_cast<std::ptrdiff_t>(i) * down_.span;
        std::fill(sums, sums + length_, 0.0);
        for (int start = 0; start < length_; start += kTile) {
            const int count = std::min(kTile, length_ - start);
            const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(top) * length_ + start;
            accumulate(source_ + offset, length_, weights, down_.span, count, sums + start);
        }
        for (int x = 0; x < kSide; ++x) {
            const double* across = across_.weights.data() + static_cast<std::ptrdiff_t>(x) * across_.span;
            const int left = across_.first[static_cast<std::size_t>(x)];
            for (int c = 0; c < channels_; ++c) {
                double sum = 0;
                for (int t = 0; t < across_.span; ++t) sum += across[t] * sums[(left + t) * channels_ + c];
                values_[static_cast<std::size_t>((i * kSide + x) * channels_ + c)] = sum;
            }
        }
    }

    const std::uint8_t* source_;
    int length_, channels_;
    Axis down_, across_;
    std::vector<double> values_;
};

// Rounded to 2^-16 of a grey level, so that a plain colour gives one value; scaled to 1.
double level_of(double value) { return std::max(std::floor(value * 65536 + 0.5) / 65536, 0.0) / 255; }

}  // namespace

std::vector<double> exposure_samples(const std::uint8_t* photo, const double* illumination, int height, int width,
                                     float threshold, int threads) {
    const int grain = 1 + (1 << 18) / width;
    Team team(threads, height, grain);
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
    team.rows(height, grain, [&](int first, int last) {
        Enlarger enlarger(illumination, height, width);
        for (int y = first; y < last; ++y) {
            mark_dark(enlarger.row(y), threshold, width, mask.data() + static_cast<std::ptrdiff_t>(y) * width);
        }
    });
    const Thumbnail bad(mask.data(), height, width, 1, team), colours(photo, height, width, 3, team);
    std::vector<double> samples;
    for (int i = 0; i < kSide * kSide; ++i) {
        if (bad.at(i, 0) <= 128) continue;
        samples.push_back(
            std::cbrt(level_of(colours.at(i, 0)) * level_of(colours.at(i, 1)) * level_of(colours.at(i, 2))));
    }
    std::sort(samples.begin(), samples.end());
    return samples;
}

}  // namespace pp
