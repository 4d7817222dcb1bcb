// Rotation/translation kernels: argument checks and the call. The numpy twins are in kernels/reference/warp.py.
#include <cmath>
#include <limits>
#include <string>

#include "arrays.hpp"
#include "bind_tables.hpp"
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

InputForm require_form(const py::array& out, const std::string& layout) {
    if (layout != "NCHW" && layout != "NHWC") fail("layout is '" + layout + "', expected 'NCHW' or 'NHWC'");
    const py::dtype dtype = out.dtype();
    const auto is = [&](char kind, py::ssize_t size) {
        return dtype.kind() == kind && dtype.itemsize() == size && dtype.byteorder() == '=';
    };
    const Layout order = layout == "NCHW" ? Layout::nchw : Layout::nhwc;
    if (is('f', 4)) return {Number::fp32, order};
    if (is('f', 2)) return {Number::fp16, order};
    if (is('u', 2)) return {Number::bf16, order};
    throw py::type_error("out has dtype " + py::str(dtype).cast<std::string>() +
                         ", expected float32, float16, or uint16 for the bits of bf16");
}

void require_finite(const VectorF32& values, const char* name) {
    for (int c = 0; c < 3; ++c) {
        const float value = values.data()[c];
        if (!std::isfinite(value))
            fail(std::string(name) + " holds " + std::to_string(value) + ", expected finite values");
    }
}

void call_warp_input(const PhotoU8& photo, const MotionsF64& parameters, const VectorI32& order, const VectorF32& gain,
                     const VectorF32& bias, py::array& out, const std::string& layout, int top, int left,
                     const std::string& edge, int fill, int threads) {
    require_photo(photo);
    const std::ptrdiff_t n = require_parameters(parameters);
    const WarpStyle style = require_style(edge, fill);
    const Channels channels = channels_view(order, gain, &bias);
    require_finite(gain, "gain");
    require_finite(bias, "bias");
    const InputForm form = require_form(out, layout);
    require_contiguous(out, "out");
    const bool planar = form.layout == Layout::nchw;
    const auto count = static_cast<py::ssize_t>(n);
    planar ? require_shape(out, "out", {count, 3, -1, -1}) : require_shape(out, "out", {count, -1, -1, 3});
    require_writeable(out, "out");
    const py::ssize_t rows = out.shape(planar ? 2 : 1), columns = out.shape(planar ? 3 : 2);
    const int height = static_cast<int>(photo.shape(0)), width = static_cast<int>(photo.shape(1));
    if (top < 0 || left < 0 || top + rows > height || left + columns > width) {
        fail("the window of out, shape " + shape_text(out) + ", at (" + std::to_string(top) + ", " +
             std::to_string(left) + ") does not lie within the photo, shape " + shape_text(photo));
    }
    require_rows(n, rows);
    const Window window{top, left, static_cast<int>(rows), static_cast<int>(columns)};
    void* first = out.mutable_data();
    py::gil_scoped_release released;
    warp_input(PaddedPhoto(photo.data(), height, width, style), parameters.data(), n, channels, window, form, first,
               threads);
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
          py::arg("order").noconvert(), py::arg("gain").noconvert(), py::arg("bias").noconvert(),
          py::arg("out").noconvert(), py::arg("layout") = "NCHW", py::arg("top") = 0, py::arg("left") = 0,
          py::arg("edge") = "soft", py::arg("fill") = 0, py::arg("threads") = 1);
    m.def("filled_area", &call_filled_area, py::arg("parameters").noconvert(), py::arg("height"), py::arg("width"),
          py::arg("edge") = "soft");
}

}  // namespace pp
