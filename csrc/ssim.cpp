#include "ssim.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "dispatch.hpp"
#include "team.hpp"

namespace pp {

namespace {

constexpr int kRadius = 5;  // 3.5 sigma
constexpr int kTaps = 2 * kRadius + 1;
constexpr double kSigma = 1.5;
constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
constexpr double kC2 = (0.03 * 255) * (0.03 * 255);

// One side of the Gaussian, from the centre outwards; shorter (zeros at the end) where the photo is.
struct Window {
    std::array<double, kRadius + 1> weight{};
    int radius;

    explicit Window(int length) : radius(std::min(kRadius, (length - 1) / 2)) {
        double sum = 0;
        for (int k = 0; k <= radius; ++k) {
            weight[k] = std::exp(-0.5 * k * k / (kSigma * kSigma));
            sum += k == 0 ? weight[k] : 2 * weight[k];
        }
        for (double& w : weight) w /= sum;
    }
};

// Column-wise weighted sums of a row's surroundings: a, b, a^2 + b^2 and ab, with room for the taps at both ends.
struct Moments {
    static constexpr std::ptrdiff_t kMargin = 3 * kRadius;
    std::vector<double> a, b, squares, product, values;

    explicit Moments(std::ptrdiff_t samples)
        : a(samples + 2 * kMargin), b(a), squares(a), product(a), values(samples) {}
};

struct Rows {
    const std::uint8_t* a[kTaps];
    const std::uint8_t* b[kTaps];
};

PP_CLONES void down(const Rows& rows, const Window& window, std::ptrdiff_t samples, double* PP_RESTRICT mean_a,
                    double* PP_RESTRICT mean_b, double* PP_RESTRICT squares, double* PP_RESTRICT product) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const int a = rows.a[kRadius][i], b = rows.b[kRadius][i];
        double sum_a = window.weight[0] * a, sum_b = window.weight[0] * b;
        double sum_squares = window.weight[0] * (a * a + b * b), sum_product = window.weight[0] * (a * b);
        for (int k = 1; k <= kRadius; ++k) {
            const int above_a = rows.a[kRadius - k][i], below_a = rows.a[kRadius + k][i];
            const int above_b = rows.b[kRadius - k][i], below_b = rows.b[kRadius + k][i];
            const int all = above_a * above_a + below_a * below_a + above_b * above_b + below_b * below_b;
            sum_a += window.weight[k] * (above_a + below_a);
            sum_b += window.weight[k] * (above_b + below_b);
            sum_squares += window.weight[k] * all;
            sum_product += window.weight[k] * (above_a * above_b + below_a * below_b);
        }
        mean_a[i] = sum_a;
        mean_b[i] = sum_b;
        squares[i] = sum_squares;
        product[i] = sum_product;
    }
}

PP_INLINE double along(const double* centre, const Window& window) {
    double sum = window.weight[0] * centre[0];
    for (int k = 1; k <= kRadius; ++k) sum += window.weight[k] * (centre[-3 * k] + centre[3 * k]);
    return sum;
}

PP_CLONES void across(const double* PP_RESTRICT a, const double* PP_RESTRICT b, const double* PP_RESTRICT squares,
                      const double* PP_RESTRICT product, const Window& window, std::ptrdiff_t samples,
                      double* PP_RESTRICT values) {
    for (std::ptrdiff_t i = 0; i < samples; ++i) {
        const double mean_a = along(a + i, window), mean_b = along(b + i, window);
        const double both = mean_a * mean_b, means = mean_a * mean_a + mean_b * mean_b;
        const double variances = along(squares + i, window) - means, covariance = along(product + i, window) - both;
        values[i] = ((2 * both + kC1) * (2 * covariance + kC2)) / ((means + kC1) * (variances + kC2));
    }
}

constexpr std::ptrdiff_t kBlock = 1 << 15;  // squares of differences of 8 bits whose sum fits 31 bits

PP_CLONES std::int32_t square_block(const std::uint8_t* a, const std::uint8_t* b, std::ptrdiff_t count) {
    std::int32_t sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const std::int32_t difference = a[i] - b[i];
        sum += difference * difference;
    }
    return sum;
}

}  // namespace

std::int64_t squared_difference(const std::uint8_t* a, const std::uint8_t* b, std::ptrdiff_t count) {
    std::int64_t sum = 0;
    for (std::ptrdiff_t i = 0; i < count; i += kBlock) sum += square_block(a + i, b + i, std::min(kBlock, count - i));
    return sum;
}

double ssim(const std::uint8_t* a, const std::uint8_t* b, int height, int width, int threads) {
    const Window vertical(height), horizontal(width);
    const std::ptrdiff_t samples = 3 * static_cast<std::ptrdiff_t>(width);
    const std::ptrdiff_t counted = samples - 6 * horizontal.radius;
    const int lines = height - 2 * vertical.radius;
    std::vector<double> sums(lines);
    constexpr int kGrain = 32;
    Team(threads, lines, kGrain).rows(lines, kGrain, [&](int begin, int end) {
        Moments m(samples);
        const std::ptrdiff_t first = Moments::kMargin + 3 * horizontal.radius;
        for (int line = begin; line < end; ++line) {
            Rows rows;
            for (int k = 0; k < kTaps; ++k) {  // taps without weight may point at any row
                const auto y = std::clamp<std::ptrdiff_t>(line + vertical.radius + k - kRadius, 0, height - 1);
                rows.a[k] = a + y * samples;
                rows.b[k] = b + y * samples;
            }
            down(rows, vertical, samples, &m.a[Moments::kMargin], &m.b[Moments::kMargin], &m.squares[Moments::kMargin],
                 &m.product[Moments::kMargin]);
            across(&m.a[first], &m.b[first], &m.squares[first], &m.product[first], horizontal, counted,
                   m.values.data());
            double sum = 0;
            for (std::ptrdiff_t i = 0; i < counted; ++i) sum += m.values[i];
            sums[line] = sum;
        }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total / (static_cast<double>(lines) * static_cast<double>(counted));
}

}  // namespace pp
