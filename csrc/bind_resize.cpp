// Python's view of csrc/resize.
#include "bind_tables.hpp"
#include "lattice_rows.hpp"
#include "resize_adjoint.hpp"

namespace pp {

namespace {

PhotoU8 bound_resize_u8(const PhotoU8& photo, const VectorI32& row_starts, const TableI32& row_fixed,
                        const VectorI32& column_starts, const TableI32& column_fixed, int threads) {
    require_shape(photo, "photo", {-1, -1, 3});
    const auto rows = axis_view<std::int32_t>(row_starts, row_fixed, "row_fixed", photo.shape(0));
    const auto columns = axis_view<std::int32_t>(column_starts, column_fixed, "column_fixed", photo.shape(1));
    PhotoU8 out({rows.outputs, columns.outputs, std::ptrdiff_t(3)});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    resize_u8(view, rows, columns, threads, target);
    return out;
}

PlanarF32 bound_normalise(const PhotoU8& pixels, const VectorI32& order, const VectorF32& gain, const VectorF32& bias) {
    require_shape(pixels, "pixels", {-1, -1, 3});
    const Channels channels = channels_view(order, gain, &bias);
    PlanarF32 out({py::ssize_t(3), pixels.shape(0), pixels.shape(1)});
    const std::uint8_t* source = pixels.data();
    const std::ptrdiff_t count = pixels.shape(0) * pixels.shape(1);
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    normalise(source, count, channels, target);
    return out;
}

PlanarF32 bound_resize_lattice(const PhotoU8& photo, const OffsetI8& offsets, int units, const VectorI32& row_starts,
                               const TableF32& row_weights, const VectorI32& column_starts,
                               const TableF32& column_weights, const VectorI32& order, const VectorF32& gain,
                               const VectorF32& bias) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_shape(offsets, "offsets", {photo.shape(0), photo.shape(1), 3});
    require_units(units);
    const auto rows = axis_view<float>(row_starts, row_weights, "row_weights", photo.shape(0));
    const auto columns = axis_view<float>(column_starts, column_weights, "column_weights", photo.shape(1));
    const Channels channels = channels_view(order, gain, &bias);
    PlanarF32 out({std::ptrdiff_t(3), rows.outputs, columns.outputs});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    const std::int8_t* moved = offsets.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    resize_lattice(view, moved, units, rows, columns, channels, target);
    return out;
}

void bound_resize_adjoint(const PlanarF32& gradient, const VectorI32& row_starts, const TableF32& row_weights,
                          const VectorI32& column_starts, const TableF32& column_weights, const VectorI32& order,
                          const VectorF32& gain, PhotoF32& out) {
    require_shape(out, "out", {-1, -1, 3});
    require_writeable(out, "out");
    const auto rows = axis_view<float>(row_starts, row_weights, "row_weights", out.shape(0));
    const auto columns = axis_view<float>(column_starts, column_weights, "column_weights", out.shape(1));
    require_shape(gradient, "gradient", {3, rows.outputs, columns.outputs});
    const Channels channels = channels_view(order, gain, nullptr);
    const std::ptrdiff_t height = out.shape(0);
    const std::ptrdiff_t width = out.shape(1);
    const float* source = gradient.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    resize_adjoint(source, rows, columns, channels, height, width, target);
}

}  // namespace

void bind_resize(py::module_& m) {
    m.def("resize_u8", &bound_resize_u8, py::arg("photo").noconvert(), py::arg("row_starts").noconvert(),
          py::arg("row_fixed").noconvert(), py::arg("column_starts").noconvert(), py::arg("column_fixed").noconvert(),
          py::arg("threads") = 1);
    m.def("normalise", &bound_normalise, py::arg("pixels").noconvert(), py::arg("order").noconvert(),
          py::arg("gain").noconvert(), py::arg("bias").noconvert());
    m.def("resize_lattice", &bound_resize_lattice, py::arg("photo").noconvert(), py::arg("offsets").noconvert(),
          py::arg("units"), py::arg("row_starts").noconvert(), py::arg("row_weights").noconvert(),
          py::arg("column_starts").noconvert(), py::arg("column_weights").noconvert(), py::arg("order").noconvert(),
          py::arg("gain").noconvert(), py::arg("bias").noconvert());
    m.def("resize_adjoint", &bound_resize_adjoint, py::arg("gradient").noconvert(), py::arg("row_starts").noconvert(),
          py::arg("row_weights").noconvert(), py::arg("column_starts").noconvert(),
          py::arg("column_weights").noconvert(), py::arg("order").noconvert(), py::arg("gain").noconvert(),
          py::arg("out").noconvert());
}

}  // namespace pp
