#include "ssimulacra2.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "arena.hpp"
#include "opsin.hpp"
#include "ssimulacra2_norms.hpp"
#include "ssimulacra2_rows.hpp"
#include "team.hpp"

namespace pp {
namespace {

constexpr int kGrain = 64;                     // rows worth a thread: ten more are computed for them
constexpr int kRow = kTile + 2 * kRadius + 6;  // columns of a tile with their margins; whole cache lines

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

    float* plane(int image, int plane, int y, int x) const {
        return planes[image] + (std::ptrdiff_t{plane} * height + y) * width + x;
    }

    // Row y from column x on: as it lies in memory, or made in `room`.
    ThreeRows row(int image, int y, int x, std::ptrdiff_t pixels, const ThreeRows& room) const {
        if (planes[image]) return {{plane(image, 0, y, x), plane(image, 1, y, x), plane(image, 2, y, x)}};
        linear_light(photo[image] + 3 * (std::ptrdiff_t{y} * width + x), pixels, room);
        return room;
    }

    // The scale of half the size, still to be written.
    Scale half(float* room) const {
        const int rows = (height + 1) / 2, columns = (width + 1) / 2;
        return {rows, columns, {}, {room, room + std::ptrdiff_t{kPlanes} * rows * columns}};
    }
};

// What is done at one scale: the maps with weight are summed, and the next scale, if there is one, is written.
struct Task {
    const Scale& scale;
    const Scale* half;
    std::array<Wanted, kPlanes> wanted;
    const Taps& taps;
};

// The rows of one tile that are in use. Every row is read once, and all is made of it then.
class Tile {
  public:
    explicit Tile(const Task& task) : task_(task), rows_(new float[std::size_t{kRow} * kRows]) {}

    // Adds columns [left, right) of rows [first, last) to the rows' sums, and halves those rows.
    void add(int left, int right, int first, int last, Sums* sums) {
        left_ = left;
        count_ = right - left;
        std::fill_n(row(kMap), kTile, 0.0f);
        for (int number = 0; number < kLight; ++number) {  // beyond the photo's sides all is 0
            std::fill_n(row(number), kRadius, 0.0f);
            std::fill_n(row(number) + kRadius + count_, kRadius, 0.0f);
        }
        const int height = task_.scale.height;
        int next = std::max(0, first - kRadius);
        for (int y = first; y < last; ++y) {
            for (const int ready = std::min(height, y + kRadius + 1); next < ready; ++next) {
                read(next);
                const int upper = next - next % 2, lower = std::min(upper + 1, height - 1);
                if (task_.half && next == lower && first <= upper && upper < last) halve(upper, lower);
            }
            for (int plane = 0; plane < kPlanes; ++plane) add_row(y, plane, sums[y]);
        }
    }

  private:
    // The rings of rows in use, then the light of two rows, then what a single row's maps need.
    static constexpr int kLight = kTaps * kPlanes * kBlurred, kDown = kLight + 2 * 2 * kPlanes, kMap = kDown + 1,
                         kAcross = kMap + 1, kRows = kAcross + kBlurred;

    float* row(int number) { return rows_.get() + std::ptrdiff_t{kRow} * number; }

    // Row y of one plane's map; the tile's first column stands `kRadius` behind the row's begin.
    float* ring(int y, int plane, int map) { return row((y % kTaps * kPlanes + plane) * kBlurred + map); }

    int from() const { return std::max(0, left_ - kRadius); }

    void read(int y) {
        const int skipped = from() - (left_ - kRadius);
        const int pixels = std::min(task_.scale.width, left_ + count_ + kRadius) - from();
        for (int image = 0; image < 2; ++image) {
            const int room = kLight + (y % 2 * 2 + image) * kPlanes;
            ThreeRows& light = light_[y % 2][image];
            light = task_.scale.row(image, y, from(), pixels, {{row(room), row(room + 1), row(room + 2)}});
            ThreeRows made;
            for (int plane = 0; plane < kPlanes; ++plane) made.plane[plane] = ring(y, plane, image) + skipped;
            opponent_colours(light, pixels, made);
        }
        for (int plane = 0; plane < kPlanes; ++plane) {
            compared(ring(y, plane, kOriginal) + skipped, ring(y, plane, kDifference) + skipped, pixels,
                     ring(y, plane, kSquare) + skipped, ring(y, plane, kPower) + skipped);
        }
    }

    // The half scale's row of these two, which were read last. Tiles begin at even columns.
    void halve(int upper, int lower) {
        const int skipped = left_ - from();
        for (int image = 0; image < 2; ++image) {
            const ThreeRows &above = light_[0][image], &below = light_[lower % 2][image];
            for (int plane = 0; plane < kPlanes; ++plane) {
                halve_rows(above.plane[plane] + skipped, below.plane[plane] + skipped, count_,
                           task_.half->plane(image, plane, upper / 2, left_ / 2));
            }
        }
    }

    const float* blurred(int y, int plane, int map) {
        const float* rows[kTaps];
        for (int k = 0; k < kTaps; ++k) rows[k] = ring(mirrored(y + k - kRadius), plane, map);
        blurred_down(rows, task_.taps, count_ + 2 * kRadius, row(kDown));
        blurred_across(row(kDown) + kRadius, task_.taps, count_, row(kAcross + map));
        return row(kAcross + map);
    }

    // Above and below, the photo is continued by its mirror image.
    int mirrored(int y) const { return y < 0 ? -1 - y : std::min(y, 2 * task_.scale.height - 1 - y); }

    void add_row(int y, int plane, Sums& sums) {
        const Wanted& wanted = task_.wanted[plane];
        if (!wanted.any()) return;
        const float *mean = blurred(y, plane, kOriginal), *difference = blurred(y, plane, kDifference);
        float* map = row(kMap);  // of which all but `count_` columns stay 0
        if (wanted.structure) {
            structures(mean, difference, blurred(y, plane, kSquare), blurred(y, plane, kPower), count_, map);
            add_powers(map, 1, &sums.of(plane, 0, 0), &sums.of(plane, 1, 0));
        }
        if (wanted.edges) {
            edges(mean, difference, ring(y, plane, kOriginal) + kRadius, ring(y, plane, kDifference) + kRadius, count_,
                  map);
            add_powers(map, 1, &sums.of(plane, 0, 1), &sums.of(plane, 1, 1));
            add_powers(map, -1, &sums.of(plane, 0, 2), &sums.of(plane, 1, 2));
        }
    }

    const Task& task_;
    const std::unique_ptr<float[]> rows_;
    ThreeRows light_[2][2];  // of the last even and the last odd row: of either photo
    int left_ = 0, count_ = 0;
};

// Sums of every row of one scale, in whatever order the rows' parts run; added up from top to bottom.
Sums sums_of(Team& team, const Task& task) {
    const int height = task.scale.height, width = task.scale.width;
    std::vector<Sums> rows(height);
    team.rows(height, kGrain, [&](int first, int last) {
        Tile tile(task);
        for (int left = 0; left < width; left += kTile) {
            tile.add(left, std::min(width, left + kTile), first, last, rows.data());
        }
    });
    Sums total;
    for (const Sums& row : rows) {
        for (std::size_t i = 0; i < row.values.size(); ++i) total.values[i] += row.values[i];
    }
    return total;
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
    const std::size_t half = floats((height + 1) / 2, (width + 1) / 2);
    const std::size_t quarter = floats((height + 3) / 4, (width + 3) / 4);
    Arena arena(Arena::rounded(half) + Arena::rounded(quarter));
    float* const rooms[2] = {arena.take(half), arena.take(quarter)};
    Scale scale{height, width, {a, b}, {}};
    double total = 0;
    for (int level = 0; level < scales; ++level) {
        const auto of = [&](int plane) { return weights_of(weights, plane, scales, level); };
        const Scale next = scale.half(rooms[level % 2]);
        const Scale* written = level + 1 < scales ? &next : nullptr;
        Sums sums = sums_of(team, {scale, written, {Wanted(of(0)), Wanted(of(1)), Wanted(of(2))}, taps});
        const double pixels = static_cast<double>(scale.height) * scale.width;
        for (int plane = 0; plane < kPlanes; ++plane) total += weighted(&sums.of(plane, 0, 0), of(plane), pixels);
        scale = next;
    }
    return total;
}

}  // namespace pp
