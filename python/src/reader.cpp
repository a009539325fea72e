#include "arrays.h"
#include "bindings.h"
#include "errors.h"

#include <onetake/take_reader.h>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <string>

namespace onetake::python {

namespace {

// The arrays and texts that are returned are copies: refresh() may move what they come from. The package keeps
// refresh() apart from the other calls.
nb::object array_of(std::span<const std::int64_t> times) {
    return numpy_array(std::vector<std::int64_t>(times.begin(), times.end()), {times.size()});
}

nb::object frame_times(const TakeReader& reader, std::size_t track) {
    return array_of(reader.frame_times(track));
}

nb::object packet_times(const TakeReader& reader, std::size_t track) {
    return array_of(reader.packet_times(track));
}

nb::bytes packet(const TakeReader& reader, std::size_t track, std::size_t index) {
    Result<std::vector<std::uint8_t>> bytes;
    {
        const nb::gil_scoped_release release;
        bytes = reader.packet(track, index);
    }
    const auto all = value(std::move(bytes));
    return nb::bytes(all.data(), all.size());
}

// Rows of first sample, samples, begin, end, whether after a gap.
nb::object sample_spans(const TakeReader& reader, std::size_t track) {
    const auto spans = reader.sample_spans(track);
    std::vector<std::int64_t> rows;
    rows.reserve(spans.size() * 5);
    for (const auto& s : spans) rows.insert(rows.end(), {s.first_sample, s.samples, s.begin_ns, s.end_ns, s.after_gap});
    return numpy_array(std::move(rows), {spans.size(), 5});
}

nb::bytes jpeg(const TakeReader& reader, std::size_t track, std::size_t frame) {
    Result<std::vector<std::uint8_t>> bytes;
    {
        const nb::gil_scoped_release release;
        bytes = reader.jpeg(track, frame);
    }
    const auto all = value(std::move(bytes));
    return nb::bytes(all.data(), all.size());
}

nb::object image(const TakeReader& reader, std::size_t track, std::size_t frame, std::string_view format) {
    const auto wanted = image_format(format);
    Result<Image> decoded;
    {
        const nb::gil_scoped_release release;
        decoded = reader.image(track, frame, wanted);
    }
    auto image = value(std::move(decoded));
    const auto height = static_cast<std::size_t>(image.height), width = static_cast<std::size_t>(image.width);
    if (image.format == ImageFormat::gray) return numpy_array(std::move(image.pixels), {height, width});
    return numpy_array(std::move(image.pixels), {height, width, 3});
}

nb::object audio_between(const TakeReader& reader, std::size_t track, std::int64_t from_ns, std::int64_t to_ns) {
    Result<std::vector<std::int16_t>> audio;
    {
        const nb::gil_scoped_release release;
        audio = reader.audio_between(track, from_ns, to_ns);
    }
    auto samples = value(std::move(audio));
    const auto channels = static_cast<std::size_t>(reader.audio()[track].channels);
    const auto count = samples.size() / channels;
    return numpy_array(std::move(samples), {count, channels});
}

nb::list video(const TakeReader& reader) {
    nb::list all;
    for (const auto& v : reader.video()) {
        nb::dict d;
        d["track"] = v.track;
        d["device"] = v.device;
        d["name"] = v.name;
        d["width"] = v.width;
        d["height"] = v.height;
        d["fps"] = v.fps;
        d["encoded"] = v.encoded;
        all.append(d);
    }
    return all;
}

nb::list audio(const TakeReader& reader) {
    nb::list all;
    for (const auto& a : reader.audio()) {
        nb::dict d;
        d["track"] = a.track;
        d["device"] = a.device;
        d["name"] = a.name;
        d["sample_rate"] = a.sample_rate;
        d["channels"] = a.channels;
        d["wav_path"] = a.wav_path;
        all.append(d);
    }
    return all;
}

nb::list data(const TakeReader& reader) {
    nb::list all;
    for (const auto& d : reader.data()) all.append(nb::make_tuple(d.track, d.device, d.name));
    return all;
}

nb::list markers(const TakeReader& reader) {
    nb::list all;
    for (const auto& m : reader.markers()) all.append(nb::make_tuple(m.t_ns, m.text));
    return all;
}

nb::list events(const TakeReader& reader) {
    nb::list all;
    for (const auto& e : reader.events()) all.append(nb::make_tuple(to_string(e.kind), e.t, e.track, e.count, e.text));
    return all;
}

}  // namespace

void bind_reader(nb::module_& m) {
    nb::class_<TakeReader>(m, "TakeReader")
        .def_static(
            "open",
            [](const std::string& folder) {
                auto opened = [&] {
                    const nb::gil_scoped_release release;
                    return TakeReader::open(folder);
                }();
                return value(std::move(opened));
            },
            nb::arg("folder"))
        .def("refresh",
             [](TakeReader& reader) {
                 auto gained = [&] {
                     const nb::gil_scoped_release release;
                     return reader.refresh();
                 }();
                 return value(std::move(gained));
             })
        .def_prop_ro("folder", &TakeReader::folder)
        .def_prop_ro("name", &TakeReader::name)
        .def_prop_ro("id", &TakeReader::id)
        .def_prop_ro("program", &TakeReader::program)
        .def_prop_ro("created", &TakeReader::created)
        .def_prop_ro("start_ns", &TakeReader::start_ns)
        .def_prop_ro("complete", &TakeReader::complete)
        .def_prop_ro("recording", &TakeReader::recording)
        .def("video", &video, nb::sig("def video(self) -> list[dict[str, typing.Any]]"))
        .def("audio", &audio, nb::sig("def audio(self) -> list[dict[str, typing.Any]]"))
        .def("data", &data, nb::sig("def data(self) -> list[tuple[str, str, str]]"))
        .def("markers", &markers, nb::sig("def markers(self) -> list[tuple[int, str]]"))
        .def("packet_times", &packet_times, nb::arg("track"),
             nb::sig("def packet_times(self, track: int) -> numpy.typing.NDArray[numpy.int64]"))
        .def("packet", &packet, nb::arg("track"), nb::arg("index"))
        .def("events", &events, nb::sig("def events(self) -> list[tuple[str, float, str, int, str]]"))
        .def("frame_times", &frame_times, nb::arg("track"),
             nb::sig("def frame_times(self, track: int) -> numpy.typing.NDArray[numpy.int64]"))
        .def("frame_at", &TakeReader::frame_at, nb::arg("track"), nb::arg("t_ns"))
        .def("jpeg", &jpeg, nb::arg("track"), nb::arg("frame"))
        .def("image", &image, nb::arg("track"), nb::arg("frame"), nb::arg("format"),
             nb::sig("def image(self, track: int, frame: int, format: str) -> numpy.typing.NDArray[numpy.uint8]"))
        .def("sample_count", &TakeReader::sample_count, nb::arg("track"))
        .def("sample_spans", &sample_spans, nb::arg("track"),
             nb::sig("def sample_spans(self, track: int) -> numpy.typing.NDArray[numpy.int64]"))
        .def(
            "sample_time",
            [](const TakeReader& reader, std::size_t track, std::int64_t sample) {
                return value(reader.sample_time(track, sample));
            },
            nb::arg("track"), nb::arg("sample"))
        .def("audio_between", &audio_between, nb::arg("track"), nb::arg("from_ns"), nb::arg("to_ns"),
             nb::sig("def audio_between(self, track: int, from_ns: int, to_ns: int) -> "
                     "numpy.typing.NDArray[numpy.int16]"))
        .def("wall_time_ns", &TakeReader::wall_time_ns, nb::arg("t_ns"));
}

}  // namespace onetake::python
