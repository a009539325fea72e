#pragma once

#include <onetake/config.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

/// The configuration as lists: the one place of each field's name, help and range. The command line's flags, the JSON
/// keys, validate()'s checks and the arguments of bindings to other languages are derived from them.
namespace onetake {

template <class E>
inline constexpr auto enum_names = nullptr;
template <>
inline constexpr auto enum_names<SourceKind> = std::to_array<std::pair<std::string_view, SourceKind>>(
    {{"device", SourceKind::device}, {"external", SourceKind::external}, {"test", SourceKind::test}});
template <>
inline constexpr auto enum_names<OnFull> =
    std::to_array<std::pair<std::string_view, OnFull>>({{"drop", OnFull::drop}, {"block", OnFull::block}});
template <>
inline constexpr auto enum_names<Subsample> = std::to_array<std::pair<std::string_view, Subsample>>(
    {{"gray", Subsample::gray}, {"420", Subsample::s420}, {"422", Subsample::s422}, {"444", Subsample::s444}});
template <>
inline constexpr auto enum_names<PixelRange> = std::to_array<std::pair<std::string_view, PixelRange>>(
    {{"full", PixelRange::full}, {"limited", PixelRange::limited}});
template <>
inline constexpr auto enum_names<ContainerFormat> = std::to_array<std::pair<std::string_view, ContainerFormat>>(
    {{"mp4", ContainerFormat::mp4}, {"mkv", ContainerFormat::mkv}});
template <>
inline constexpr auto enum_names<SyncReference> = std::to_array<std::pair<std::string_view, SyncReference>>(
    {{"system", SyncReference::system}, {"audio", SyncReference::audio}});

template <class E>
constexpr std::string_view enum_name(E value) {
    for (const auto& [name, v] : enum_names<E>)
        if (v == value) return name;
    return "?";
}

/// The group of a field, for help texts.
enum class FieldGroup { video, audio, jpeg, enhance, render, folders };

struct FieldInfo {
    std::string_view name;  ///< unique among all fields, also of different structures: "width", "denoise_model"
    FieldGroup group;
    std::string_view help;
    double min = 0, max = 0;     ///< for numbers; equal: no range
    std::string_view choices{};  ///< for text with a fixed list: names separated by '|'
};

// visit_fields() calls `visit(info, field)` for the fields of a structure in the order of the documentation; the
// structure may be const.

template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, VideoTrackConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"source", video, "devices, media pushed by a program, or pattern and tone"}, c.source);
    visit(FieldInfo{"video_device", video, "camera: index, /dev/videoN or /dev/v4l/by-id/…"}, c.device);
    visit(FieldInfo{"width", video, "pixels requested from the camera", 16, 16384}, c.width);
    visit(FieldInfo{"height", video, "pixels requested from the camera", 16, 16384}, c.height);
    visit(FieldInfo{"fps", video, "frames per second requested from the camera", 0.1, 1000}, c.fps);
    visit(FieldInfo{"fourcc", video, "pixel format requested from the camera", 0, 0, "MJPG|YUYV|NV12|RGB3|BGR3|GREY"},
          c.fourcc);
    visit(FieldInfo{"convert_rgb", video, "false: store the camera's own JPEGs untouched"}, c.convert_rgb);
    visit(FieldInfo{"buffersize", video, "V4L2 buffers (unset: automatic)", 1, 32}, c.buffersize);
    visit(FieldInfo{"v4l2_controls", video, "control=value set at open (repeatable)"}, c.v4l2_controls);
    visit(FieldInfo{"warmup", video, "frames discarded before the take", 0, 1000}, c.warmup);
}

template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, AudioTrackConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"audio_device", audio, "microphone: index or part of its name"}, c.device);
    visit(FieldInfo{"sample_rate", audio, "Hz", 8000, 192000}, c.sample_rate);
    visit(FieldInfo{"channels", audio, "of each microphone", 1, 8}, c.channels);
    visit(FieldInfo{"blocksize", audio, "samples per block", 16, 65536}, c.blocksize);
}

template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, StoreConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"store_codec", jpeg, "how video is stored: a JPEG per frame, or encoded at once", 0, 0,
                    "jpeg|encoded|auto|libx264|libx265|h264_nvenc|ffv1|mpeg4"},
          c.codec);
    visit(FieldInfo{"store_preset", jpeg, "of the encoder, if video is stored encoded"}, c.preset);
    visit(FieldInfo{"store_crf", jpeg, "its constant quality, lower is better", 0, 51}, c.crf);
    visit(FieldInfo{"store_bitrate", jpeg, "its bits/s instead; 0: constant quality", 0, 1'000'000'000}, c.bitrate);
    visit(FieldInfo{"store_keyframe_s", jpeg, "most seconds between two keyframes", 0.1, 60}, c.keyframe_s);
    visit(FieldInfo{"encoder", jpeg, "JPEG encoder", 0, 0, "turbojpeg"}, c.encoder);
    visit(FieldInfo{"quality", jpeg, "JPEG quality", 1, 100}, c.quality);
    visit(FieldInfo{"subsample", jpeg, "JPEG chroma"}, c.subsample);
    visit(FieldInfo{"progressive", jpeg, "progressive JPEG: smaller, much slower"}, c.progressive);
    visit(FieldInfo{"workers", jpeg, "threads that encode JPEGs", 1, 64}, c.workers);
    visit(FieldInfo{"queue_size", jpeg, "frames that may wait, per track", 1, 4096}, c.queue_size);
    visit(FieldInfo{"on_full", jpeg, "what happens when the queue is full"}, c.on_full);
    visit(FieldInfo{"fsync", folders, "sync every write to disk before the next"}, c.fsync);
}

template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, EnhanceConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"denoise", enhance, "speech enhancement (if a model is set)"}, c.enabled);
    visit(FieldInfo{"require_enhance", enhance, "no output file with audio that could not be enhanced"}, c.required);
    visit(FieldInfo{"denoise_model", enhance, "DPDFNet model: a file, or a downloaded variant"}, c.model);
    visit(FieldInfo{"denoise_num_threads", enhance, "threads of the model", 1, 64}, c.num_threads);
    visit(FieldInfo{"denoise_provider", enhance, "where the model runs", 0, 0, "cpu|cuda"}, c.provider);
    visit(FieldInfo{"denoise_live", enhance, "enhance while recording"}, c.live);
    visit(FieldInfo{"denoise_attenuation_limit_db", enhance, "largest noise reduction; 0: no limit", 0, 100},
          c.attenuation_limit_db);
}

template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, EncodeConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"codec", render, "video encoder", 0, 0, "auto|libx264|libx265|h264_nvenc|h264_vaapi|copy"},
          c.codec);
    visit(FieldInfo{"preset", render, "the encoder's preset"}, c.preset);
    visit(FieldInfo{"crf", render, "constant quality, lower is better", 0, 51}, c.crf);
    visit(FieldInfo{"transcode", render, "encode anew what was stored encoded"}, c.transcode);
    visit(FieldInfo{"pixel_range", render, "YUV range; full keeps the JPEGs' values"}, c.pixel_range);
    visit(FieldInfo{"container", render, "file format"}, c.container);
    visit(FieldInfo{"sync_reference", render, "audio: keep the samples, move the frames"}, c.sync_reference);
    visit(FieldInfo{"cfr", render, "constant frames per second, with a frame map (unset: variable)", 0.1, 1000}, c.cfr);
    visit(FieldInfo{"audio_bitrate", render, "bits/s of the audio", 8000, 512000}, c.audio_bitrate);
    visit(FieldInfo{"latency_offset_ms", render, "delays the audio; negative: earlier", -10000, 10000},
          c.latency_offset_ms);
}

/// All fields but those of the tracks.
template <class Config, class Visit>
requires std::is_same_v<std::remove_const_t<Config>, RecorderConfig>
void visit_fields(Config& c, Visit&& visit) {
    using enum FieldGroup;
    visit(FieldInfo{"require_audio", audio, "no take without every microphone"}, c.require_audio);
    visit(FieldInfo{"calibration", audio, "use the offset measured for these devices"}, c.calibration);
    visit_fields(c.store, visit);
    visit_fields(c.enhance, visit);
    visit_fields(c.encode, visit);
    visit(FieldInfo{"marker_socket", folders, "let `onetake mark` set markers while recording"}, c.marker_socket);
    visit(FieldInfo{"instant_mp4", render, "render while recording, so that the MP4 is ready at stop"}, c.instant_mp4);
    visit(FieldInfo{"data_dir", folders, "folder of the takes"}, c.data_dir);
    visit(FieldInfo{"processed_dir", folders, "folder of the rendered files"}, c.processed_dir);
}

}  // namespace onetake
