// Floats as 16-bit numbers: rounded to nearest, ties to even, as NumPy and PyTorch round them. Infinities stay, and
// what is too large becomes one; no value is NaN.
#pragma once

#include <cstdint>

namespace pp {

void to_fp16(const float* values, int count, std::uint16_t* bits);  // IEEE 754 binary16
void to_bf16(const float* values, int count, std::uint16_t* bits);  // the upper half of a float

}  // namespace pp
