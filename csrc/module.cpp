// Table of contents of pixelpriv_fast.kernels._native. bind_<x>.cpp checks arguments, releases the GIL and calls;
// <x>.hpp and <x>.cpp hold the algorithm in plain C++, without a Python header.
#include <pybind11/pybind11.h>

namespace pp {
void bind_build(pybind11::module_& m);
void bind_cartoon_filter(pybind11::module_& m);
void bind_chroma(pybind11::module_& m);
void bind_climb(pybind11::module_& m);
void bind_exposure(pybind11::module_& m);
void bind_illumination(pybind11::module_& m);
void bind_lattice(pybind11::module_& m);
void bind_lift(pybind11::module_& m);
void bind_resampler(pybind11::module_& m);
void bind_resize(pybind11::module_& m);
void bind_ssim(pybind11::module_& m);
void bind_ssimulacra2(pybind11::module_& m);
void bind_warp(pybind11::module_& m);
}  // namespace pp

PYBIND11_MODULE(_native, m, pybind11::mod_gil_not_used()) {
    m.doc() = "Native kernels of pixelpriv_fast; their definitions are the numpy twins in kernels/reference.";
    pp::bind_resampler(m);  // first: other kernels' signatures name its class
    pp::bind_build(m);
    pp::bind_cartoon_filter(m);
    pp::bind_chroma(m);
    pp::bind_climb(m);
    pp::bind_exposure(m);
    pp::bind_illumination(m);
    pp::bind_lattice(m);
    pp::bind_lift(m);
    pp::bind_resize(m);
    pp::bind_ssim(m);
    pp::bind_ssimulacra2(m);
    pp::bind_warp(m);
}
