// Python's view of csrc/climb.
#include "arrays.hpp"
#include "climb.hpp"

namespace pp {

static Terrain terrain_of(const PhotoF32& change, const PlaneF32& weights, const PlaneF32& colours) {
    require_shape(change, "change", {-1, -1, 3});
    require_shape(weights, "weights", {change.shape(0), change.shape(1)});
    require_shape(colours, "colours", {3, 3});
    return {weights.data(), colours.data(), change.shape(0) * change.shape(1)};
}

static double bound_climb(PhotoF32& change, PhotoF32& momentum, const PhotoF32& gradient, const PlaneF32& weights,
                          const PlaneF32& colours, double decay, double length) {
    const Terrain terrain = terrain_of(change, weights, colours);
    require_shape(momentum, "momentum", {change.shape(0), change.shape(1), 3});
    require_shape(gradient, "gradient", {change.shape(0), change.shape(1), 3});
    require_writeable(change, "change");
    require_writeable(momentum, "momentum");
    float *moved = change.mutable_data(), *turned = momentum.mutable_data();
    const float* slope = gradient.data();
    py::gil_scoped_release unlocked;
    return climb(terrain, slope, static_cast<float>(decay), length, moved, turned);
}

static double bound_descend(const PhotoU8& start, PhotoF32& change, const PhotoF32& momentum, const PhotoF32& slope,
                            const PlaneF32& weights, const PlaneF32& colours, double seen, double budget,
                            double longest, int bound) {
    const Terrain terrain = terrain_of(change, weights, colours);
    const py::ssize_t height = change.shape(0), width = change.shape(1);
    require_shape(start, "start", {height, width, 3});
    require_shape(momentum, "momentum", {height, width, 3});
    require_shape(slope, "slope", {height, width, 3});
    require_writeable(change, "change");
    if (bound < 0) fail("bound is " + std::to_string(bound) + ", expected at least 0");
    const float* up = momentum.data();
    const Sight sight{slope.data(), seen, budget};
    const Limits limits{start.data(), longest, bound};
    float* moved = change.mutable_data();
    py::gil_scoped_release unlocked;
    return descend(terrain, up, sight, limits, moved);
}

void bind_climb(py::module_& m) {
    m.def("climb", &bound_climb, py::arg("change").noconvert(), py::arg("momentum").noconvert(),
          py::arg("gradient").noconvert(), py::arg("weights").noconvert(), py::arg("colours").noconvert(),
          py::arg("decay"), py::arg("length"));
    m.def("descend", &bound_descend, py::arg("start").noconvert(), py::arg("change").noconvert(),
          py::arg("momentum").noconvert(), py::arg("slope").noconvert(), py::arg("weights").noconvert(),
          py::arg("colours").noconvert(), py::arg("seen"), py::arg("budget"), py::arg("longest"), py::arg("bound"));
}

}  // namespace pp
