// SSIMULACRA 2: argument checks and the call. The numpy twin is in kernels/reference/ssimulacra2.py.
#include "arrays.hpp"
#include "ssimulacra2.hpp"

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

void bind_ssimulacra2(py::module_& m) {
    m.def("ssimulacra2", &call_ssimulacra2, py::arg("a").noconvert(), py::arg("b").noconvert(),
          py::arg("weights").noconvert(), py::arg("threads") = 1);
}

}  // namespace pp
