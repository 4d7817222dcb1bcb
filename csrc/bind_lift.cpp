// Python's view of csrc/lift. std::domain_error (an axis that is not reduced) arrives as ValueError.
#include <limits>

#include "bind_tables.hpp"
#include "lift.hpp"

namespace pp {

namespace {

constexpr std::ptrdiff_t kAnySize = std::numeric_limits<std::int32_t>::max();

PhotoF32 bound_least_norm(const PhotoF32& wanted, const VectorI32& row_starts, const TableF32& row_weights,
                          const VectorI32& column_starts, const TableF32& column_weights) {
    const auto rows = axis_view<float>(row_starts, row_weights, "row_weights", kAnySize);
    const auto columns = axis_view<float>(column_starts, column_weights, "column_weights", kAnySize);
    require_shape(wanted, "wanted", {rows.outputs, columns.outputs, 3});
    PhotoF32 out({rows.outputs, columns.outputs, std::ptrdiff_t(3)});
    const float* source = wanted.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    least_norm(source, rows, columns, target);
    return out;
}

PhotoU8 bound_lift(const PhotoU8& photo, const PhotoF32& wanted, const VectorI32& row_starts,
                   const TableF32& row_weights, const VectorI32& column_starts, const TableF32& column_weights,
                   int bound, int rounds, int threads) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_sides(photo, "photo");
    if (bound < 0 || bound > 255) fail("bound is " + std::to_string(bound) + ", expected 0..255 grey levels");
    if (rounds < 0) fail("rounds is " + std::to_string(rounds) + ", expected 0 or more");
    const auto rows = axis_view<float>(row_starts, row_weights, "row_weights", photo.shape(0));
    const auto columns = axis_view<float>(column_starts, column_weights, "column_weights", photo.shape(1));
    require_shape(wanted, "wanted", {rows.outputs, columns.outputs, 3});
    PhotoU8 out({photo.shape(0), photo.shape(1), py::ssize_t(3)});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    const float* source = wanted.data();
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    lift(view, source, rows, columns, {bound, rounds, threads}, target);
    return out;
}

}  // namespace

void bind_lift(py::module_& m) {
    m.def("least_norm", &bound_least_norm, py::arg("wanted").noconvert(), py::arg("row_starts").noconvert(),
          py::arg("row_weights").noconvert(), py::arg("column_starts").noconvert(),
          py::arg("column_weights").noconvert());
    m.def("lift", &bound_lift, py::arg("photo").noconvert(), py::arg("wanted").noconvert(),
          py::arg("row_starts").noconvert(), py::arg("row_weights").noconvert(), py::arg("column_starts").noconvert(),
          py::arg("column_weights").noconvert(), py::arg("bound"), py::arg("rounds"), py::arg("threads") = 1);
}

}  // namespace pp
