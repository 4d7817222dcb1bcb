// Python's view of csrc/lattice.
#include <pybind11/stl.h>

#include <optional>

#include "bind_resampler.hpp"
#include "lattice.hpp"

namespace pp {

namespace {

PhotoU8 bound_lattice_photo(const PhotoU8& photo, const OffsetI8& offsets, int units) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_shape(offsets, "offsets", {photo.shape(0), photo.shape(1), 3});
    require_units(units);
    PhotoU8 out({photo.shape(0), photo.shape(1), py::ssize_t(3)});
    const std::uint8_t* source = photo.data();
    const std::int8_t* moved = offsets.data();
    const std::ptrdiff_t count = photo.size();
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    lattice_photo(source, moved, units, count, target);
    return out;
}

int bound_largest_change(const PhotoU8& photo, const PhotoU8& other) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_shape(other, "other", {photo.shape(0), photo.shape(1), 3});
    const std::uint8_t* a = photo.data();
    const std::uint8_t* b = other.data();
    const std::ptrdiff_t count = photo.size();
    py::gil_scoped_release unlocked;
    return largest_change(a, b, count);
}

void bound_lattice_step(const PhotoU8& photo, OffsetI8& offsets, const PlanarF32& gradient, const Resampler& resampler,
                        int units, int step, int bound, const std::optional<PhotoF32>& extra,
                        std::optional<PlanarF32>& planes) {
    resampler.require_photo(photo, "photo");
    resampler.require_photo(offsets, "offsets");
    require_writeable(offsets, "offsets");
    require_units(units);
    if (bound < 0 || bound > 127) fail("bound is " + std::to_string(bound) + ", expected 0..127 units");
    if (step < -1024 || step > 1024)
        fail("step is " + std::to_string(step) + ", expected at most 1024 units either way");
    resampler.require_planes(gradient, "gradient");
    if (extra) resampler.require_photo(*extra, "extra");
    if (planes) {
        resampler.require_planes(*planes, "planes");
        require_writeable(*planes, "planes");
    }
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    float* next = planes ? planes->mutable_data() : nullptr;
    const float* added = extra ? extra->data() : nullptr;
    const float* source = gradient.data();
    std::int8_t* target = offsets.mutable_data();
    py::gil_scoped_release unlocked;
    lattice_step(view, target, source, resampler.rows.exact(), resampler.columns.exact(), resampler.channels(),
                 {units, step, bound}, added, next);
}

}  // namespace

void bind_lattice(py::module_& m) {
    m.def("largest_change", &bound_largest_change, py::arg("photo").noconvert(), py::arg("other").noconvert());
    m.def("lattice_photo", &bound_lattice_photo, py::arg("photo").noconvert(), py::arg("offsets").noconvert(),
          py::arg("units"));
    m.def("lattice_step", &bound_lattice_step, py::arg("photo").noconvert(), py::arg("offsets").noconvert(),
          py::arg("gradient").noconvert(), py::arg("resampler"), py::arg("units"), py::arg("step"), py::arg("bound"),
          py::arg("extra").noconvert() = py::none(), py::arg("planes").noconvert() = py::none());
}

}  // namespace pp
