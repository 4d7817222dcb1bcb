// Rotation/translation kernels: argument checks and the call. The numpy twins are in kernels/reference/warp.py.
#include <cmath>
#include <limits>
#include <string>

#include "arrays.hpp"
#include "bind_resampler.hpp"
#include "warp.hpp"

namespace pp {

namespace {

std::ptrdiff_t require_parameters(const MotionsF64& parameters) {
    require_shape(parameters, "parameters", {-1, 3});
    const double* values = parameters.data();
    for (py::ssize_t i = 0; i < parameters.size(); ++i) {
        if (!std::isfinite(values[i]))
            fail("parameters hold " + std::to_string(values[i]) + ", expected finite values");
    }
    return parameters.shape(0);
}

void require_size(py::ssize_t height, py::ssize_t width) {
    if (height < 1 || width < 1 || height > kLongestSide || width > kLongestSide) {
        fail("photo is " + std::to_string(width) + "x" + std::to_string(height) + ", expected sides of 1 to " +
             std::to_string(kLongestSide) + " pixels");
    }
}

bool require_edge(const std::string& edge) {
    if (edge != "soft" && edge != "hard") fail("edge is '" + edge + "', expected 'soft' or 'hard'");
    return edge == "hard";
}

WarpStyle require_style(const std::string& edge, int fill) {
    if (fill < 0 || fill > 255) fail("fill is " + std::to_string(fill) + ", expected 0 to 255");
    return {static_cast<std::uint8_t>(fill), require_edge(edge)};
}

void require_photo(const PhotoU8& photo) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_size(photo.shape(0), photo.shape(1));
}

// Rows of all candidates are counted in 32 bits.
void require_rows(std::ptrdiff_t n, py::ssize_t rows) {
    if (n > std::numeric_limits<int>::max() / rows) {
        fail("parameters hold " + std::to_string(n) + " candidates of " + std::to_string(rows) + " rows, too many");
    }
}

Array<std::uint8_t> call_warp_u8(const PhotoU8& photo, const MotionsF64& parameters, const std::string& edge, int fill,
                                 int threads) {
    require_photo(photo);
    const std::ptrdiff_t n = require_parameters(parameters);
    require_rows(n, photo.shape(0));
    const WarpStyle style = require_style(edge, fill);
    const int height = static_cast<int>(photo.shape(0)), width = static_cast<int>(photo.shape(1));
    Array<std::uint8_t> out({static_cast<py::ssize_t>(n), photo.shape(0), photo.shape(1), py::ssize_t{3}});
    {
        py::gil_scoped_release released;
        warp_u8(PaddedPhoto(photo.data(), height, width, style), parameters.data(), n, out.mutable_data(), threads);
    }
    return out;
}

void require_finite(const float* values, const char* name) {
    for (int c = 0; c < 3; ++c) {
        if (!std::isfinite(values[c]))
            fail(std::string(name) + " holds " + std::to_string(values[c]) + ", expected finite values");
    }
}

void call_warp_input(const PhotoU8& photo, const MotionsF64& parameters, const Resampler& resampler, InputF32& out,
                     const std::string& edge, int fill, int threads) {
    require_photo(photo);
    resampler.require_photo(photo, "photo");
    const std::ptrdiff_t n = require_parameters(parameters);
    const WarpStyle style = require_style(edge, fill);
    if (!resampler.identity) fail("the resampler resizes, expected one that crops at most");
    const Axis<float> rows = resampler.rows.exact(), columns = resampler.columns.exact();
    const Channels channels = resampler.channels();
    require_finite(channels.gain, "gain");
    require_finite(channels.bias, "bias");
    require_shape(out, "out", {static_cast<py::ssize_t>(n), 3, rows.outputs, columns.outputs});
    require_writeable(out, "out");
    require_rows(n, rows.outputs);
    const int height = static_cast<int>(photo.shape(0)), width = static_cast<int>(photo.shape(1));
    const Window window{static_cast<int>(rows.first()), static_cast<int>(columns.first()),
                        static_cast<int>(rows.outputs), static_cast<int>(columns.outputs)};
    float* first = out.mutable_data();
    py::gil_scoped_release released;
    warp_input(PaddedPhoto(photo.data(), height, width, style), parameters.data(), n, channels, window, first, threads);
}

VectorF64 call_filled_area(const MotionsF64& parameters, py::ssize_t height, py::ssize_t width,
                           const std::string& edge) {
    const std::ptrdiff_t n = require_parameters(parameters);
    require_size(height, width);
    const bool hard_edge = require_edge(edge);
    VectorF64 out(static_cast<py::ssize_t>(n));
    double* first = out.mutable_data();
    py::gil_scoped_release released;
    filled_area(parameters.data(), n, static_cast<int>(height), static_cast<int>(width), hard_edge, first);
    return out;
}

}  // namespace

void bind_warp(py::module_& m) {
    m.def("warp_u8", &call_warp_u8, py::arg("photo").noconvert(), py::arg("parameters").noconvert(),
          py::arg("edge") = "soft", py::arg("fill") = 0, py::arg("threads") = 1);
    m.def("warp_input", &call_warp_input, py::arg("photo").noconvert(), py::arg("parameters").noconvert(),
          py::arg("resampler"), py::arg("out").noconvert(), py::arg("edge") = "soft", py::arg("fill") = 0,
          py::arg("threads") = 1);
    m.def("filled_area", &call_filled_area, py::arg("parameters").noconvert(), py::arg("height"), py::arg("width"),
          py::arg("edge") = "soft");
}

}  // namespace pp
