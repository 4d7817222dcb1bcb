// Sums over a row, in lanes of fp32 that are summed in fp64: the same bits on every processor.
#pragma once

namespace pp {

double dot(const float* a, const float* b, int width);

// A row's parts of r . x and of the energy x . A x: its squares, and those of the differences across its edges to the
// right and downwards, weighted.
struct Moments {
    double product, energy;
};

Moments moments(const float* r, const float* x, const float* below, const float* right, const float* down, int width);

}  // namespace pp
