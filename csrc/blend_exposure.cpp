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

PP_CLONES void root_row(const float* PP_RESTRICT t, int width, float* PP_RESTRICT weight) {
    for (int x = 0; x < width; ++x) {
        const float low = t[x] > 0 ? t[x] : 0;
        weight[x] = std::sqrt(low < 1 ? low : 1.0F);
    }
}

void power_row(const float* t, int width, float mu, float* weight) {
    for (int x = 0; x < width; ++x) weight[x] = std::pow(std::min(std::max(t[x], 0.0F), 1.0F), mu);
}

// table: 255 J. out = round(J + W (I - J)), in grey levels.
PP_CLONES void blend_row(const std::uint8_t* PP_RESTRICT pixels, const float* PP_RESTRICT weight,
                         const float* PP_RESTRICT table, int width, std::uint8_t* PP_RESTRICT out) {
    for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) {
            const int level = pixels[3 * x + c];
            const float exposed = table[level];
            const float fused = exposed + weight[x] * (static_cast<float>(level) - exposed) + 0.5F;
            const float low = fused > 0 ? fused : 0;
            out[3 * x + c] = static_cast<std::uint8_t>(static_cast<int>(low < 255 ? low : 255.0F));
        }
    }
}

}  // namespace

void blend_exposure(const std::uint8_t* photo, const double* illumination, int height, int width, const double* table,
                    double mu, int threads, std::uint8_t* out) {
    float levels[256];
    std::transform(table, table + 256, levels, [](double value) { return static_cast<float>(255 * value); });
    Team(threads).rows(height, 1 + (1 << 18) / width, [&](int first, int last) {
        Enlarger enlarger(illumination, height, width);
        std::vector<float> weight(static_cast<std::size_t>(width));
        for (int y = first; y < last; ++y) {
            const float* t = enlarger.row(y);
            if (mu == 0.5) {
                root_row(t, width, weight.data());
            } else {
                power_row(t, width, static_cast<float>(mu), weight.data());
            }
            const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(y) * width * 3;
            blend_row(photo + offset, weight.data(), levels, width, out + offset);
        }
    });
}

}  // namespace pp
