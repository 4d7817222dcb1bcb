// What `lift` does for each sample of the photo, in 16-bit integers: they take half the room of floats, and every
// processor and every number of threads computes the same. What their rounding costs is corrected like what clipping
// costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "resize.hpp"

namespace pp {

// How changes are spelled in 16 bits. Row weights are integers in units of `weight`; spread rows times such weights are
// in units of 2^-spread_bits grey levels, changes in units of 2^-change_bits.
struct LiftScale {
    float weight;
    int spread_bits, change_bits;
    float largest;       // of a spread row's entries
    std::int16_t bound;  // grey levels

    LiftScale(const float* coefficients, std::ptrdiff_t size, const Axis<float>& rows, const Axis<float>& columns,
              int bound);

    std::int16_t weighed(float row_weight) const;
    float spread() const;  // units in a spread row's 1
    float sum() const;     // a sum's unit, in grey levels
};

// Some rows of the photo, and the spread rows that reach them.
struct LiftGroup {
    static constexpr std::ptrdiff_t kRows = 8;

    const std::uint8_t* photo[kRows];         // those beyond the last one repeat it
    std::ptrdiff_t rows;                      // 1..kRows
    std::vector<const std::int16_t*> spread;  // each `samples` long, like its sums
    std::vector<std::int32_t*> sums;
    std::vector<std::int16_t> weights;  // kRows of each spread row, 0 where it does not reach
};

// A spread row's `samples` in the units of `scale`.
void to_integers(const float* row, std::ptrdiff_t samples, const LiftScale& scale, std::int16_t* out);

// Sums in grey levels.
void to_levels(const std::int32_t* sums, std::ptrdiff_t samples, const LiftScale& scale, float* out);

// Adds to each spread row's sums what the changes of the group weigh in it.
void add_changes(const LiftGroup& group, std::ptrdiff_t samples, const LiftScale& scale);

// Stores the group's rows as they are moved; rows of `out` are `stride` apart.
void store_moved(const LiftGroup& group, std::ptrdiff_t samples, const LiftScale& scale, std::ptrdiff_t stride,
                 std::uint8_t* out);

}  // namespace pp
