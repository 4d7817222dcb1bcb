// The illumination map of Ying et al. 2017; kernels/reference/illumination.py defines it.
#pragma once

#include <cstdint>

namespace pp {

// photo: height x width x 3; out: ceil(height / 2) x ceil(width / 2).
void half_luminance(const std::uint8_t* photo, int height, int width, int threads, float* out);

// luminance, w_h, w_v: height x width. window: odd.
void texture_weights(const float* luminance, int height, int width, int window, float sharpness, float* w_h,
                     float* w_v);

// Returns the relative residual reached. t: height x width.
double solve_illumination(const float* luminance, const float* w_h, const float* w_v, int height, int width, float lam,
                          double rtol, int threads, double* t);

}  // namespace pp
