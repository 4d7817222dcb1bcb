// Python's view of csrc/resize.
#include <algorithm>

#include "bind_resampler.hpp"
#include "lattice_rows.hpp"
#include "resize_adjoint.hpp"

namespace pp {

namespace {

PhotoU8 bound_resize_u8(const PhotoU8& photo, const Resampler& resampler, int threads) {
    resampler.require_photo(photo, "photo");
    PhotoU8 out({resampler.rows.outputs(), resampler.columns.outputs(), py::ssize_t(3)});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    resize_u8(view, resampler.rows.rounded(), resampler.columns.rounded(), threads, target);
    return out;
}

PlanarF32 bound_normalise(const PhotoU8& pixels, const VectorI32& order, const VectorF32& gain, const VectorF32& bias) {
    require_shape(pixels, "pixels", {-1, -1, 3});
    const Channels channels = channels_view(order, gain, bias);
    PlanarF32 out({py::ssize_t(3), pixels.shape(0), pixels.shape(1)});
    const std::uint8_t* source = pixels.data();
    const std::ptrdiff_t count = pixels.shape(0) * pixels.shape(1);
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    normalise(source, count, channels, target);
    return out;
}

PlanarF32 bound_resize_lattice(const PhotoU8& photo, const OffsetI8& offsets, int units, const Resampler& resampler) {
    resampler.require_photo(photo, "photo");
    resampler.require_photo(offsets, "offsets");
    require_units(units);
    PlanarF32 out({py::ssize_t(3), resampler.rows.outputs(), resampler.columns.outputs()});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    const std::int8_t* moved = offsets.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    resize_lattice(view, moved, units, resampler.rows.exact(), resampler.columns.exact(), resampler.channels(), target);
    return out;
}

void bound_resize_adjoint(const PlanarF32& gradient, const Resampler& resampler, PhotoF32& out) {
    resampler.require_photo(out, "out");
    require_writeable(out, "out");
    resampler.require_planes(gradient, "gradient");
    const std::ptrdiff_t height = out.shape(0);
    const std::ptrdiff_t width = out.shape(1);
    const float* source = gradient.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    const Channels channels = resampler.channels();
    resize_adjoint({source, &channels}, resampler.rows.exact(), resampler.columns.exact(), height, width, target);
}

PhotoF32 bound_photo_adjoint(const PhotoF32& gradient, const Resampler& resampler) {
    require_shape(gradient, "gradient", {resampler.rows.outputs(), resampler.columns.outputs(), 3});
    const py::ssize_t height = resampler.rows.size(), width = resampler.columns.size();
    PhotoF32 out({height, width, py::ssize_t(3)});
    const float* source = gradient.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    std::fill_n(target, 3 * height * width, 0.0f);
    resize_adjoint({source, nullptr}, resampler.rows.exact(), resampler.columns.exact(), height, width, target);
    return out;
}

}  // namespace

void bind_resize(py::module_& m) {
    m.def("resize_u8", &bound_resize_u8, py::arg("photo").noconvert(), py::arg("resampler"), py::arg("threads") = 1);
    m.def("normalise", &bound_normalise, py::arg("pixels").noconvert(), py::arg("order").noconvert(),
          py::arg("gain").noconvert(), py::arg("bias").noconvert());
    m.def("resize_lattice", &bound_resize_lattice, py::arg("photo").noconvert(), py::arg("offsets").noconvert(),
          py::arg("units"), py::arg("resampler"));
    m.def("resize_adjoint", &bound_resize_adjoint, py::arg("gradient").noconvert(), py::arg("resampler"),
          py::arg("out").noconvert());
    m.def("photo_adjoint", &bound_photo_adjoint, py::arg("gradient").noconvert(), py::arg("resampler"));
}

}  // namespace pp
