// The Gram matrix R R^T of one axis of a resize, factorised: banded, and positive definite where the axis is reduced.
#pragma once

#include <cstddef>
#include <vector>

#include "resize.hpp"

namespace pp {

class AxisGram {
  public:
    // Throws std::domain_error where the outputs are not independent, as when an axis is enlarged.
    AxisGram(const Axis<float>& axis, const char* name);

    // Solves (R R^T) x = b in place for `count` right-hand sides; values is outputs x count.
    void solve(double* values, std::ptrdiff_t count) const;

  private:
    const double* row(std::ptrdiff_t index) const { return factor_.data() + index * (band_ + 1); }
    void assemble(const Axis<float>& axis);

    std::ptrdiff_t size_;
    std::ptrdiff_t band_;         // outputs further apart than this read no common pixel
    std::vector<double> factor_;  // row i: 1 / L(i, i), then L(i, i - 1) .. L(i, i - band)
};

}  // namespace pp
