// Python's view of csrc/lift. std::domain_error (an axis that is not reduced) arrives as ValueError.
#include "bind_resampler.hpp"
#include "lift.hpp"

namespace pp {

namespace {

PhotoU8 bound_lift(const PhotoU8& photo, const PhotoF32& wanted, const Resampler& resampler, int bound, int rounds,
                   int threads) {
    require_shape(photo, "photo", {-1, -1, 3});
    require_sides(photo, "photo");
    if (bound < 0 || bound > 255) fail("bound is " + std::to_string(bound) + ", expected 0..255 grey levels");
    if (rounds < 0) fail("rounds is " + std::to_string(rounds) + ", expected 0 or more");
    resampler.require_photo(photo, "photo");
    require_shape(wanted, "wanted", {resampler.rows.outputs(), resampler.columns.outputs(), 3});
    PhotoU8 out({photo.shape(0), photo.shape(1), py::ssize_t(3)});
    const PhotoView view{photo.data(), photo.shape(0), photo.shape(1)};
    const float* source = wanted.data();
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    lift(view, source, resampler.rows.exact(), resampler.columns.exact(), {bound, rounds, threads}, target);
    return out;
}

}  // namespace

void bind_lift(py::module_& m) {
    m.def("lift", &bound_lift, py::arg("photo").noconvert(), py::arg("wanted").noconvert(), py::arg("resampler"),
          py::arg("bound"), py::arg("rounds"), py::arg("threads") = 1);
}

}  // namespace pp
