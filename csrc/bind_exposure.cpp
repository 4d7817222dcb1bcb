#include <algorithm>
#include <cmath>
#include <vector>

#include "arrays.hpp"
#include "exposure.hpp"

namespace pp {
namespace {

void require_map(const PhotoU8& photo, const PlaneF64& illumination) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_sides(photo, "photo");
    require_shape(illumination, "illumination", {(photo.shape(0) + 1) / 2, (photo.shape(1) + 1) / 2});
}

VectorF64 bind_exposure_samples(const PhotoU8& photo, const PlaneF64& illumination, float threshold, int threads) {
    require_map(photo, illumination);
    const int height = static_cast<int>(photo.shape(0)), width = static_cast<int>(photo.shape(1));
    const std::uint8_t* pixels = photo.data();
    const double* map = illumination.data();
    std::vector<double> samples;
    {
        const py::gil_scoped_release free;
        samples = exposure_samples(pixels, map, height, width, threshold, threads);
    }
    VectorF64 out(static_cast<py::ssize_t>(samples.size()));
    std::copy(samples.begin(), samples.end(), out.mutable_data());
    return out;
}

double bind_best_exposure(const VectorF64& samples, double a, double b, double k_min, double k_max, double k_step) {
    require_shape(samples, "samples", {-1});
    if (samples.size() > 65536)
        fail("samples has " + std::to_string(samples.size()) + " values, expected at most 65536");
    if (!(k_min > 0 && k_max >= k_min && k_step > 0)) fail("expected 0 < k_min <= k_max and k_step > 0");
    const double steps = std::floor((k_max - k_min) / k_step + 1e-9);
    if (!(steps < 1e6)) fail("k_step is " + std::to_string(k_step) + ": more than a million values of k");
    const ExposureGrid grid{k_min, k_step, static_cast<int>(steps) + 1};
    const double* values = samples.data();
    const int count = static_cast<int>(samples.size());
    const py::gil_scoped_release free;
    return best_exposure(values, count, a, b, grid);
}

PhotoU8 bind_blend_exposure(const PhotoU8& photo, const PlaneF64& illumination, const VectorF64& table, double mu,
                            int threads) {
    require_map(photo, illumination);
    require_shape(table, "table", {256});
    const py::ssize_t height = photo.shape(0), width = photo.shape(1);
    PhotoU8 out({height, width, py::ssize_t{3}});
    const std::uint8_t* pixels = photo.data();
    const double *map = illumination.data(), *exposed = table.data();
    std::uint8_t* target = out.mutable_data();
    {
        const py::gil_scoped_release free;
        blend_exposure(pixels, map, static_cast<int>(height), static_cast<int>(width), exposed, mu, threads, target);
    }
    return out;
}

}  // namespace

void bind_exposure(py::module_& m) {
    m.def("exposure_samples", &bind_exposure_samples, py::arg("photo").noconvert(), py::arg("illumination").noconvert(),
          py::arg("threshold"), py::arg("threads") = 1);
    m.def("best_exposure", &bind_best_exposure, py::arg("samples").noconvert(), py::arg("a"), py::arg("b"),
          py::arg("k_min"), py::arg("k_max"), py::arg("k_step"));
    m.def("blend_exposure", &bind_blend_exposure, py::arg("photo").noconvert(), py::arg("illumination").noconvert(),
          py::arg("table").noconvert(), py::arg("mu"), py::arg("threads") = 1);
}

}  // namespace pp
