// The scalar product of two rows, in lanes of fp32 that are summed in fp64: the same bits on every processor.
#pragma once

namespace pp {

double dot(const float* a, const float* b, int width);

}  // namespace pp
