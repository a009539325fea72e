#include "errors.h"

namespace onetake::python {

void raise(const Error& error) {
    const auto code = to_string(error.code);
    // Messages may name files, whose names may be any bytes.
    const auto text = nb::steal<nb::object>(
        PyUnicode_DecodeUTF8(error.message.data(), static_cast<Py_ssize_t>(error.message.size()), "surrogateescape"));
    const auto exception =
        nb::module_::import_("onetake._errors").attr("exception")(nb::str(code.data(), code.size()), text);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
    throw nb::python_error();
}

}  // namespace onetake::python
