#include "base/files.h"
#include "container/muxer.h"
#include "container/part_file.h"
#include "encode/audio_stream_encoder.h"
#include "encode/image_stream_encoder.h"
#include "render/renderer.h"

#include <onetake/config.h>

#include <filesystem>
#include <fmt/format.h>

namespace onetake {

namespace {

constexpr std::uint64_t kLeastRoom = std::uint64_t{8} << 20;

Status try_folder(const std::string& out_path) {
    ONETAKE_TRY(make_folders(std::filesystem::path(out_path).parent_path().string()));
    auto file = PartFile::create(out_path, false);
    if (!file) return fail(std::move(file).error());
    const auto room = disk_room(file->fd(), out_path);
    if (room && room->bytes < kLeastRoom)
        return fail(ErrorCode::no_space,
                    fmt::format("The disk of {} has {:.1f} MB left, too little for an output file. Free space, choose "
                                "another processed_dir, or record without an MP4.",
                                out_path, static_cast<double>(room->bytes) / 1e6));
    return {};
}

}  // namespace

Status try_rendering(const RenderOptions& options, const RecorderConfig& config) {
    ONETAKE_TRY(try_folder(options.out_path));
    const auto& stored = config.store.codec;
    if (stored != "jpeg" && options.copy_encoded && !config.video.empty()) {
        ONETAKE_TRY(check_holds(options.container, stored == "encoded" ? "auto" : stored));
    } else if (options.codec != "copy") {
        for (const auto& track : config.video) {
            VideoEncoderSettings s;
            s.codec = options.codec;
            s.preset = options.preset;
            s.crf = options.crf;
            s.width = track.width;
            s.height = track.height;
            s.fps = options.cfr.value_or(track.fps);
            if (options.pixel_range == PixelRange::limited) s.color.range = ColorRange::limited;
            if (const auto encoder = ImageStreamEncoder::open(s); !encoder) return fail(encoder.error());
        }
    }
    for (const auto& track : config.audio) {
        AudioStreamSettings s;
        s.sample_rate = track.sample_rate;
        s.channels = track.channels;
        s.bit_rate = options.audio_bitrate;
        if (const auto encoder = AudioStreamEncoder::open(s); !encoder) return fail(encoder.error());
    }
    return {};
}

}  // namespace onetake
