// Sums over a row, in lanes of fp32 that are summed in fp64: the same bits on every processor.
#pragma once

namespace pp {

double dot(const float* a, const float* b, int width);

// Row x's part of the energy of a map, x . A x: its squares, and those of the differences across its edges to the right
// and downwards, weighted.
double energy(const float* x, const float* below, const float* right, const float* down, int width);

}  // namespace pp
