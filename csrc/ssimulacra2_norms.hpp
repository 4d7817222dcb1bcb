// What the weighted difference of SSIMULACRA 2 is made of: which scales there are, which maps have weight, and the
// norms of a plane's maps at one scale.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "ssimulacra2.hpp"

namespace pp {

constexpr int kPlanes = 3;    // X, Y, B
constexpr int kSmallest = 8;  // pixels along a side of the coarsest scale

// A plane's weights at one scale: by norm, then by kind.
using Weights = const double*;

// First and fourth powers of a plane's maps at one scale, in the order of its weights.
using Powers = std::array<double, kNorms * kKinds>;

// Which of a plane's maps have weight.
struct Wanted {
    bool structure, edges;

    explicit Wanted(Weights of)
        : structure(of[0] != 0 || of[3] != 0), edges(of[1] != 0 || of[2] != 0 || of[4] != 0 || of[5] != 0) {}
    bool any() const { return structure || edges; }
};

// How many scales have sides of at least kSmallest.
inline int scales_of(int height, int width) {
    int scales = 0;
    for (int side = std::min(height, width); side >= kSmallest && scales < kScales; side = (side + 1) / 2) ++scales;
    return scales;
}

// The weights of a plane at one of a photo's scales. With fewer scales than six the first weights count, in the same
// order.
inline Weights weights_of(const double* weights, int plane, int scales, int level) {
    return weights + (plane * scales + level) * kNorms * kKinds;
}

// The fourth root of a mean.
inline double fourth_norm(double sum, double pixels) { return std::sqrt(std::sqrt(sum / pixels)); }

// The norms of a plane, weighted.
inline double weighted(const double* powers, Weights of, double pixels) {
    double total = 0;
    for (int kind = 0; kind < kKinds; ++kind) {
        total += of[kind] * (powers[kind] / pixels);
        total += of[kKinds + kind] * fourth_norm(powers[kKinds + kind], pixels);
    }
    return total;
}

}  // namespace pp
