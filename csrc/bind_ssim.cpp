// Structural similarity: argument checks and the call. The numpy twin is in kernels/reference/ssim.py.
#include "arrays.hpp"
#include "ssim.hpp"

namespace pp {

static double call_ssim(const PhotoU8& a, const PhotoU8& b, int threads) {
    require_shape(a, "a", {-1, -1, 3});
    require_sides(a, "a");
    require_shape(b, "b", {a.shape(0), a.shape(1), 3});
    py::gil_scoped_release released;
    return ssim(a.data(), b.data(), static_cast<int>(a.shape(0)), static_cast<int>(a.shape(1)), threads);
}

void bind_ssim(py::module_& m) {
    m.def("ssim", &call_ssim, py::arg("a").noconvert(), py::arg("b").noconvert(), py::arg("threads") = 1);
}

}  // namespace pp
