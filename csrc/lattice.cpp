#include "lattice.hpp"

#include <algorithm>
#include <cstdlib>

#include "dispatch.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kBlock = 512;
constexpr std::ptrdiff_t kLanes = 64;

PP_CLONES void step_row(const std::uint8_t* PP_RESTRICT photo, const float* PP_RESTRICT gradient, std::ptrdiff_t count,
                        const Move& move, std::int8_t* PP_RESTRICT offsets) {
    const auto units = static_cast<std::int16_t>(move.units);
    const auto step = static_cast<std::int16_t>(move.step);
    const auto bound = static_cast<std::int16_t>(move.bound);
    std::int16_t signs[kBlock];  // apart from the clamp, so that each loop runs at one width
    for (std::ptrdiff_t begin = 0; begin < count; begin += kBlock) {
        const std::ptrdiff_t length = std::min(kBlock, count - begin);
        for (std::ptrdiff_t i = 0; i < length; ++i) {
            const float g = gradient[begin + i];
            signs[i] = static_cast<std::int16_t>((g > 0.0f) - (g < 0.0f));
        }
        for (std::ptrdiff_t i = 0; i < length; ++i) {
            const auto start = static_cast<std::int16_t>(photo[begin + i] * units);
            const auto low =
                std::max<std::int16_t>(static_cast<std::int16_t>(-bound), static_cast<std::int16_t>(-start));
            const auto high = std::min<std::int16_t>(bound, static_cast<std::int16_t>(255 * units - start));
            const auto moved = static_cast<std::int16_t>(offsets[begin + i] + signs[i] * step);
            offsets[begin + i] = static_cast<std::int8_t>(std::min(std::max(moved, low), high));
        }
    }
}

PP_CLONES void add_rows(const float* PP_RESTRICT a, const float* PP_RESTRICT b, std::ptrdiff_t count,
                        float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

}  // namespace

PP_CLONES void lattice_photo(const std::uint8_t* photo, const std::int8_t* offsets, int units, std::ptrdiff_t count,
                             std::uint8_t* out) {
    const int odd = units - 1;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const int offset = offsets[i];
        const int whole = (offset + (offset < 0 ? odd : 0)) >> odd;  // towards zero
        out[i] = static_cast<std::uint8_t>(std::min(std::max(photo[i] + whole, 0), 255));
    }
}

PP_CLONES int largest_change(const std::uint8_t* photo, const std::uint8_t* other, std::ptrdiff_t count) {
    std::uint8_t largest[kLanes] =
        {};  // one a lane: a single running maximum would not be spread over the vector units
    std::ptrdiff_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (std::ptrdiff_t j = 0; j < kLanes; ++j) {
            const std::uint8_t a = photo[i + j], b = other[i + j];
            const std::uint8_t change = a > b ? a - b : b - a;
            largest[j] = change > largest[j] ? change : largest[j];
        }
    }
    int most = 0;
    for (; i < count; ++i) most = std::max(most, std::abs(photo[i] - other[i]));
    for (const std::uint8_t lane : largest) most = std::max<int>(most, lane);
    return most;
}

void lattice_step(const PhotoView& photo, std::int8_t* offsets, const float* gradient, const Axis<float>& rows,
                  const Axis<float>& columns, const Channels& channels, const Move& move, const float* extra) {
    AdjointRows adjoint(gradient, rows, columns, channels);
    const std::ptrdiff_t stride = 3 * photo.width;
    const std::ptrdiff_t margin = 3 * adjoint.first_column();
    std::vector<float> sum(extra != nullptr ? stride : 0);
    for (std::ptrdiff_t r = 0; r < photo.height; ++r) {
        const float* row = adjoint.row(r);
        const std::ptrdiff_t corner = r * stride;
        if (extra != nullptr) {
            std::copy(extra + corner, extra + corner + stride, sum.begin());
            if (row != nullptr) {
                add_rows(row, extra + corner + margin, adjoint.samples(), sum.data() + margin);
            }
            step_row(photo.pixels + corner, sum.data(), stride, move, offsets + corner);
        } else if (row != nullptr) {
            step_row(photo.pixels + corner + margin, row, adjoint.samples(), move, offsets + corner + margin);
        }
    }
}

}  // namespace pp
