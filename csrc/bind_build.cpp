// What this binary is, for `pixelpriv info`.
#include <pybind11/pybind11.h>

#include <string>

#include "dispatch.hpp"

namespace py = pybind11;

namespace pp {

static std::string instruction_set() {
#if PP_HAS_LEVELS && PP_HIGHEST >= 3
    if (PP_HIGHEST >= 4 && __builtin_cpu_supports("x86-64-v4")) return "x86-64-v4 (AVX-512)";
    if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3 (AVX2)";
#endif
    return "baseline";
}

void bind_build(py::module_& m) {
    m.def("build_info", [] {
        py::dict info;
        info["instruction_set"] = instruction_set();
#if defined(__VERSION__)
        info["compiler"] = std::string(__VERSION__);
#else
        info["compiler"] = std::string("unknown");
#endif
        return info;
    });
}

}  // namespace pp
