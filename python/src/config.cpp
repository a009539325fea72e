#include "config.h"

#include "bindings.h"
#include "errors.h"

#include <onetake/flat_config.h>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>
#include <string>

namespace onetake::python {

namespace {

[[noreturn]] void wrong_type(std::string_view name, const char* wanted, nb::handle value) {
    raise(
        {ErrorCode::invalid_argument, std::string(name) + " is " + wanted + ", not " + nb::repr(value).c_str() + "."});
}

void assign(bool& field, nb::handle value, std::string_view name) {
    const std::string_view type = Py_TYPE(value.ptr())->tp_name;
    if (!PyBool_Check(value.ptr()) && type != "numpy.bool_" && type != "numpy.bool") wrong_type(name, "a bool", value);
    field = PyObject_IsTrue(value.ptr()) == 1;
}

void assign(int& field, nb::handle value, std::string_view name) {
    const auto number = nb::steal(PyBool_Check(value.ptr()) ? nullptr : PyNumber_Index(value.ptr()));
    if (!number.is_valid() || !nb::try_cast<int>(number, field)) {
        PyErr_Clear();
        wrong_type(name, "an int", value);
    }
}

void assign(double& field, nb::handle value, std::string_view name) {
    const double number =
        PyBool_Check(value.ptr()) || PyUnicode_Check(value.ptr()) ? -1 : PyFloat_AsDouble(value.ptr());
    if (PyErr_Occurred() || PyBool_Check(value.ptr()) || PyUnicode_Check(value.ptr())) {
        PyErr_Clear();
        wrong_type(name, "a number", value);
    }
    field = number;
}

// Text, a path, a device's index, or None for none.
void assign(std::string& field, nb::handle value, std::string_view name) {
    nb::object text = nb::borrow(value);
    if (value.is_none()) {
        field.clear();
        return;
    }
    if (PyIndex_Check(value.ptr()) && !PyBool_Check(value.ptr())) text = nb::str(nb::int_(value));
    if (nb::hasattr(text, "__fspath__")) text = text.attr("__fspath__")();
    const auto bytes =
        nb::steal<nb::bytes>(PyUnicode_Check(text.ptr()) ? PyUnicode_EncodeFSDefault(text.ptr()) : nullptr);
    if (!bytes.is_valid()) {
        PyErr_Clear();
        wrong_type(name, "a str", value);
    }
    field.assign(bytes.c_str(), bytes.size());
}

void assign(std::vector<std::string>& field, nb::handle value, std::string_view name) {
    if (PyUnicode_Check(value.ptr()) || !PySequence_Check(value.ptr())) wrong_type(name, "a list of str", value);
    field.clear();
    for (const auto item : value) assign(field.emplace_back(), item, name);
}

template <class T>
void assign(std::optional<T>& field, nb::handle value, std::string_view name) {
    if (value.is_none())
        field.reset();
    else
        assign(field.emplace(), value, name);
}

template <class E>
requires std::is_enum_v<E>
void assign(E& field, nb::handle value, std::string_view name) {
    std::string text, known;
    assign(text, value, name);
    for (const auto& [choice, v] : enum_names<E>) {
        if (choice == text) {
            field = v;
            return;
        }
        known += (known.empty() ? "" : ", ") + std::string(choice);
    }
    raise({ErrorCode::invalid_argument, std::string(name) + " is one of " + known + ", not '" + text + "'."});
}

nb::object to_python(bool value) {
    return nb::cast(value);
}
nb::object to_python(int value) {
    return nb::cast(value);
}
nb::object to_python(double value) {
    return nb::cast(value);
}
nb::object to_python(const std::string& value) {
    return nb::cast(value);
}
nb::object to_python(const std::vector<std::string>& value) {
    return nb::cast(value);
}
template <class T>
nb::object to_python(const std::optional<T>& value) {
    return value ? to_python(*value) : nb::none();
}
template <class E>
requires std::is_enum_v<E> nb::object to_python(E value) {
    return nb::cast(enum_name(value));
}

const char* type_name(bool) {
    return "bool";
}
const char* type_name(int) {
    return "int";
}
const char* type_name(double) {
    return "float";
}
const char* type_name(const std::string&) {
    return "str";
}
const char* type_name(const std::vector<std::string>&) {
    return "list[str]";
}
template <class T>
std::string type_name(const std::optional<T>&) {
    return std::string(type_name(T{})) + " | None";
}
template <class E>
requires std::is_enum_v<E>
const char* type_name(E) {
    return "str";
}

template <class E>
requires std::is_enum_v<E> std::string choices_of(std::string_view, E) {
    std::string all;
    for (const auto& [name, v] : enum_names<E>) all += (all.empty() ? "" : "|") + std::string(name);
    return all;
}
template <class T>
requires(!std::is_enum_v<T>) std::string choices_of(std::string_view listed, const T&) {
    return std::string(listed);
}

// Sets fields by name; `others` are names that the caller has handled.
template <class Config>
void set_fields(Config& config, const nb::dict& settings, std::initializer_list<std::string_view> others = {}) {
    std::size_t known = 0;
    visit_fields(config, [&](const FieldInfo& info, auto& field) {
        const nb::str name(info.name.data(), info.name.size());
        if (!settings.contains(name)) return;
        ++known;
        assign(field, settings[name], info.name);
    });
    for (const auto name : others) known += settings.contains(nb::str(name.data(), name.size()));
    if (known == settings.size()) return;
    raise({ErrorCode::internal, "Settings have unknown names."});  // Python has checked them, with a better message
}

void set_track(VideoTrackConfig& track, const nb::dict& settings) {
    if (settings.contains("label")) assign(track.label, settings["label"], "label");
    set_fields(track, settings, {"label"});
}

FlatConfig flat_from(const nb::dict& flat) {
    FlatConfig config;
    set_fields(config, flat);
    return config;
}

// Every setting: name, group, help, type, default, lowest, highest (equal: no range), choices.
template <class Config>
nb::list fields_of(const Config& config) {
    constexpr const char* kGroups[] = {"video", "audio", "store", "enhance", "render", "folders"};
    nb::list all;
    visit_fields(config, [&](const FieldInfo& info, const auto& field) {
        all.append(nb::make_tuple(info.name, kGroups[static_cast<int>(info.group)], info.help, type_name(field),
                                  to_python(field), info.min, info.max, choices_of(info.choices, field)));
    });
    return all;
}

}  // namespace

void set_track(AudioTrackConfig& track, const nb::dict& settings) {
    if (settings.contains("label")) assign(track.label, settings["label"], "label");
    if (settings.contains("source")) assign(track.source, settings["source"], "source");
    set_fields(track, settings, {"label", "source"});
}

RecorderConfig config_from(const nb::dict& flat, const nb::object& video, const nb::object& audio,
                           const nb::object& data) {
    auto config = flat_from(flat).config();
    if (!video.is_none()) {
        config.video.clear();
        for (const auto track : video) set_track(config.video.emplace_back(), nb::cast<nb::dict>(track));
    }
    if (!audio.is_none()) {
        config.audio.clear();
        for (const auto track : audio) set_track(config.audio.emplace_back(), nb::cast<nb::dict>(track));
    }
    if (!data.is_none())
        for (const auto label : data) assign(config.data.emplace_back().label, label, "label");
    return config;
}

void bind_config(nb::module_& m) {
    constexpr auto kSignature = "() -> list[tuple[str, str, str, str, object, float, float, str]]";
    m.def(
        "settings", [] { return fields_of(FlatConfig{}); },
        nb::sig((std::string("def settings") + kSignature).c_str()));
    m.def(
        "video_track_settings", [] { return fields_of(VideoTrackConfig{}); },
        nb::sig((std::string("def video_track_settings") + kSignature).c_str()));
    m.def(
        "audio_track_settings", [] { return fields_of(AudioTrackConfig{}); },
        nb::sig((std::string("def audio_track_settings") + kSignature).c_str()));
    m.def(
        "check_config",
        [](const Settings& flat, const nb::object& video, const nb::object& audio) {
            value(validate(config_from(flat, video, audio)));
        },
        nb::arg("flat"), nb::arg("video").none(), nb::arg("audio").none());
}

}  // namespace onetake::python
