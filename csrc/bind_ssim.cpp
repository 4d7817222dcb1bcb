// Structural similarity and squared differences: argument checks and the call. The numpy twin is in
// kernels/reference/ssim.py.
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

static std::int64_t call_squared_difference(const PhotoU8& a, const PhotoU8& b) {
    require_shape(a, "a", {-1, -1, 3});
    require_shape(b, "b", {a.shape(0), a.shape(1), 3});
    py::gil_scoped_release released;
    return squared_difference(a.data(), b.data(), a.size());
}

void bind_ssim(py::module_& m) {
    m.def("ssim", &call_ssim, py::arg("a").noconvert(), py::arg("b").noconvert(), py::arg("threads") = 1);
    m.def("squared_difference", &call_squared_difference, py::arg("a").noconvert(), py::arg("b").noconvert());
}

}  // namespace pp
