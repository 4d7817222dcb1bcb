// The exposure ratio of largest entropy, by an exhaustive scan in the logarithm domain.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "exposure.hpp"

namespace pp {
namespace {

constexpr int kEdges = 255;  // lower edges of the levels 1 ... 255

// count log2 count in units of 2^-32: an exact sum, whatever its order.
std::vector<std::int64_t> entropy_terms(int count) {
    std::vector<std::int64_t> terms(static_cast<std::size_t>(count) + 1, 0);
    for (int c = 1; c <= count; ++c) {
        terms[static_cast<std::size_t>(c)] =
            static_cast<std::int64_t>(std::floor(c * std::log2(c) * 4294967296.0 + 0.5));
    }
    return terms;
}

}  // namespace

double best_exposure(const double* samples, int count, double a, double b, ExposureGrid grid) {
    std::vector<double> logs(samples, samples + count);
    for (double& value : logs) value = std::log(value);
    const std::vector<std::int64_t> terms = entropy_terms(count);
    std::array<double, kEdges> levels{};
    for (int j = 0; j < kEdges; ++j) levels[static_cast<std::size_t>(j)] = std::log((j + 0.5) / 255);
    std::array<int, kEdges> below{};  // samples under each edge; moves little from one k to the next
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    double best = grid.first;
    for (int i = 0; i < grid.count; ++i) {
        const double k = grid.first + grid.step * i;
        const double gamma = std::pow(k, a), shift = b * (1 - gamma);
        std::int64_t total = 0;
        int previous = 0;
        for (std::size_t j = 0; j < kEdges; ++j) {
            const double edge = (levels[j] - shift) / gamma;
            int at = std::max(below[j], previous);
            while (at < count && logs[static_cast<std::size_t>(at)] < edge) ++at;
            while (at > previous && logs[static_cast<std::size_t>(at - 1)] >= edge) --at;
            below[j] = at;
            total += terms[static_cast<std::size_t>(at - previous)];
            previous = at;
        }
        total += terms[static_cast<std::size_t>(count - previous)];
        if (total < least) {
            least = total;
            best = k;
        }
    }
    return best;
}

}  // namespace pp
