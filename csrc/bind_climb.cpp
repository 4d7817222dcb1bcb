// Python's view of csrc/climb.
#include "arrays.hpp"
#include "climb.hpp"

namespace pp {

static void bound_climb(const PhotoU8& start, PhotoF32& change, PhotoF32& momentum, const PhotoF32& gradient,
                        const PlaneF32& weights, const PlaneF32& colours, double decay, double rate, double radius,
                        int bound) {
    require_shape(start, "start", {-1, -1, 3});
    const py::ssize_t height = start.shape(0), width = start.shape(1);
    require_shape(change, "change", {height, width, 3});
    require_shape(momentum, "momentum", {height, width, 3});
    require_shape(gradient, "gradient", {height, width, 3});
    require_shape(weights, "weights", {height, width});
    require_shape(colours, "colours", {3, 3});
    require_writeable(change, "change");
    require_writeable(momentum, "momentum");
    if (bound < 0) fail("bound is " + std::to_string(bound) + ", expected at least 0");
    const Slope slope{start.data(), gradient.data(), weights.data(), colours.data(), height * width};
    float *moved = change.mutable_data(), *turned = momentum.mutable_data();
    py::gil_scoped_release unlocked;
    climb(slope, {static_cast<float>(decay), rate, radius, bound}, moved, turned);
}

void bind_climb(py::module_& m) {
    m.def("climb", &bound_climb, py::arg("start").noconvert(), py::arg("change").noconvert(),
          py::arg("momentum").noconvert(), py::arg("gradient").noconvert(), py::arg("weights").noconvert(),
          py::arg("colours").noconvert(), py::arg("decay"), py::arg("rate"), py::arg("radius"), py::arg("bound"));
}

}  // namespace pp
