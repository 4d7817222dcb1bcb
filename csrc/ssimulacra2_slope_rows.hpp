// The passes of SSIMULACRA 2's slope over one row of a plane: from the blurs that a map is made of to the slopes by
// them.
#pragma once

#include <cstddef>

namespace pp {

// The slope of a map's weighted norms by one of its values: mean + fourth (value / norm)^3 for values above 0.
struct Steepness {
    float mean = 0, fourth = 0, inverse = 0;  // 1 / norm; 0 for a norm of 0, which has no slope
};

// One row of what a plane's maps are made of (ssimulacra2_rows.hpp): two planes, and blurs.
struct MapRow {
    const float *a, *change;
    const float *mean, *difference, *square, *power;
};

// Slopes by the blurred difference, square and power.
void structure_slopes(const MapRow& row, const Steepness& of, std::ptrdiff_t count, float* by_difference,
                      float* by_square, float* by_power);

// Slopes by the change itself; their opposites are those by the blurred difference, and are added to these.
void edge_slopes(const MapRow& row, const Steepness& gained, const Steepness& lost, std::ptrdiff_t count,
                 float* by_change, float* by_difference);

// Replaces the change by the slopes by it: its own, and those by its blur, by its square's and by the power's, of which
// the last three are blurred. (The Gaussian and the way a photo goes on are symmetric: a blur is its own transpose.)
void add_up_slopes(const float* a, const float* by_change, const float* by_difference, const float* by_square,
                   const float* by_power, std::ptrdiff_t count, float* change);

}  // namespace pp
