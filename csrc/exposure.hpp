// Exposure ratio and blend of Ying et al. 2017; kernels/reference/exposure.py defines them.
#pragma once

#include <cstdint>
#include <vector>

namespace pp {

// photo: height x width x 3; illumination: ceil(height / 2) x ceil(width / 2).
std::vector<double> exposure_samples(const std::uint8_t* photo, const double* illumination, int height, int width,
                                     float threshold, int threads);

// The values of k to try: first + i * step for i in [0, count).
struct ExposureGrid {
    double first, step;
    int count;
};

// samples: ascending, count of them at most 2^16.
double best_exposure(const double* samples, int count, double a, double b, ExposureGrid grid);

// table: 256 values; out: like photo.
void blend_exposure(const std::uint8_t* photo, const double* illumination, int height, int width, const double* table,
                    double mu, int threads, std::uint8_t* out);

}  // namespace pp
