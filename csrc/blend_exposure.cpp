// The fused photo: one pass that enlarges the illumination map on the fly.
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

// The weight of each of a row's 3 * width samples.
PP_CLONES void root_row(const float* PP_RESTRICT t, int width, float* PP_RESTRICT weight) {
    for (int x = 0; x < width; ++x) {
        const float low = t[x] > 0 ? t[x] : 0;
        const float root = std::sqrt(low < 1 ? low : 1.0F);
        weight[3 * x] = root;
        weight[3 * x + 1] = root;
        weight[3 * x + 2] = root;
    }
}

void power_row(const float* t, int width, float mu, float* weight) {
    for (int x = 0; x < width; ++x) {
        std::fill_n(weight + 3 * x, 3, std::pow(std::min(std::max(t[x], 0.0F), 1.0F), mu));
    }
}

// table: 255 J. out = round(J + W (I - J)), in grey levels.
PP_CLONES void blend_row(const std::uint8_t* PP_RESTRICT samples, const float* PP_RESTRICT weight,
                         const float* PP_RESTRICT table, int count, std::uint8_t* PP_RESTRICT out) {
    for (int i = 0; i < count; ++i) {
        const float exposed = table[samples[i]];
        const float fused = exposed + weight[i] * (static_cast<float>(samples[i]) - exposed) + 0.5F;
        const float low = fused > 0 ? fused : 0;
        out[i] = static_cast<std::uint8_t>(static_cast<int>(low < 255 ? low : 255.0F));
    }
}

}  // namespace

void blend_exposure(const std::uint8_t* photo, const double* illumination, int height, int width, const double* table,
                    double mu, int threads, std::uint8_t* out) {
    float levels[256];
    std::transform(table, table + 256, levels, [](double value) { return static_cast<float>(255 * value); });
    const int grain = 1 + (1 << 18) / width;
    Team(threads, height, grain).rows(height, grain, [&](int first, int last) {
        Enlarger enlarger(illumination, height, width);
        std::vector<float> weight(3 * static_cast<std::size_t>(width));
        for (int y = first; y < last; ++y) {
            const float* t = enlarger.row(y);
            if (mu == 0.5) {
                root_row(t, width, weight.data());
            } else {
                power_row(t, width, static_cast<float>(mu), weight.data());
            }
            const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(y) * width * 3;
            blend_row(photo + offset, weight.data(), levels, 3 * width, out + offset);
        }
    });
}

}  // namespace pp
