#include "cartoon_filter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr int kLanes = 4;  // red, green, blue and nothing: one vector a pixel in the recursions

PP_INLINE std::uint8_t rounded(float level) {
    const float clamped = std::min(std::max(0.0f, level), 255.0f);  // in this order NaN gives 0
    return static_cast<std::uint8_t>(static_cast<int>(clamped + 0.5f));
}

PP_INLINE float luma(float red, float green, float blue) { return 0.299f * red + 0.587f * green + 0.114f * blue; }

// A row of `channels` interleaved values with room to repeat its border pixels on both sides.
class BorderedRow {
  public:
    BorderedRow(int width, int channels, int radius)
        : width_(width), channels_(channels), radius_(radius), values_((width + 2 * radius) * std::size_t(channels)) {}

    float* pixels() { return values_.data() + std::ptrdiff_t(radius_) * channels_; }

    void repeat_border() {
        float* first = pixels();
        const float* last = first + std::ptrdiff_t(width_ - 1) * channels_;
        for (int i = 0; i < radius_ * channels_; ++i) {
            first[i - std::ptrdiff_t(radius_) * channels_] = first[i % channels_];
            first[std::ptrdiff_t(width_) * channels_ + i] = last[i % channels_];
        }
    }

  private:
    int width_, channels_, radius_;
    std::vector<float> values_;
};

template <typename T>
PP_CLONES void weigh_centre(const T* PP_RESTRICT centre, float weight, std::ptrdiff_t n, float* PP_RESTRICT sum) {
    for (std::ptrdiff_t i = 0; i < n; ++i) sum[i] = static_cast<float>(centre[i]) * weight;
}

template <typename T>
PP_CLONES void weigh_pair(const T* before, const T* after, float weight, std::ptrdiff_t n, float* PP_RESTRICT sum) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        sum[i] += weight * (static_cast<float>(before[i]) + static_cast<float>(after[i]));
    }
}

// The kernel's sums along a bordered row whose pixels are `step` values apart.
void along(const float* centre, HalfKernel kernel, int step, std::ptrdiff_t n, float* sum) {
    weigh_centre(centre, kernel.weight[0], n, sum);
    for (int k = 1; k <= kernel.radius; ++k) {
        weigh_pair(centre - std::ptrdiff_t(k) * step, centre + std::ptrdiff_t(k) * step, kernel.weight[k], n, sum);
    }
}

// The kernel's sums across rows; row(y) is valid for 0 <= y < height, and the border rows repeat.
template <typename Row>
void across_rows(const Row& row, int y, int height, HalfKernel kernel, std::ptrdiff_t n, float* sum) {
    weigh_centre(row(y), kernel.weight[0], n, sum);
    for (int k = 1; k <= kernel.radius; ++k) {
        weigh_pair(row(std::max(y - k, 0)), row(std::min(y + k, height - 1)), kernel.weight[k], n, sum);
    }
}

PP_CLONES void round_row(const float* PP_RESTRICT values, std::ptrdiff_t n, std::uint8_t* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < n; ++i) out[i] = rounded(values[i]);
}

void blur_photo(const std::uint8_t* photo, int height, int width, HalfKernel blur, std::uint8_t* out) {
    const std::ptrdiff_t samples = 3 * std::ptrdiff_t(width);
    BorderedRow sums(width, 3, blur.radius);
    std::vector<float> blurred(samples);
    for (int y = 0; y < height; ++y) {
        across_rows([&](int at) { return photo + at * samples; }, y, height, blur, samples, sums.pixels());
        sums.repeat_border();
        along(sums.pixels(), blur, 3, samples, blurred.data());
        round_row(blurred.data(), samples, out + y * samples);
    }
}

// Shares between each pixel of two guide rows; the same row one pixel on makes them horizontal.
PP_CLONES void share_row(const std::uint8_t* a, const std::uint8_t* b, const float* PP_RESTRICT share, int n,
                         float* PP_RESTRICT out) {
    for (int x = 0; x < n; ++x) {
        out[x] = share[std::abs(a[3 * x] - b[3 * x]) + std::abs(a[3 * x + 1] - b[3 * x + 1]) +
                       std::abs(a[3 * x + 2] - b[3 * x + 2])];
    }
}

PP_INLINE void mix(float* PP_RESTRICT pixel, const float* PP_RESTRICT other, float share) {
    for (int c = 0; c < kLanes; ++c) pixel[c] += share * (other[c] - pixel[c]);
}

PP_CLONES void there_and_back(float* row, const float* PP_RESTRICT share, int width) {
    for (int x = 1; x < width; ++x) mix(row + kLanes * x, row + kLanes * (x - 1), share[x - 1]);
    for (int x = width - 2; x >= 0; --x) mix(row + kLanes * x, row + kLanes * (x + 1), share[x]);
}

PP_CLONES void mix_rows(float* PP_RESTRICT row, const float* PP_RESTRICT other, const float* PP_RESTRICT share,
                        int width) {
    for (int x = 0; x < width; ++x) mix(row + kLanes * x, other + kLanes * x, share[x]);
}

PP_CLONES void load_row(const std::uint8_t* PP_RESTRICT photo, int width, float* PP_RESTRICT row) {
    for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) row[kLanes * x + c] = photo[3 * x + c];
        row[kLanes * x + 3] = 0.0f;
    }
}

PP_CLONES void store_row(const float* PP_RESTRICT row, int width, std::uint8_t* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) out[3 * x + c] = rounded(row[kLanes * x + c]);
    }
}

// One pass of the recursive filter, guided. The step down is taken together with the rows' own passes, while they are
// in the cache. `photo`: load each row from there first, or null.
void smooth_once(const std::uint8_t* photo, const std::uint8_t* guide, int height, int width, const float* share,
                 float* image) {
    const std::ptrdiff_t pitch = std::ptrdiff_t(kLanes) * width, samples = 3 * std::ptrdiff_t(width);
    std::vector<float> shares(width);
    for (int y = 0; y < height; ++y) {
        float* row = image + y * pitch;
        const std::uint8_t* guides = guide + y * samples;
        if (photo) load_row(photo + y * samples, width, row);
        share_row(guides, guides + 3, share, width - 1, shares.data());
        there_and_back(row, shares.data(), width);
        if (y == 0) continue;
        share_row(guides - samples, guides, share, width, shares.data());
        mix_rows(row, row - pitch, shares.data(), width);
    }
    for (int y = height - 2; y >= 0; --y) {
        const std::uint8_t* guides = guide + y * samples;
        share_row(guides, guides + samples, share, width, shares.data());
        mix_rows(image + y * pitch, image + (y + 1) * pitch, shares.data(), width);
    }
}

PP_CLONES void luma_row(const float* PP_RESTRICT row, int width, float* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) out[x] = luma(row[kLanes * x], row[kLanes * x + 1], row[kLanes * x + 2]);
}

// ink: in, the fine sums; out, the share of light that the lines take.
PP_CLONES void ink_row(const float* PP_RESTRICT coarse, const CartoonStyle& style, int width, float* PP_RESTRICT ink) {
    const float threshold = style.line_threshold, gain = style.line_gain, strength = style.line_strength;
    for (int x = 0; x < width; ++x) {
        const float excess = ((coarse[x] - ink[x]) - threshold) * gain;
        const float ramp = std::min(std::max(excess, 0.0f), 1.0f);
        ink[x] = strength * (ramp * ramp * (3.0f - 2.0f * ramp));
    }
}

PP_CLONES void colour_row(const float* PP_RESTRICT soft, const float* PP_RESTRICT ink, const float* PP_RESTRICT tone,
                          float saturation, int width, std::uint8_t* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        const float red = soft[kLanes * x], green = soft[kLanes * x + 1], blue = soft[kLanes * x + 2];
        const float y = luma(red, green, blue), light = 1.0f - ink[x];
        const float step = std::min(std::max(0.0f, y * kToneSteps + 0.5f), kTones - 1.0f);
        const float stepped = tone[static_cast<int>(step)];
        out[3 * x] = rounded((stepped + (red - y) * saturation) * light);
        out[3 * x + 1] = rounded((stepped + (green - y) * saturation) * light);
        out[3 * x + 2] = rounded((stepped + (blue - y) * saturation) * light);
    }
}

// The luminance of the rows around the current one, each computed once.
class LumaRows {
  public:
    LumaRows(const float* image, int height, int width, int radius)
        : image_(image), height_(height), width_(width), kept_(2 * radius + 1), rows_(std::size_t(kept_) * width) {}

    const float* operator()(int y) const { return rows_.data() + std::ptrdiff_t(y % kept_) * width_; }

    void compute_to(int y) {
        for (; next_ <= std::min(y, height_ - 1); ++next_) {
            luma_row(image_ + std::ptrdiff_t(next_) * kLanes * width_, width_,
                     rows_.data() + std::ptrdiff_t(next_ % kept_) * width_);
        }
    }

  private:
    const float* image_;
    int height_, width_, kept_, next_ = 0;
    std::vector<float> rows_;
};

void finish(const float* image, int height, int width, const CartoonStyle& style, std::uint8_t* out) {
    constexpr float kBinomial[2] = {0.5f, 0.25f};
    const HalfKernel binomial{kBinomial, 1};
    const std::ptrdiff_t pitch = std::ptrdiff_t(kLanes) * width;
    const int radius = style.fine.radius;
    LumaRows lumas(image, height, width, radius);
    BorderedRow sums(width, 1, radius), softened(width, kLanes, 1);
    std::vector<float> ink(width), coarse(width), soft(pitch);
    for (int y = 0; y < height; ++y) {
        lumas.compute_to(y + radius);
        for (const auto& [kernel, line] : {std::pair{style.coarse, &coarse}, std::pair{style.fine, &ink}}) {
            across_rows(lumas, y, height, kernel, width, sums.pixels());
            sums.repeat_border();
            along(sums.pixels(), kernel, 1, width, line->data());
        }
        ink_row(coarse.data(), style, width, ink.data());
        across_rows([&](int at) { return image + at * pitch; }, y, height, binomial, pitch, softened.pixels());
        softened.repeat_border();
        along(softened.pixels(), binomial, kLanes, pitch, soft.data());
        colour_row(soft.data(), ink.data(), style.tone, style.saturation, width, out + y * 3 * std::ptrdiff_t(width));
    }
}

}  // namespace

void cartoon_filter(const std::uint8_t* photo, int height, int width, const CartoonStyle& style, std::uint8_t* out) {
    const std::ptrdiff_t pitch = std::ptrdiff_t(kLanes) * width;
    std::vector<float> image(static_cast<std::size_t>(height) * pitch);
    blur_photo(photo, height, width, style.blur, out);  // `out` holds the guide until the last round is done
    for (int round = 0; round < style.rounds; ++round) {
        for (int pass = 0; pass < style.passes; ++pass) {
            smooth_once(pass == 0 ? photo : nullptr, out, height, width, style.shares + pass * kDifferences,
                        image.data());
        }
        if (round + 1 == style.rounds) break;
        for (int y = 0; y < height; ++y) {
            store_row(image.data() + y * pitch, width, out + y * 3 * std::ptrdiff_t(width));
        }
    }
    finish(image.data(), height, width, style, out);
}

}  // namespace pp
