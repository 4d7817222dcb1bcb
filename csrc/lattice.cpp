#include "lattice.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "dispatch.hpp"
#include "lattice_rows.hpp"
#include "resize_adjoint.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kBlock = 512;  // samples whose signs stay in the first-level cache
constexpr std::ptrdiff_t kLanes = 64;
constexpr std::ptrdiff_t kTogether = AdjointRows::kTogether;

// A byte of the value's sign, 0 for 0 and -0. A float's bits read as a whole number have its sign: cut to a byte they
// are narrowed once, where the outcomes of two comparisons would each be.
PP_INLINE std::int8_t sign(float value) {
    const float unsigned_zero = value + 0.0f;
    std::int32_t bits;
    std::memcpy(&bits, &unsigned_zero, sizeof bits);
    return static_cast<std::int8_t>(std::min(std::max(bits, -127), 127));
}

// signs[r * kBlock + i] has the sign of `direction` times the i-th sample from `begin` on of the r-th row: Count rows
// by their weights.
template <std::ptrdiff_t Rows, int Count>
PP_INLINE void signs_of_few(const AdjointRows::Met& met, std::ptrdiff_t begin, std::ptrdiff_t length, float direction,
                            std::int8_t* PP_RESTRICT signs) {
    const float* rows[Count];
    float weights[Rows][Count];
    for (int k = 0; k < Count; ++k) {
        rows[k] = met.rows[k] + begin;
        for (std::ptrdiff_t r = 0; r < Rows; ++r) weights[r][k] = direction * met.weights[k * kTogether + r];
    }
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        for (std::ptrdiff_t r = 0; r < Rows; ++r) {
            float sum = weights[r][0] * rows[0][i];
            for (int k = 1; k < Count; ++k) sum += weights[r][k] * rows[k][i];
            signs[r * kBlock + i] = sign(sum);
        }
    }
}

// The same for any number of rows.
template <std::ptrdiff_t Rows>
PP_INLINE void signs_of_many(const AdjointRows::Met& met, std::ptrdiff_t begin, std::ptrdiff_t length, float direction,
                             std::int8_t* PP_RESTRICT signs) {
    for (std::ptrdiff_t r = 0; r < Rows; ++r) {
        float sums[kBlock] = {};
        for (std::ptrdiff_t k = 0; k < met.count; ++k) {
            const float* row = met.rows[k] + begin;
            const float weight = direction * met.weights[k * kTogether + r];
            for (std::ptrdiff_t i = 0; i < length; ++i) sums[i] += weight * row[i];
        }
        for (std::ptrdiff_t i = 0; i < length; ++i) signs[r * kBlock + i] = sign(sums[i]);
    }
}

template <std::ptrdiff_t Rows>
PP_INLINE void signs_of(const AdjointRows::Met& met, std::ptrdiff_t begin, std::ptrdiff_t length, float direction,
                        std::int8_t* signs) {
    const bool few = as_constant<3>(
        met.count, [&](auto count) PP_INLINED { signs_of_few<Rows, count>(met, begin, length, direction, signs); });
    if (!few) signs_of_many<Rows>(met, begin, length, direction, signs);
}

PP_INLINE std::uint8_t least(std::uint8_t a, std::uint8_t b) { return a < b ? a : b; }
PP_INLINE std::uint8_t most(std::uint8_t a, std::uint8_t b) { return a > b ? a : b; }

// All in unsigned bytes, offset 0 as 128, so that a vector holds as many samples as it can.
template <int Units>
PP_INLINE void move_block(const std::uint8_t* PP_RESTRICT photo, const std::int8_t* PP_RESTRICT signs,
                          std::ptrdiff_t length, const Move& move, std::int8_t* PP_RESTRICT offsets) {
    constexpr std::uint8_t kZero = 128, kMost = 255 / Units;
    const auto bound = static_cast<std::uint8_t>(move.bound);
    const auto step = static_cast<std::uint8_t>(std::min(std::abs(move.step), 255));
    for (std::ptrdiff_t i = 0; i < length; ++i) {
        const std::uint8_t below = least(photo[i], kMost), above = least(static_cast<std::uint8_t>(~photo[i]), kMost);
        const std::uint8_t down = least(static_cast<std::uint8_t>(Units * below), bound);
        const std::uint8_t up = least(static_cast<std::uint8_t>(Units * above), bound);
        const auto low = static_cast<std::uint8_t>(kZero - down), high = static_cast<std::uint8_t>(kZero + up);
        const std::uint8_t here = least(most(static_cast<std::uint8_t>(offsets[i] ^ kZero), low), high);
        const std::uint8_t rise = least(step, static_cast<std::uint8_t>(high - here));
        const std::uint8_t fall = least(step, static_cast<std::uint8_t>(here - low));
        const std::uint8_t risen = signs[i] > 0 ? rise : 0, fallen = signs[i] < 0 ? fall : 0;
        offsets[i] = static_cast<std::int8_t>(static_cast<std::uint8_t>(here + risen - fallen) ^ kZero);
    }
}

PP_INLINE void fetch(const void* bytes, std::ptrdiff_t length) {
    constexpr std::ptrdiff_t kLine = 64;
    for (std::ptrdiff_t i = 0; i < length; i += kLine) PP_FETCH(static_cast<const char*>(bytes) + i);
}

// Moves `Rows` rows of `count` samples, `stride` apart, by the signs of the rows met. Signs and moves are loops of
// their own, so that each runs at one width.
template <std::ptrdiff_t Rows>
PP_INLINE void step_rows(const std::uint8_t* photo, const AdjointRows::Met& met, std::ptrdiff_t count,
                         std::ptrdiff_t stride, const Move& move, std::int8_t* offsets) {
    std::int8_t signs[Rows * kBlock];
    for (std::ptrdiff_t begin = 0; begin < count; begin += kBlock) {
        const std::ptrdiff_t length = std::min(kBlock, count - begin);
        for (std::ptrdiff_t r = 0; r < Rows; ++r) {  // on their way from memory while the signs are found
            fetch(photo + r * stride + begin, length);
            fetch(offsets + r * stride + begin, length);
        }
        signs_of<Rows>(met, begin, length, move.step < 0 ? -1.0f : 1.0f, signs);
        for (std::ptrdiff_t r = 0; r < Rows; ++r) {
            const std::ptrdiff_t place = r * stride + begin;
            as_constant<2>(move.units, [&](auto units) PP_INLINED {
                move_block<units>(photo + place, signs + r * kBlock, length, move, offsets + place);
            });
        }
    }
}

PP_CLONES void step_one(const std::uint8_t* photo, const AdjointRows::Met& met, std::ptrdiff_t count, const Move& move,
                        std::int8_t* offsets) {
    step_rows<1>(photo, met, count, 0, move, offsets);
}

PP_CLONES void step_all(const std::uint8_t* photo, const AdjointRows::Met& met, std::ptrdiff_t count,
                        std::ptrdiff_t stride, const Move& move, std::int8_t* offsets) {
    step_rows<kTogether>(photo, met, count, stride, move, offsets);
}

PP_CLONES void add_rows(const float* PP_RESTRICT a, const float* PP_RESTRICT b, std::ptrdiff_t count,
                        float* PP_RESTRICT out) {
    for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

// The step of row r along the adjoint plus a gradient at the photo's size. sum: room for a row.
void step_with_extra(const PhotoView& photo, std::int8_t* offsets, AdjointRows& adjoint, std::ptrdiff_t r,
                     const Move& move, const float* extra, float* sum) {
    const std::ptrdiff_t stride = 3 * photo.width, margin = 3 * adjoint.first_column(), corner = r * stride;
    const float one[kTogether] = {1.0f};
    const float* row = adjoint.row(r);
    const float* whole = extra + corner;
    if (row != nullptr) {
        std::copy_n(whole, stride, sum);
        add_rows(row, whole + margin, adjoint.samples(), sum + margin);
        whole = sum;
    }
    step_one(photo.pixels + corner, {&whole, one, 1}, stride, move, offsets + corner);
}

// The step of `count` rows from r on along the adjoint alone.
void step_along(const PhotoView& photo, std::int8_t* offsets, AdjointRows& adjoint, std::ptrdiff_t r,
                std::ptrdiff_t count, const Move& move) {
    const std::ptrdiff_t stride = 3 * photo.width, corner = r * stride + 3 * adjoint.first_column();
    const AdjointRows::Met met = adjoint.meet(r, count);
    if (met.count > 0 && count == 1) {
        step_one(photo.pixels + corner, met, adjoint.samples(), move, offsets + corner);
    } else if (met.count > 0) {
        step_all(photo.pixels + corner, met, adjoint.samples(), stride, move, offsets + corner);
    }
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
    // One per element of a vector: a single running maximum would not be spread over the vector units.
    std::uint8_t largest[kLanes] = {};
    std::ptrdiff_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (std::ptrdiff_t j = 0; j < kLanes; ++j) {
            const std::uint8_t a = photo[i + j], b = other[i + j];
            const std::uint8_t change = a > b ? a - b : b - a;
            largest[j] = change > largest[j] ? change : largest[j];
        }
    }
    int change = 0;
    for (; i < count; ++i) change = std::max(change, std::abs(photo[i] - other[i]));
    for (const std::uint8_t one : largest) change = std::max<int>(change, one);
    return change;
}

void lattice_step(const PhotoView& photo, std::int8_t* offsets, const float* gradient, const Axis<float>& rows,
                  const Axis<float>& columns, const Channels& channels, const Move& move, const float* extra,
                  float* planes) {
    AdjointRows adjoint({gradient, &channels}, rows, columns);
    std::optional<LatticeRows> next;
    if (planes != nullptr) next.emplace(photo, offsets, move.units, rows, columns, channels, planes);
    std::vector<float> sum(static_cast<std::size_t>(extra != nullptr ? 3 * photo.width : 0));
    // Rows of a photo well above the network's size are reached by the same few rows of its gradient.
    const std::ptrdiff_t together = extra == nullptr && rows.taps >= 2 * kTogether ? kTogether : 1;
    for (std::ptrdiff_t r = 0; r < photo.height;) {
        const std::ptrdiff_t count = photo.height - r >= together ? together : 1;
        if (extra != nullptr) {
            step_with_extra(photo, offsets, adjoint, r, move, extra, sum.data());
        } else {
            step_along(photo, offsets, adjoint, r, count, move);
        }
        r += count;
        if (next) next->read(r);
    }
}

}  // namespace pp
