// TIFF's LZW. Definition: kernels/reference/lzw.py.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pp {

enum class LzwEnd { whole, cut_off, bad_code };

struct LzwResult {
    LzwEnd end;
    std::size_t written;
    unsigned code;  // the one that stands for nothing, for bad_code
};

// Writes at most size bytes and reads at most count, whatever the bytes are.
LzwResult unpack_lzw(const std::uint8_t* packed, std::size_t count, std::uint8_t* out, std::size_t size);

}  // namespace pp
