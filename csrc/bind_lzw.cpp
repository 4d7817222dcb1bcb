// Python's view of csrc/lzw.
#include "arrays.hpp"
#include "lzw.hpp"

namespace pp {

namespace {

BytesU8 bound_unpack_lzw(const BytesU8& packed, py::ssize_t size) {
    if (packed.ndim() != 1) fail("packed has shape " + shape_text(packed) + ", expected (any)");
    if (size < 0) fail("size is " + std::to_string(size) + ", expected 0 or more bytes");
    BytesU8 out(size);
    const std::uint8_t* source = packed.data();
    const auto count = static_cast<std::size_t>(packed.size());
    std::uint8_t* target = out.mutable_data();
    LzwResult result{};
    {
        py::gil_scoped_release unlocked;
        result = unpack_lzw(source, count, target, static_cast<std::size_t>(size));
    }
    if (result.end == LzwEnd::cut_off) {
        fail("LZW data ends after " + std::to_string(result.written) + " of " + std::to_string(size) + " bytes");
    }
    if (result.end == LzwEnd::bad_code) fail("LZW code " + std::to_string(result.code) + " stands for nothing");
    return out;
}

}  // namespace

void bind_lzw(py::module_& m) {
    m.def("unpack_lzw", &bound_unpack_lzw, py::arg("packed").noconvert(), py::arg("size"));
}

}  // namespace pp
