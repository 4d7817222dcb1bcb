#include <cmath>
#include <utility>

#include "arrays.hpp"
#include "illumination.hpp"

namespace pp {
namespace {

PlaneF32 bind_half_luminance(const PhotoU8& photo, int threads) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_sides(photo, "photo");
    const py::ssize_t height = photo.shape(0), width = photo.shape(1);
    PlaneF32 out({(height + 1) / 2, (width + 1) / 2});
    const std::uint8_t* source = photo.data();
    float* target = out.mutable_data();
    {
        const py::gil_scoped_release free;
        half_luminance(source, static_cast<int>(height), static_cast<int>(width), threads, target);
    }
    return out;
}

std::pair<PlaneF32, PlaneF32> bind_texture_weights(const PlaneF32& luminance, int window, float sharpness) {
    require_shape(luminance, "luminance", {-1, -1});
    require_sides(luminance, "luminance");
    if (window < 1 || window % 2 == 0) fail("window is " + std::to_string(window) + ", expected an odd number from 1");
    if (!(sharpness > 0)) fail("sharpness is " + std::to_string(sharpness) + ", expected a number above 0");
    const py::ssize_t height = luminance.shape(0), width = luminance.shape(1);
    PlaneF32 w_h({height, width}), w_v({height, width});
    const float* source = luminance.data();
    float *across = w_h.mutable_data(), *down = w_v.mutable_data();
    {
        const py::gil_scoped_release free;
        texture_weights(source, static_cast<int>(height), static_cast<int>(width), window, sharpness, across, down);
    }
    return {std::move(w_h), std::move(w_v)};
}

std::pair<PlaneF64, double> bind_solve_illumination(const PlaneF32& luminance, const PlaneF32& w_h, const PlaneF32& w_v,
                                                    float lam, double rtol, int threads) {
    require_shape(luminance, "luminance", {-1, -1});
    require_sides(luminance, "luminance");
    const py::ssize_t height = luminance.shape(0), width = luminance.shape(1);
    require_shape(w_h, "w_h", {height, width});
    require_shape(w_v, "w_v", {height, width});
    if (!(lam >= 0)) fail("lam is " + std::to_string(lam) + ", expected a number from 0");
    if (!(rtol > 0)) fail("rtol is " + std::to_string(rtol) + ", expected a number above 0");
    PlaneF64 t({height, width});
    const float *source = luminance.data(), *across = w_h.data(), *down = w_v.data();
    double* target = t.mutable_data();
    double residual = 0;
    {
        const py::gil_scoped_release free;
        residual = solve_illumination(source, across, down, static_cast<int>(height), static_cast<int>(width), lam,
                                      rtol, threads, target);
    }
    return {std::move(t), residual};
}

}  // namespace

void bind_illumination(py::module_& m) {
    m.def("half_luminance", &bind_half_luminance, py::arg("photo").noconvert(), py::arg("threads") = 1);
    m.def("texture_weights", &bind_texture_weights, py::arg("luminance").noconvert(), py::arg("window"),
          py::arg("sharpness"));
    m.def("solve_illumination", &bind_solve_illumination, py::arg("luminance").noconvert(), py::arg("w_h").noconvert(),
          py::arg("w_v").noconvert(), py::arg("lam"), py::arg("rtol"), py::arg("threads") = 1);
}

}  // namespace pp
