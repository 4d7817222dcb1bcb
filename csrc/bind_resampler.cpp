#include "bind_resampler.hpp"

namespace pp {

namespace {

// An attribute of an AxisFilter that is an array of this kind. Nothing is converted, as everywhere.
template <typename T>
std::vector<T> table(const py::object& axis, const char* name, const char* attribute, std::ptrdiff_t outputs) {
    const py::object found = axis.attr(attribute);
    const std::string full = std::string(name) + "." + attribute;
    if (!py::isinstance<Array<T>>(found))
        throw py::type_error(full + " is not a C-contiguous array of " +
                             py::str(py::dtype::of<T>()).cast<std::string>());
    const auto array = py::reinterpret_borrow<Array<T>>(found);
    if (outputs < 0) {
        require_shape(array, full.c_str(), {-1});
    } else {
        require_shape(array, full.c_str(), {outputs, -1});
    }
    return std::vector<T>(array.data(), array.data() + array.size());
}

}  // namespace

CheckedAxis::CheckedAxis(const py::object& axis, const char* name)
    : size_(axis.attr("size").cast<py::ssize_t>()),
      starts_(table<std::int32_t>(axis, name, "starts", -1)),
      fixed_(table<std::int32_t>(axis, name, "fixed", outputs())),
      weights_(table<float>(axis, name, "weights", outputs())) {
    const std::ptrdiff_t taps = exact().taps;
    if (rounded().taps != taps) fail(std::string(name) + ".fixed and .weights hold different numbers of taps");
    for (std::size_t i = 0; i < starts_.size(); ++i) {
        const bool rising = i == 0 || starts_[i] >= starts_[i - 1];
        if (starts_[i] < 0 || starts_[i] + taps > size_ || !rising) {
            fail(std::string(name) + ": window " + std::to_string(i) + " starts at " + std::to_string(starts_[i]) +
                 " with " + std::to_string(taps) + " taps on an axis of " + std::to_string(size_));
        }
    }
}

Channels channels_view(const VectorI32& order, const VectorF32& gain, const VectorF32& bias) {
    require_shape(order, "order", {3});
    require_shape(gain, "gain", {3});
    require_shape(bias, "bias", {3});
    const std::int32_t* o = order.data();
    int seen = 0;
    for (int c = 0; c < 3; ++c) seen |= (o[c] >= 0 && o[c] < 3) ? 1 << o[c] : 0;
    if (seen != 7) fail("order must be a permutation of 0, 1, 2");
    return {o, gain.data(), bias.data()};
}

Resampler::Resampler(const py::object& rows_, const py::object& columns_, const VectorI32& order, const VectorF32& gain,
                     const VectorF32& bias)
    : rows(rows_, "rows"),
      columns(columns_, "columns"),
      identity(copies(rows.exact(), 1.0f) && copies(columns.exact(), 1.0f)),
      given_rows(rows_),
      given_columns(columns_),
      given_order(order),
      given_gain(gain),
      given_bias(bias) {
    const Channels checked = channels_view(order, gain, bias);
    order_.assign(checked.order, checked.order + 3);
    gain_.assign(checked.gain, checked.gain + 3);
    bias_.assign(checked.bias, checked.bias + 3);
}

void Resampler::require_photo(const py::array& array, const char* name) const {
    require_shape(array, name, {rows.size(), columns.size(), 3});
}

void Resampler::require_planes(const py::array& array, const char* name) const {
    require_shape(array, name, {3, rows.outputs(), columns.outputs()});
}

void bind_resampler(py::module_& m) {
    py::class_<Resampler>(m, "Resampler")
        .def(py::init<const py::object&, const py::object&, const VectorI32&, const VectorF32&, const VectorF32&>(),
             py::arg("rows"), py::arg("columns"), py::arg("order").noconvert(), py::arg("gain").noconvert(),
             py::arg("bias").noconvert())
        .def_readonly("rows", &Resampler::given_rows)
        .def_readonly("columns", &Resampler::given_columns)
        .def_readonly("order", &Resampler::given_order)
        .def_readonly("gain", &Resampler::given_gain)
        .def_readonly("bias", &Resampler::given_bias)
        .def_readonly("identity", &Resampler::identity);
}

}  // namespace pp
