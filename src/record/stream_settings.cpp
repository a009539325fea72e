#include "record/stream_settings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <span>

namespace onetake {

namespace {

using enum ColorRange;

constexpr auto kInputs = std::to_array<NamedPixelFormat>({
    {"rgb24", PixelFormat::rgb24, full},
    {"bgr24", PixelFormat::bgr24, full},
    {"gray", PixelFormat::gray8, full},
    {"gray16le", PixelFormat::gray16, full},
    {"nv12", PixelFormat::nv12, limited},
    {"yuyv422", PixelFormat::yuyv, limited},
    {"yuv420p", PixelFormat::i420, limited},
    {"yuvj420p", PixelFormat::i420, full},
    {"yuv422p", PixelFormat::i422, limited},
    {"yuv444p", PixelFormat::i444, limited},
});
constexpr auto kOutputs = std::to_array<NamedPixelFormat>({
    {"yuv420p", PixelFormat::i420, limited},
    {"yuvj420p", PixelFormat::i420, full},
    {"gray", PixelFormat::gray8, full},
    {"gray16le", PixelFormat::gray16, full},
    {"yuv422p", PixelFormat::i422, limited},
    {"yuv444p", PixelFormat::i444, limited},
});

Result<NamedPixelFormat> find(std::span<const NamedPixelFormat> formats, std::string_view field,
                              const std::string& name) {
    std::string names;
    for (const auto& known : formats) {
        if (known.name == name) return known;
        names.append(names.empty() ? "" : ", ").append(known.name);
    }
    return fail(ErrorCode::invalid_argument, fmt::format("{} is \"{}\"; allowed: {}.", field, name, names));
}

}  // namespace

Result<NamedPixelFormat> input_pixel_format(const std::string& name) {
    return find(kInputs, "input_pixel_format", name);
}

Result<NamedPixelFormat> output_pixel_format(const std::string& name) {
    return find(kOutputs, "output_pixel_format", name);
}

Result<VideoTrackSetup> video_setup(const VideoStreamConfig& config) {
    const auto refuse = [](std::string text) { return fail(ErrorCode::invalid_argument, std::move(text)); };
    constexpr int kLargestSide = 16384;
    if (config.width < 1 || config.height < 1 || config.width > kLargestSide || config.height > kLargestSide)
        return refuse(
            fmt::format("width and height are {}x{}; allowed: 1 to {}.", config.width, config.height, kLargestSide));
    const double fps = config.fps.value;
    if (!std::isfinite(fps) || fps < 0.001 || fps > 1000)
        return refuse(fmt::format("fps is {}; allowed: 0.001 to 1000.", fps));
    if (config.codec.empty()) return refuse("codec is empty; allowed: a video encoder such as libx264.");
    if (config.bitrate < 0) return refuse(fmt::format("bitrate is {}; allowed: 0 or more.", config.bitrate));
    const auto input = input_pixel_format(config.input_pixel_format);
    if (!input) return fail(input.error());
    const auto output = output_pixel_format(config.output_pixel_format);
    if (!output) return fail(output.error());
    const auto& from = layout_of(input->format);
    const auto& to = layout_of(output->format);
    const bool is_rgb = input->format == PixelFormat::rgb24 || input->format == PixelFormat::bgr24;
    const bool keeps = !is_rgb && from.chroma == to.chroma && from.bytes_per_sample == to.bytes_per_sample;
    if (output->format != PixelFormat::i420 && !keeps)
        return refuse(
            fmt::format("Frames of {} are not converted to {}; yuv420p is possible.", input->name, output->name));
    VideoTrackSetup setup;
    setup.encode.codec = config.codec;
    setup.encode.bit_rate = config.bitrate;
    setup.encode.fps = fps;
    setup.encode.pixel_format = output->format;
    setup.encode.options = config.stream_options;
    // A chunk is complete only when its encoder holds nothing of it, also if no further frame comes.
    setup.encode.steady_rate = false;
    setup.encode.bound_loss = false;
    setup.width = config.width;
    setup.height = config.height;
    setup.range = output->range;
    return setup;
}

}  // namespace onetake
