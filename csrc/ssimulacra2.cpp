#include "ssimulacra2.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "arena.hpp"
#include "opsin.hpp"
#include "ssimulacra2_rows.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kPlanes = 3;
constexpr int kSmallest = 8;                   // pixels along a side of the coarsest scale
constexpr int kGrain = 64;                     // rows worth a thread: ten more are computed for them
constexpr int kTile = 256;                     // columns at once: the rows in use stay in the second-level cache
constexpr int kRow = kTile + 2 * kRadius + 6;  // with the margins; whole cache lines
static_assert(kRow % kLanes == 0 && kTile % kLanes == 0);

// What is blurred of each plane (compared() says why), and where it stands.
enum Blurred { kOriginal, kDifference, kSquare, kPower, kBlurred };

// Sums of one row, or of all: first and fourth powers of each kind.
struct Sums {
    std::array<double, kPlanes * kNorms * kKinds> values{};

    double& of(int plane, int norm, int kind) { return values[(plane * kNorms + norm) * kKinds + kind]; }
};

// Linear light of both photos at one scale: 8-bit photos at the first, planes at the others.
struct Scale {
    int height, width;
    const std::uint8_t* photo[2];
    float* planes[2];  // (3, height, width)

    // Row y from column x on: as it lies in memory, or made in `room`.
    ThreeRows row(int image, int y, int x, std::ptrdiff_t pixels, const ThreeRows& room) const {
        const std::ptrdiff_t start = std::ptrdiff_t{y} * width + x, area = std::ptrdiff_t{height} * width;
        if (float* plane = planes[image]) return {{plane + start, plane + area + start, plane + 2 * area + start}};
        linear_light(photo[image] + 3 * start, pixels, room);
        return room;
    }
};

// Which of a plane's maps have weight.
struct Wanted {
    bool structure = false, edges = false;
};

// The rows of one tile that are in use, and the sums over them.
class Tile {
  public:
    Tile(const Scale& scale, const Wanted* wanted, const Taps& taps)
        : scale_(scale), wanted_(wanted), taps_(taps), rows_(kRow * (kTaps * kPlanes * kBlurred + kScratch)) {}

    // Adds columns [left, right) of rows [first, last) to the rows' sums.
    void add(int left, int right, int first, int last, Sums* sums) {
        left_ = left;
        count_ = right - left;
        std::fill(rows_.begin(), rows_.end(), 0.0f);  // beyond the photo's sides all is 0
        int next = std::max(0, first - kRadius);
        for (int y = first; y < last; ++y) {
            for (const int ready = std::min(scale_.height, y + kRadius + 1); next < ready; ++next) read(next);
            for (int plane = 0; plane < kPlanes; ++plane) add_row(y, plane, sums[y]);
        }
    }

  private:
    static constexpr int kScratch = kPlanes + 1 + kBlurred;

    // Row y of one plane's map; column 0 is the tile's, `kRadius` after the row's begin.
    float* ring(int y, int plane, int map) {
        return rows_.data() + kRow * ((std::ptrdiff_t{y % kTaps} * kPlanes + plane) * kBlurred + map);
    }

    float* scratch(int row) { return rows_.data() + kRow * (std::ptrdiff_t{kTaps * kPlanes * kBlurred} + row); }

    void read(int y) {
        const int from = std::max(0, left_ - kRadius), until = std::min(scale_.width, left_ + count_ + kRadius);
        const int skipped = from - (left_ - kRadius), pixels = until - from;
        const ThreeRows room{{scratch(0), scratch(1), scratch(2)}};
        for (int image = 0; image < 2; ++image) {
            ThreeRows made;
            for (int plane = 0; plane < kPlanes; ++plane) made.plane[plane] = ring(y, plane, image) + skipped;
            opponent_colours(scale_.row(image, y, from, pixels, room), pixels, made);
        }
        for (int plane = 0; plane < kPlanes; ++plane) {
            compared(ring(y, plane, kOriginal) + skipped, ring(y, plane, kDifference) + skipped, pixels,
                     ring(y, plane, kSquare) + skipped, ring(y, plane, kPower) + skipped);
        }
    }

    const float* blurred(int y, int plane, int map) {
        const float* rows[kTaps];
        for (int k = 0; k < kTaps; ++k) rows[k] = ring(mirrored(y + k - kRadius), plane, map);
        float *down = scratch(kPlanes), *out = scratch(kPlanes + 1 + map);
        blurred_down(rows, taps_, count_ + 2 * kRadius, down);
        blurred_across(down + kRadius, taps_, count_, out);
        return out;
    }

    // Above and below, the photo is continued by its mirror image.
    int mirrored(int y) const { return y < 0 ? -1 - y : y < scale_.height ? y : 2 * scale_.height - 1 - y; }

    void add_row(int y, int plane, Sums& sums) {
        const Wanted wanted = wanted_[plane];
        if (!wanted.structure && !wanted.edges) return;
        const float *mean = blurred(y, plane, kOriginal), *difference = blurred(y, plane, kDifference);
        float* out = scratch(0);
        const std::ptrdiff_t whole = (count_ + kLanes - 1) / kLanes * kLanes;
        std::fill(out + count_, out + whole, 0.0f);
        if (wanted.structure) {
            structures(mean, difference, blurred(y, plane, kSquare), blurred(y, plane, kPower), count_, out);
            add_powers(out, 1, whole, &sums.of(plane, 0, 0), &sums.of(plane, 1, 0));
        }
        if (wanted.edges) {
            edges(mean, difference, ring(y, plane, kOriginal) + kRadius, ring(y, plane, kDifference) + kRadius, count_,
                  out);
            add_powers(out, 1, whole, &sums.of(plane, 0, 1), &sums.of(plane, 1, 1));
            add_powers(out, -1, whole, &sums.of(plane, 0, 2), &sums.of(plane, 1, 2));
        }
    }

    const Scale& scale_;
    const Wanted* wanted_;
    const Taps& taps_;
    std::vector<float> rows_;
    int left_ = 0, count_ = 0;
};

// Sums of every row of one scale, in whatever order the rows' parts run; added up from top to bottom.
Sums sums_of(Team& team, const Scale& scale, const Wanted* wanted, const Taps& taps) {
    std::vector<Sums> rows(scale.height);
    team.rows(scale.height, kGrain, [&](int first, int last) {
        Tile tile(scale, wanted, taps);
        for (int left = 0; left < scale.width; left += kTile) {
            tile.add(left, std::min(scale.width, left + kTile), first, last, rows.data());
        }
    });
    Sums total;
    for (const Sums& row : rows) {
        for (std::size_t i = 0; i < row.values.size(); ++i) total.values[i] += row.values[i];
    }
    return total;
}

// The same at half the size, in `planes`.
Scale halved(Team& team, const Scale& fine, float* planes) {
    Scale coarse{(fine.height + 1) / 2, (fine.width + 1) / 2, {}, {}};
    const std::ptrdiff_t area = std::ptrdiff_t{coarse.height} * coarse.width;
    for (int image = 0; image < 2; ++image) coarse.planes[image] = planes + kPlanes * area * image;
    team.rows(coarse.height, kGrain, [&](int first, int last) {
        std::vector<float> room(2 * kPlanes * std::ptrdiff_t{fine.width});
        const auto rows = [&](int side) {
            float* start = room.data() + kPlanes * std::ptrdiff_t{fine.width} * side;
            return ThreeRows{{start, start + fine.width, start + 2 * std::ptrdiff_t{fine.width}}};
        };
        for (int y = first; y < last; ++y) {
            for (int image = 0; image < 2; ++image) {
                const ThreeRows upper = fine.row(image, 2 * y, 0, fine.width, rows(0));
                const ThreeRows lower = fine.row(image, std::min(2 * y + 1, fine.height - 1), 0, fine.width, rows(1));
                for (int plane = 0; plane < kPlanes; ++plane) {
                    float* out = coarse.planes[image] + plane * area + std::ptrdiff_t{y} * coarse.width;
                    halve_rows(upper.plane[plane], lower.plane[plane], fine.width, out);
                }
            }
        }
    });
    return coarse;
}

// How many scales have sides of at least kSmallest.
int scales_of(int height, int width) {
    int scales = 0;
    for (int side = std::min(height, width); side >= kSmallest && scales < kScales; side = (side + 1) / 2) ++scales;
    return scales;
}

}  // namespace

double ssimulacra2(const std::uint8_t* a, const std::uint8_t* b, int height, int width, const double* weights,
                   int threads) {
    const int scales = scales_of(height, width);
    if (scales == 0) return 0;
    const Taps taps = gaussian_taps();
    Team team(threads, height, kGrain);
    // Room for the second and the third scale; the fourth replaces the second, and so on.
    const auto floats = [](int rows, int columns) { return std::size_t{2} * kPlanes * rows * columns; };
    const int half = (height + 1) / 2, half_width = (width + 1) / 2;
    Arena arena(Arena::rounded(floats(half, half_width)) +
                Arena::rounded(floats((half + 1) / 2, (half_width + 1) / 2)));
    float* rooms[2] = {arena.take(floats(half, half_width)), arena.take(floats((half + 1) / 2, (half_width + 1) / 2))};
    Scale scale{height, width, {a, b}, {}};
    double total = 0;
    for (int level = 0; level < scales; ++level) {
        if (level > 0) scale = halved(team, scale, rooms[(level + 1) % 2]);
        // With fewer scales than six the first weights count, in the same order.
        const auto weight = [&](int plane, int norm, int kind) {
            return weights[((plane * scales + level) * kNorms + norm) * kKinds + kind];
        };
        Wanted wanted[kPlanes];
        for (int plane = 0; plane < kPlanes; ++plane) {
            for (int norm = 0; norm < kNorms; ++norm) {
                wanted[plane].structure |= weight(plane, norm, 0) != 0;
                wanted[plane].edges |= weight(plane, norm, 1) != 0 || weight(plane, norm, 2) != 0;
            }
        }
        Sums sums = sums_of(team, scale, wanted, taps);
        const double pixels = static_cast<double>(scale.height) * scale.width;
        for (int plane = 0; plane < kPlanes; ++plane) {
            for (int kind = 0; kind < kKinds; ++kind) {
                total += weight(plane, 0, kind) * (sums.of(plane, 0, kind) / pixels);
                total += weight(plane, 1, kind) * std::sqrt(std::sqrt(sums.of(plane, 1, kind) / pixels));
            }
        }
    }
    return total;
}

}  // namespace pp
