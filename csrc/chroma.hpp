// The transpose of chroma sampling. Definition: kernels/reference/chroma.py.
#pragma once

#include <cstddef>

namespace pp {

// height x width interleaved pixels each; `rows` and `columns` say along which axes two chroma samples become one.
void chroma_adjoint(const float* gradient, std::ptrdiff_t height, std::ptrdiff_t width, bool rows, bool columns,
                    float* out);

}  // namespace pp
