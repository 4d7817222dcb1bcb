// The passes of SSIMULACRA 2 over one row of a plane: moments, blurs, and the three kinds of maps.
#pragma once

#include <array>
#include <cstddef>

namespace pp {

constexpr int kRadius = 5;  // of the Gaussian: 3.3 sigma
constexpr int kTaps = 2 * kRadius + 1;
constexpr float kC2 = 0.0009f;  // keeps quotients of small variances apart from 0 / 0
constexpr int kTile = 256;      // columns at once: the rows in use stay in the second-level cache

using Taps = std::array<float, kRadius + 1>;  // one side of the Gaussian, from the centre outwards

Taps gaussian_taps();

// Replaces b by its difference from a, and writes that one's square and the sum of the squares of a and b. The blurs of
// these and of a say all: the difference's variance is precise where the photos are nearly equal, while the variances
// and the covariance of the photos would leave little but rounding of their difference.
void compared(const float* a, float* b, std::ptrdiff_t count, float* square, float* power);

// The weighted sum of kTaps rows.
void blurred_down(const float* const* rows, const Taps& taps, std::ptrdiff_t count, float* out);

// The same of the first kTaps and of the last kTaps of kTaps + 1 rows: nearly all are read once instead of twice.
void blurred_pair_down(const float* const* rows, const Taps& taps, std::ptrdiff_t count, float* upper, float* lower);

// The weighted sum along a row, of which kRadius columns more on either side are read.
void blurred_across(const float* row, const Taps& taps, std::ptrdiff_t count, float* out);

// 1 - structural similarity, from the blurs.
void structures(const float* mean, const float* difference, const float* square, const float* power,
                std::ptrdiff_t count, float* out);

// Positive where b has edges that a has not, negative where b lost them. a and change are not blurred.
void edges(const float* mean, const float* difference, const float* a, const float* change, std::ptrdiff_t count,
           float* out);

// Adds the first and fourth powers of those of kTile values times `sign` that are positive.
void add_powers(const float* values, float sign, double* first, double* fourth);

}  // namespace pp
