// SSIMULACRA 2: argument checks and the calls. The numpy twins are in kernels/reference/ssimulacra2.py and
// ssimulacra2_slope.py.
#include "arrays.hpp"
#include "ssimulacra2.hpp"
#include "ssimulacra2_slope.hpp"

namespace pp {

static double call_ssimulacra2(const PhotoU8& a, const PhotoU8& b, const VectorF64& weights, int threads) {
    require_shape(a, "a", {-1, -1, 3});
    require_sides(a, "a");
    require_shape(b, "b", {a.shape(0), a.shape(1), 3});
    require_shape(weights, "weights", {kWeights});
    py::gil_scoped_release released;
    return ssimulacra2(a.data(), b.data(), static_cast<int>(a.shape(0)), static_cast<int>(a.shape(1)), weights.data(),
                       threads);
}

static double call_ssimulacra2_slope(const PhotoU8& original, const PhotoF32& change, const VectorF64& weights,
                                     PhotoF32& slope) {
    require_shape(original, "original", {-1, -1, 3});
    require_sides(original, "original");
    const py::ssize_t height = original.shape(0), width = original.shape(1);
    require_shape(change, "change", {height, width, 3});
    require_shape(weights, "weights", {kWeights});
    require_shape(slope, "slope", {height, width, 3});
    require_writeable(slope, "slope");
    float* written = slope.mutable_data();
    py::gil_scoped_release released;
    return ssimulacra2_slope(original.data(), change.data(), static_cast<int>(height), static_cast<int>(width),
                             weights.data(), written);
}

void bind_ssimulacra2(py::module_& m) {
    m.def("ssimulacra2", &call_ssimulacra2, py::arg("a").noconvert(), py::arg("b").noconvert(),
          py::arg("weights").noconvert(), py::arg("threads") = 1);
    m.def("ssimulacra2_slope", &call_ssimulacra2_slope, py::arg("original").noconvert(), py::arg("change").noconvert(),
          py::arg("weights").noconvert(), py::arg("slope").noconvert());
}

}  // namespace pp
