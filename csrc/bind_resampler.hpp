// A resize between two sizes as one object: the tables of both axes and the channels of a network's input. Whatever
// the loops rely on is checked when it is made, once for all calls. Its twin is kernels/reference/resampler.py.
#pragma once

#include <vector>

#include "arrays.hpp"
#include "resize.hpp"

namespace pp {

// Copies of one axis' tables (kernels/filters.py's AxisFilter), so that nobody can change what was checked.
class CheckedAxis {
  public:
    // Throws where a window does not lie within the axis, or starts before the one in front of it.
    CheckedAxis(const py::object& axis, const char* name);

    Axis<float> exact() const { return view(weights_); }
    Axis<std::int32_t> rounded() const { return view(fixed_); }
    py::ssize_t size() const { return size_; }
    py::ssize_t outputs() const { return static_cast<py::ssize_t>(starts_.size()); }

  private:
    template <typename W>
    Axis<W> view(const std::vector<W>& weights) const {
        return {starts_.data(), weights.data(), outputs(), static_cast<std::ptrdiff_t>(weights.size()) / outputs()};
    }

    py::ssize_t size_;
    std::vector<std::int32_t> starts_, fixed_;
    std::vector<float> weights_;
};

class Resampler {
  public:
    Resampler(const py::object& rows, const py::object& columns, const VectorI32& order, const VectorF32& gain,
              const VectorF32& bias);
    Resampler(const Resampler&) = delete;

    const CheckedAxis rows, columns;
    const bool identity;  // photos are cropped at most
    // What it was made of, for the numpy twins, which then take either class.
    const py::object given_rows, given_columns, given_order, given_gain, given_bias;

    Channels channels() const { return {order_.data(), gain_.data(), bias_.data()}; }

    // Throw where an array is not one of a photo that it reads, or of an input that it makes.
    void require_photo(const py::array& array, const char* name) const;
    void require_planes(const py::array& array, const char* name) const;

  private:
    std::vector<std::int32_t> order_;
    std::vector<float> gain_, bias_;
};

// Input channel c is gain[c] * pixel[order[c]] + bias[c]. Throws where order is not a permutation.
Channels channels_view(const VectorI32& order, const VectorF32& gain, const VectorF32& bias);

inline void require_units(int units) {
    if (units != 1 && units != 2) fail("units is " + std::to_string(units) + ", expected 1 or 2 to a grey level");
}

}  // namespace pp
