#include "bindings.h"
#include "errors.h"
#include "stream_frame.h"

#include <onetake/stream_encoder.h>

#include <memory>
#include <mutex>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace onetake::python {

namespace {

nb::bytes to_python(const std::vector<std::uint8_t>& bytes) {
    return nb::bytes(bytes.data(), bytes.size());
}

// (bytes, pts, dts, duration, key) of each.
nb::list to_python(const std::vector<EncodedPacket>& packets) {
    nb::list all;
    for (const auto& p : packets) all.append(nb::make_tuple(to_python(p.bytes), p.pts, p.dts, p.duration, p.key));
    return all;
}

nb::tuple to_python(const EncodedStreamInfo& info) {
    return nb::make_tuple(info.codec, info.time_scale, to_python(info.extradata), info.width, info.height,
                          info.pixel_format, info.metadata);
}

// Runs a call of an encoder without the GIL.
template <class Call>
nb::list packets_of(Call call) {
    Result<std::vector<EncodedPacket>> packets;
    {
        const nb::gil_scoped_release release;
        packets = call();
    }
    return to_python(value(std::move(packets)));
}

// An encoder and how it was configured. Its calls wait for each other.
template <class Encoder, class Config>
struct PyEncoder {
    explicit PyEncoder(const Config& given) : config(given), encoder(value(Encoder::create(given))) {}

    template <class Call>
    nb::list alone(Call call) {
        return packets_of([&] {
            const std::lock_guard lock(mutex);
            return call(*encoder);
        });
    }

    const Config config;
    const std::unique_ptr<Encoder> encoder;
    std::mutex mutex;
};

using PyVideoEncoder = PyEncoder<VideoStreamEncoder, VideoStreamConfig>;
using PyDataEncoder = PyEncoder<DataStreamEncoder, DataStreamConfig>;

constexpr auto kFlush = "def flush(self) -> list[tuple[bytes, int, int, int, bool]]";
constexpr auto kStream = "def stream(self) -> tuple[str, int, bytes, int, int, str, list[tuple[str, str]]]";

}  // namespace

void bind_stream_encoder(nb::module_& m) {
    nb::class_<VideoStreamConfig>(m, "VideoStreamConfig")
        .def(
            "__init__",
            [](VideoStreamConfig* self, int width, int height, double fps, const std::string& codec,
               std::int64_t bitrate, const std::string& input_pixel_format, const std::string& output_pixel_format,
               const NamedValues& stream_options, const NamedValues& metadata) {
                new (self) VideoStreamConfig{
                    width,          height,  fps, codec, bitrate, input_pixel_format, output_pixel_format,
                    stream_options, metadata};
            },
            nb::kw_only(), nb::arg("width"), nb::arg("height"), nb::arg("fps"), nb::arg("codec"), nb::arg("bitrate"),
            nb::arg("input_pixel_format"), nb::arg("output_pixel_format"), nb::arg("stream_options"),
            nb::arg("metadata"));
    nb::class_<DataStreamConfig>(m, "DataStreamConfig")
        .def(
            "__init__",
            [](DataStreamConfig* self, const std::string& codec, const NamedValues& metadata) {
                new (self) DataStreamConfig{codec, metadata};
            },
            nb::kw_only(), nb::arg("codec"), nb::arg("metadata"));

    nb::class_<PyVideoEncoder>(m, "VideoStreamEncoder")
        .def(nb::init<const VideoStreamConfig&>(), nb::arg("config"))
        .def(
            "encode",
            [](PyVideoEncoder& self, nb::handle given, double t, bool key) {
                StreamFrame frame(given, self.config, true);
                return self.alone(
                    [&](VideoStreamEncoder& e) { return e.encode(frame.bytes(), t, key, frame.stride()); });
            },
            nb::arg("frame").none(), nb::arg("timestamp_s"), nb::arg("key"),
            nb::sig("def encode(self, frame: typing.Any, timestamp_s: float, key: bool) -> "
                    "list[tuple[bytes, int, int, int, bool]]"))
        .def(
            "flush", [](PyVideoEncoder& self) { return self.alone([](VideoStreamEncoder& e) { return e.flush(); }); },
            nb::sig(kFlush))
        .def(
            "stream", [](const PyVideoEncoder& self) { return to_python(self.encoder->stream()); }, nb::sig(kStream));
    nb::class_<PyDataEncoder>(m, "DataStreamEncoder")
        .def(nb::init<const DataStreamConfig&>(), nb::arg("config"))
        .def(
            "encode",
            [](PyDataEncoder& self, nb::handle given, double t) {
                const PyBuffer buffer(given, "The packet");
                const auto packet = packet_in(buffer);
                return self.alone([&](DataStreamEncoder& e) { return e.encode(packet, t); });
            },
            nb::arg("packet").none(), nb::arg("timestamp_s"),
            nb::sig("def encode(self, packet: typing.Any, timestamp_s: float) -> "
                    "list[tuple[bytes, int, int, int, bool]]"))
        .def(
            "flush", [](PyDataEncoder& self) { return self.alone([](DataStreamEncoder& e) { return e.flush(); }); },
            nb::sig(kFlush))
        .def(
            "stream", [](const PyDataEncoder& self) { return to_python(self.encoder->stream()); }, nb::sig(kStream));
}

}  // namespace onetake::python
