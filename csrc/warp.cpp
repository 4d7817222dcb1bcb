#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "team.hpp"
#include "warp_rows.hpp"

namespace pp {

namespace {

constexpr double kPi = 3.14159265358979323846;

struct Rotation {
    double cos, sin;
};

// Exact for whole quarter turns, where the library's cosine leaves 6e-17 that would blur every pixel.
Rotation rotation(double degrees) {
    const double turn = std::fmod(degrees, 360.0);
    if (std::fmod(turn, 90.0) == 0.0) {
        constexpr Rotation quarters[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
        return quarters[(static_cast<int>(turn / 90.0) + 4) % 4];
    }
    const double radians = turn * (kPi / 180.0);
    return {std::cos(radians), std::sin(radians)};
}

// One candidate: src = R (u - t - c) + c, plus the pixel of padding, plus half a subpixel so that truncation rounds.
struct Motion {
    Rotation r;
    double tx, ty, centre_x, centre_y;

    Motion(const double* parameter, int height, int width)
        : r(rotation(parameter[0])),
          tx(parameter[1]),
          ty(parameter[2]),
          centre_x((width - 1) / 2.0),
          centre_y((height - 1) / 2.0) {}

    RowMap at(int y) const {
        const double dx = -(tx + centre_x), dy = (y - ty) - centre_y;
        return {((r.cos * dx - r.sin * dy) + (centre_x + 1.0)) * kSubpixels + 0.5,
                ((r.sin * dx + r.cos * dy) + (centre_y + 1.0)) * kSubpixels + 0.5, r.cos * kSubpixels,
                r.sin * kSubpixels};
    }
};

std::vector<Motion> motions(const double* parameters, std::ptrdiff_t n, int height, int width) {
    std::vector<Motion> all;
    all.reserve(static_cast<std::size_t>(n));
    for (std::ptrdiff_t i = 0; i < n; ++i) all.emplace_back(parameters + 3 * i, height, width);
    return all;
}

// The pixels of `within` whose coordinate lies in [low, high). The division finds the ends to within a pixel; the
// same expression that places the taps, which is monotone in x, settles them.
Span clip(double start, double step, double low, double high, Span within) {
    const auto inside = [&](int x) {
        const double at = start + step * x;
        return at >= low && at < high;
    };
    if (within.begin >= within.end) return {0, 0};
    if (step == 0.0) return inside(within.begin) ? within : Span{0, 0};
    const double from = ((step > 0.0 ? low : high) - start) / step, to = ((step > 0.0 ? high : low) - start) / step;
    const auto pixel = [&](double x) {
        return static_cast<int>(std::clamp(x, static_cast<double>(within.begin), static_cast<double>(within.end)));
    };
    Span span{std::max(pixel(std::floor(from)) - 1, within.begin), std::min(pixel(std::ceil(to)) + 1, within.end)};
    while (span.begin < span.end && !inside(span.begin)) ++span.begin;
    while (span.begin < span.end && !inside(span.end - 1)) --span.end;
    return span;
}

// The pixels of an output row that get any photo at all.
Span visible(const RowMap& map, const PaddedPhoto& photo, Span within) {
    const double margin = photo.style.hard_edge ? kSubpixels / 2 : 0;
    const auto axis = [&](double start, double step, int length, Span span) {
        return clip(start, step, margin, (length + 1) * static_cast<double>(kSubpixels) - margin, span);
    };
    return axis(map.row, map.d_row, photo.height, axis(map.column, map.d_column, photo.width, within));
}

// Rows of all candidates, shared out; a thread is worth its start from a few dozen rows on.
template <typename Work>
void share(std::ptrdiff_t rows, int threads, const Work& work) {
    constexpr int kGrain = 32;
    const int count = static_cast<int>(rows);
    Team(threads, count, kGrain).rows(count, kGrain, work);
}

}  // namespace

PaddedPhoto::PaddedPhoto(const std::uint8_t* rgb, int height_, int width_, WarpStyle style_)
    : height(height_),
      width(width_),
      stride(width_ + 2),
      style(style_),
      pixels_(static_cast<std::size_t>(height_ + 2) * stride, 0x010101u * style_.fill) {
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* from = rgb + 3 * static_cast<std::ptrdiff_t>(y) * width;
        std::uint32_t* to = pixels_.data() + static_cast<std::ptrdiff_t>(y + 1) * stride + 1;
        for (int x = 0; x < width; ++x) to[x] = from[3 * x] | from[3 * x + 1] << 8 | from[3 * x + 2] << 16;
        if (style.hard_edge) {
            to[-1] = to[0];
            to[width] = to[width - 1];
        }
    }
    if (!style.hard_edge) return;
    const std::size_t row_bytes = sizeof(std::uint32_t) * stride;
    std::memcpy(&pixels_[0], &pixels_[stride], row_bytes);
    std::memcpy(&pixels_[static_cast<std::size_t>(height + 1) * stride],
                &pixels_[static_cast<std::size_t>(height) * stride], row_bytes);
}

void warp_u8(const PaddedPhoto& photo, const double* parameters, std::ptrdiff_t n, std::uint8_t* out, int threads) {
    const std::ptrdiff_t row_bytes = 3 * static_cast<std::ptrdiff_t>(photo.width);
    const std::vector<Motion> all = motions(parameters, n, photo.height, photo.width);
    share(n * photo.height, threads, [&](int begin, int end) {
        for (std::ptrdiff_t i = begin; i < end; ++i) {
            const RowMap map = all[static_cast<std::size_t>(i / photo.height)].at(static_cast<int>(i % photo.height));
            const Span span = visible(map, photo, {0, photo.width});
            std::uint8_t* row = out + i * row_bytes;
            std::memset(row, photo.style.fill, 3 * static_cast<std::size_t>(span.begin));
            row_u8(photo, map, span, row);
            std::memset(row + 3 * static_cast<std::ptrdiff_t>(span.end), photo.style.fill,
                        3 * static_cast<std::size_t>(photo.width - span.end));
        }
    });
}

void warp_input(const PaddedPhoto& photo, const double* parameters, std::ptrdiff_t n, const Channels& channels,
                Window window, float* out, int threads) {
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(window.rows) * window.columns;
    const Scale scale(channels);
    const std::vector<Motion> all = motions(parameters, n, photo.height, photo.width);
    share(n * window.rows, threads, [&](int begin, int end) {
        for (std::ptrdiff_t i = begin; i < end; ++i) {
            const std::ptrdiff_t candidate = i / window.rows, y = i % window.rows;
            const RowMap map = all[static_cast<std::size_t>(candidate)].at(window.top + static_cast<int>(y));
            const Span span = visible(map, photo, {window.left, window.left + window.columns});
            float* first = out + 3 * candidate * plane + y * window.columns;
            row_input(photo, map, span, scale, {first, plane, window.left, window.columns});
        }
    });
}

void filled_area(const double* parameters, std::ptrdiff_t n, int height, int width, bool hard_edge, double* out) {
    // Soft edge: up to the last pixel's centre, itself included. Hard edge: to half a pixel past it.
    const double low = hard_edge ? kSubpixels / 2 : kSubpixels, beyond = hard_edge ? kSubpixels / 2 : 1;
    const auto high = [&](int length) { return length * static_cast<double>(kSubpixels) + beyond; };
    for (std::ptrdiff_t i = 0; i < n; ++i) {
        const Motion motion(parameters + 3 * i, height, width);
        std::int64_t kept = 0;
        for (int y = 0; y < height; ++y) {
            const RowMap map = motion.at(y);
            const Span span = clip(map.column, map.d_column, low, high(width), {0, width});
            const Span both = clip(map.row, map.d_row, low, high(height), span);
            kept += both.end - both.begin;
        }
        const std::int64_t pixels = static_cast<std::int64_t>(height) * width;
        out[i] = static_cast<double>(pixels - kept) / static_cast<double>(pixels);
    }
}

}  // namespace pp
