// Stylisation kernel: argument checks and the call. The numpy twin is in kernels/reference/cartoon_filter.py.
#include <string>

#include "arrays.hpp"
#include "cartoon_filter.hpp"

namespace pp {

namespace {

constexpr py::ssize_t kMostWeights = 4096;  // of one side of a kernel

HalfKernel half_kernel(const VectorF32& weights, const char* name) {
    require_shape(weights, name, {-1});
    if (weights.shape(0) > kMostWeights) {
        fail(std::string(name) + " has shape " + shape_text(weights) + ", expected at most " +
             std::to_string(kMostWeights));
    }
    return {weights.data(), static_cast<int>(weights.shape(0)) - 1};
}

Array<std::uint8_t> call_cartoon_filter(const PhotoU8& photo, const VectorF32& blur, const PlaneF32& shares, int rounds,
                                        const VectorF32& tone, float saturation, const VectorF32& fine,
                                        const VectorF32& coarse, float line_threshold, float line_gain,
                                        float line_strength) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_sides(photo, "photo");
    require_shape(shares, "shares", {-1, kDifferences});
    require_shape(tone, "tone", {kTones});
    require_shape(coarse, "coarse", {fine.ndim() == 1 ? fine.shape(0) : -1});
    if (rounds < 1) fail("rounds is " + std::to_string(rounds) + ", expected 1 or more");
    const CartoonStyle style{half_kernel(blur, "blur"),
                             shares.data(),
                             static_cast<int>(shares.shape(0)),
                             rounds,
                             tone.data(),
                             saturation,
                             half_kernel(fine, "fine"),
                             half_kernel(coarse, "coarse"),
                             line_threshold,
                             line_gain,
                             line_strength};
    const int height = static_cast<int>(photo.shape(0)), width = static_cast<int>(photo.shape(1));
    Array<std::uint8_t> out({photo.shape(0), photo.shape(1), py::ssize_t{3}});
    std::uint8_t* first = out.mutable_data();
    {
        py::gil_scoped_release released;
        cartoon_filter(photo.data(), height, width, style, first);
    }
    return out;
}

}  // namespace

void bind_cartoon_filter(py::module_& m) {
    m.def("cartoon_filter", &call_cartoon_filter, py::arg("photo").noconvert(), py::arg("blur").noconvert(),
          py::arg("shares").noconvert(), py::arg("rounds"), py::arg("tone").noconvert(), py::arg("saturation"),
          py::arg("fine").noconvert(), py::arg("coarse").noconvert(), py::arg("line_threshold"), py::arg("line_gain"),
          py::arg("line_strength"));
}

}  // namespace pp
