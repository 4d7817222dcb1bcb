// Array contracts of the extension, named once; kernels/_native.pyi states the same names for Python, and
// tests/kernels/test_arrays.py tries what they refuse.
//
// No argument is converted: an array of another dtype, order or number of axes is a TypeError or ValueError that
// names the argument, so a hidden copy can never cost time or lose an in-place result.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <initializer_list>
#include <string>

namespace pp {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;  // C-contiguous, never converted: bind with .noconvert()

using PhotoU8 = Array<std::uint8_t>;    // (height, width, 3) RGB
using OffsetI8 = Array<std::int8_t>;    // (height, width, 3) lattice offsets
using PhotoF32 = Array<float>;          // (height, width, 3) RGB
using PlaneF32 = Array<float>;          // (height, width)
using PlaneF64 = Array<double>;         // (height, width)
using PlanarF32 = Array<float>;         // (3, height, width)
using VectorF32 = Array<float>;         // (n,)
using VectorF64 = Array<double>;        // (n,)
using VectorI32 = Array<std::int32_t>;  // (n,)
using MotionsF64 = Array<double>;       // (n, 3): degrees, tx px, ty px
using InputF32 = Array<float>;          // (n, 3, height, width), a classifier's input

[[noreturn]] inline void fail(const std::string& what) { throw py::value_error(what); }

inline std::string shape_text(const py::array& array) {
    std::string text = "(";
    for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) {
        text += (axis ? ", " : "") + std::to_string(array.shape(axis));
    }
    return text + ")";
}

// Checks the number of axes and, where an expected length is >= 0, that length.
inline void require_shape(const py::array& array, const char* name, std::initializer_list<py::ssize_t> expected) {
    bool good = array.ndim() == static_cast<py::ssize_t>(expected.size());
    std::string want = "(";
    py::ssize_t axis = 0;
    for (py::ssize_t length : expected) {
        good = good && (length < 0 ? array.shape(axis) > 0 : array.shape(axis) == length);
        want += (axis ? ", " : "") + (length < 0 ? std::string("any") : std::to_string(length));
        ++axis;
    }
    if (!good) fail(std::string(name) + " has shape " + shape_text(array) + ", expected " + want + ")");
}

// Rows and columns of a photo are counted in 32 bits, and so are three samples to a pixel and a little more.
constexpr py::ssize_t kMaxSide = py::ssize_t{1} << 28;  // along a side

inline void require_sides(const py::array& array, const char* name) {
    for (py::ssize_t axis = 0; axis < 2; ++axis) {
        if (array.shape(axis) > kMaxSide) {
            fail(std::string(name) + " has shape " + shape_text(array) + ", expected sides of at most " +
                 std::to_string(kMaxSide));
        }
    }
}

inline void require_writeable(const py::array& array, const char* name) {
    if (!array.writeable()) fail(std::string(name) + " is read-only, but it is written to");
}

}  // namespace pp
