#include "chroma.hpp"

#include <algorithm>
#include <vector>

#include "dispatch.hpp"

namespace pp {

namespace {

// The columns of JPEG's inverse colour transform for Cb and Cr, and the rows of the transform:
// kernels/reference/chroma.py.
constexpr float kBlueG = -0.344136f, kBlueB = 1.772f, kRedR = 1.402f, kRedG = -0.714136f;
constexpr float kToBlue[3] = {-0.168736f, -0.331264f, 0.5f}, kToRed[3] = {0.5f, -0.418688f, -0.081312f};

// An axis of `length` as pairs. An odd end is followed by a zero; beyond the ends, the samples there are read again.
struct Pairs {
    std::ptrdiff_t length;

    std::ptrdiff_t count() const { return (length + 1) / 2; }
    std::ptrdiff_t inside(std::ptrdiff_t index) const { return std::clamp<std::ptrdiff_t>(index, 0, 2 * count() - 1); }
    // What a pair gives to each of its pixels; the only pixel of an odd end gets both parts.
    float share(std::ptrdiff_t pair) const { return 2 * pair + 1 < length ? 0.125f : 0.25f; }
};

PP_INLINE float weighed(float before, float first, float second, float behind) {
    return 3.0f * (first + second) + (before + behind);
}

PP_CLONES void mix_rows(const float* const* rows, float share, std::ptrdiff_t samples, float* PP_RESTRICT mixed) {
    const float *before = rows[0], *first = rows[1], *second = rows[2], *behind = rows[3];
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        mixed[i] = share * weighed(before[i], first[i], second[i], behind[i]);
    }
}

PP_CLONES void split_chroma(const float* row, std::ptrdiff_t width, float* PP_RESTRICT blue, float* PP_RESTRICT red) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
        const float r = row[3 * x], g = row[3 * x + 1], b = row[3 * x + 2];
        blue[x] = g * kBlueG + b * kBlueB;
        red[x] = r * kRedR + g * kRedG;
    }
}

// Samples -1 to 2 * count of the plane must be there.
PP_CLONES void mix_columns(const float* plane, std::ptrdiff_t count, float* PP_RESTRICT mixed) {
    for (std::ptrdiff_t k = 0; k < count; ++k) {
        const float* pair = plane + 2 * k;
        mixed[2 * k] = mixed[2 * k + 1] = 0.125f * weighed(pair[-1], pair[0], pair[1], pair[2]);
    }
}

// The gradient, and what its chroma loses or gains.
PP_CLONES void join(const float* row, const float* blue, const float* red, std::ptrdiff_t width,
                    float* PP_RESTRICT out) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
        const float r = row[3 * x], g = row[3 * x + 1], b = row[3 * x + 2];
        const float more_blue = blue[x] - (g * kBlueG + b * kBlueB), more_red = red[x] - (r * kRedR + g * kRedG);
        out[3 * x] = r + (more_blue * kToBlue[0] + more_red * kToRed[0]);
        out[3 * x + 1] = g + (more_blue * kToBlue[1] + more_red * kToRed[1]);
        out[3 * x + 2] = b + (more_blue * kToBlue[2] + more_red * kToRed[2]);
    }
}

// A row of chroma with room for what lies beyond its ends, and the same with pairs mixed.
class ChromaRow {
  public:
    explicit ChromaRow(std::ptrdiff_t width)
        : pairs_{width}, plane_(2 * pairs_.count() + 2), mixed_(2 * pairs_.count()) {}

    float* samples() { return plane_.data() + 1; }

    const float* mixed() {
        const std::ptrdiff_t count = pairs_.count(), last = pairs_.length - 1;
        plane_.front() = plane_[1];
        plane_.back() = plane_[2 * count];
        mix_columns(samples(), count, mixed_.data());
        if (last % 2 == 0) mixed_[last] *= 2.0f;
        return mixed_.data();
    }

  private:
    Pairs pairs_;
    std::vector<float> plane_, mixed_;
};

}  // namespace

void chroma_adjoint(const float* gradient, std::ptrdiff_t height, std::ptrdiff_t width, bool rows, bool columns,
                    float* out) {
    const std::ptrdiff_t samples = 3 * width, together = rows ? 2 : 1;
    const Pairs pairs{height};
    const std::vector<float> nothing(rows ? samples : 0);
    std::vector<float> mixed(nothing.size());
    ChromaRow blue(width), red(width);
    for (std::ptrdiff_t first = 0; first < height; first += together) {
        const float* source = gradient + first * samples;
        if (rows) {
            const float* met[4];
            for (int k = 0; k < 4; ++k) {
                const std::ptrdiff_t index = pairs.inside(first + k - 1);
                met[k] = index < height ? gradient + index * samples : nothing.data();
            }
            mix_rows(met, pairs.share(first / 2), samples, mixed.data());
            source = mixed.data();
        }
        split_chroma(source, width, blue.samples(), red.samples());
        const float *smooth_blue = columns ? blue.mixed() : blue.samples(),
                    *smooth_red = columns ? red.mixed() : red.samples();
        for (std::ptrdiff_t y = first; y < std::min(first + together, height); ++y) {
            join(gradient + y * samples, smooth_blue, smooth_red, width, out + y * samples);
        }
    }
}

}  // namespace pp
