// Python's view of csrc/smooth.
#include "arrays.hpp"
#include "smooth.hpp"

namespace pp {

static InputF32 bound_smooth_planes(const InputF32& planes, const VectorF32& half) {
    require_shape(planes, "planes", {-1, 3, -1, -1});
    require_shape(half, "half", {-1});
    InputF32 out({planes.shape(0), planes.shape(1), planes.shape(2), planes.shape(3)});
    const float *source = planes.data(), *weights = half.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    smooth_planes(source, 3 * planes.shape(0), planes.shape(2), planes.shape(3), weights, half.size() - 1, target);
    return out;
}

void bind_smooth(py::module_& m) {
    m.def("smooth_planes", &bound_smooth_planes, py::arg("planes").noconvert(), py::arg("half").noconvert());
}

}  // namespace pp
