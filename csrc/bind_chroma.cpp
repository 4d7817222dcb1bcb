// Python's view of csrc/chroma.
#include "arrays.hpp"
#include "chroma.hpp"

namespace pp {

static PhotoF32 bound_chroma_adjoint(const PhotoF32& gradient, bool rows, bool columns) {
    require_shape(gradient, "gradient", {-1, -1, 3});
    PhotoF32 out({gradient.shape(0), gradient.shape(1), py::ssize_t(3)});
    const float* source = gradient.data();
    float* target = out.mutable_data();
    py::gil_scoped_release unlocked;
    chroma_adjoint(source, gradient.shape(0), gradient.shape(1), rows, columns, target);
    return out;
}

void bind_chroma(py::module_& m) {
    m.def("chroma_adjoint", &bound_chroma_adjoint, py::arg("gradient").noconvert(), py::arg("rows"),
          py::arg("columns"));
}

}  // namespace pp
