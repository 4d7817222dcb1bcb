#include "ssimulacra2_slope.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "arena.hpp"
#include "opsin.hpp"
#include "ssimulacra2_norms.hpp"
#include "ssimulacra2_plane.hpp"

namespace pp {
namespace {

enum Image { kOriginal, kChanged, kImages };

// One scale: linear light of both photos, planes of (height, width). Those of the changed photo are replaced by the
// slopes by it. Rows of planes that are not kept are made when they are needed: the finest scale's of the original, and
// of both if it has no weight.
struct Level {
    int height, width;
    std::array<Weights, kPlanes> weights;
    bool wanted;
    float* planes[kImages] = {};

    std::ptrdiff_t pixels() const { return std::ptrdiff_t{height} * width; }

    ThreeRows row(Image image, int y) const { return rows_of(planes[image], y); }

    ThreeRows rows_of(float* of, int y) const {
        float* first = of + std::ptrdiff_t{y} * width;
        return {{first, first + pixels(), first + 2 * pixels()}};
    }
};

struct Photo {
    const std::uint8_t* original;
    const float* change;
};

// Every scale down to the last one with weight; none where nothing has weight.
std::vector<Level> levels_of(int height, int width, const double* weights) {
    std::vector<Level> levels;
    std::size_t used = 0;
    const int scales = scales_of(height, width);
    for (int scale = 0; scale < scales; ++scale, height = (height + 1) / 2, width = (width + 1) / 2) {
        Level level{height, width, {}, false};
        for (int plane = 0; plane < kPlanes; ++plane) {
            level.weights[plane] = weights_of(weights, plane, scales, scale);
            level.wanted = level.wanted || Wanted(level.weights[plane]).any();
        }
        levels.push_back(level);
        if (level.wanted) used = levels.size();
    }
    levels.resize(used);
    return levels;
}

class Slopes {
  public:
    Slopes(const Photo& photo, std::vector<Level> levels)
        : photo_(photo),
          levels_(std::move(levels)),
          largest_(std::find_if(levels_.begin(), levels_.end(), [](const Level& level) { return level.wanted; })),
          arena_(floats()),
          rows_(arena_.take(room_floats())),
          taps_(gaussian_taps()) {
        for (Level& level : levels_) {
            for (int image = 0; image < kImages; ++image) {
                if (keeps(level, image)) level.planes[image] = arena_.take(kPlanes * level.pixels());
            }
        }
        const Level& largest = *largest_;
        for (float*& planes : opponent_) planes = arena_.take(kPlanes * largest.pixels());
        for (float*& plane : blurs_) plane = arena_.take(PlaneSlope::blur_floats(largest.height, largest.width));
    }

    // Goes from the finest scale to the coarsest, and the slopes' way back.
    double run(float* slope) {
        double total = 0;
        for (std::size_t number = 0; number < levels_.size(); ++number) {
            Level& level = levels_[number];
            read(level, number + 1 < levels_.size() ? &levels_[number + 1] : nullptr);
            if (level.wanted) total += compare(level);
        }
        for (std::size_t number = levels_.size(); number-- > 0;) {
            add_coarser(levels_[number], number + 1 < levels_.size() ? &levels_[number + 1] : nullptr, slope);
        }
        return total;
    }

  private:
    static constexpr int kRooms = 3;  // the light of two rows, and one row of pixels

    bool first(const Level& level) const { return &level == levels_.data(); }
    bool keeps(const Level& level, int image) const { return !first(level) || (level.wanted && image == kChanged); }

    std::size_t floats() const {
        const Level& largest = *largest_;
        std::size_t sum = kImages * Arena::rounded(kPlanes * largest.pixels());
        sum += kBlurs * Arena::rounded(PlaneSlope::blur_floats(largest.height, largest.width));
        for (const Level& level : levels_) {
            for (int image = 0; image < kImages; ++image) {
                if (keeps(level, image)) sum += Arena::rounded(kPlanes * level.pixels());
            }
        }
        return sum + room_floats();
    }

    std::size_t room_floats() const { return kRooms * kPlanes * Arena::rounded(levels_.front().width); }

    ThreeRows room(int number) const {
        const std::size_t width = Arena::rounded(levels_.front().width);
        float* first = rows_ + number * kPlanes * width;
        return {{first, first + width, first + 2 * width}};
    }

    // A row's light: of the first scale, made here. Where it has weight, its opponent colours are made too.
    ThreeRows light(const Level& level, Image image, int y) {
        const ThreeRows out = keeps(level, image) ? level.row(image, y) : room(y % 2);
        if (first(level)) {
            const std::ptrdiff_t begin = 3 * std::ptrdiff_t{y} * level.width;
            changed_light(photo_.original + begin, image == kChanged ? photo_.change + begin : nullptr, level.width,
                          room(kRooms - 1).plane[0], out);
        }
        if (level.wanted) opponent_colours(out, level.width, level.rows_of(opponent_[image], y));
        return out;
    }

    // Makes all of a scale's light and colours, and halves the light for the next one.
    void read(const Level& level, const Level* half) {
        for (const Image image : {kOriginal, kChanged}) {
            for (int y = 0; y < level.height; y += 2) {
                const ThreeRows upper = light(level, image, y);
                const ThreeRows lower = y + 1 < level.height ? light(level, image, y + 1) : upper;
                if (!half) continue;
                const ThreeRows out = half->row(image, y / 2);
                for (int plane = 0; plane < kPlanes; ++plane) {
                    halve_rows(upper.plane[plane], lower.plane[plane], level.width, out.plane[plane]);
                }
            }
        }
    }

    // Returns the scale's part of the difference, and replaces the changed photo's light by the slopes by it.
    double compare(const Level& level) {
        double total = 0;
        PlaneSlope work(level.height, level.width, taps_, blurs_);
        for (int plane = 0; plane < kPlanes; ++plane) {
            const std::ptrdiff_t begin = plane * level.pixels();
            total += work.replace(opponent_[kOriginal] + begin, opponent_[kChanged] + begin, level.weights[plane]);
        }
        for (int y = 0; y < level.height; ++y) {
            opponent_slopes(level.rows_of(opponent_[kChanged], y), level.width, level.row(kChanged, y));
        }
        return total;
    }

    // Adds the slopes by the coarser scale's light to a scale's own; the first scale's become those by the samples.
    void add_coarser(const Level& level, const Level* half, float* slope) {
        for (int y = 0; y < level.height; ++y) {
            const ThreeRows row = keeps(level, kChanged) ? level.row(kChanged, y) : room(0);
            for (int plane = 0; plane < kPlanes; ++plane) {
                if (!level.wanted) std::fill_n(row.plane[plane], level.width, 0.0f);
                if (!half) continue;
                halve_slopes(half->row(kChanged, y / 2).plane[plane], level.width, (y ^ 1) >= level.height,
                             row.plane[plane]);
            }
            if (!first(level)) continue;
            const std::ptrdiff_t begin = 3 * std::ptrdiff_t{y} * level.width;
            changed_light_slopes(photo_.original + begin, photo_.change + begin, row, level.width, slope + begin);
        }
    }

    const Photo photo_;
    std::vector<Level> levels_;
    const std::vector<Level>::iterator largest_;  // the finest with weight
    Arena arena_;
    float* const rows_;
    const Taps taps_;
    float* opponent_[kImages];
    std::array<float*, kBlurs> blurs_;
};

}  // namespace

double ssimulacra2_slope(const std::uint8_t* original, const float* change, int height, int width,
                         const double* weights, float* slope) {
    std::vector<Level> levels = levels_of(height, width, weights);
    if (levels.empty()) {
        std::fill_n(slope, 3 * std::ptrdiff_t{height} * width, 0.0f);
        return 0;
    }
    return Slopes({original, change}, std::move(levels)).run(slope);
}

}  // namespace pp
