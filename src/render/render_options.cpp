#include "inspect/stored_take.h"
#include "render/renderer.h"

#include <onetake/config.h>
#include <onetake/config_fields.h>

#include <fmt/format.h>

namespace onetake {

// Whoever asks for other than the defaults asks for an encoder.
bool copies_encoded_tracks(const EncodeConfig& config) {
    const EncodeConfig defaults;
    return config.codec == "copy" ||
           (!config.transcode && config.codec == defaults.codec && config.preset == defaults.preset &&
            config.crf == defaults.crf && config.pixel_range == defaults.pixel_range && !config.cfr);
}

RenderOptions render_options(const RecorderConfig& config, const std::string& name) {
    const auto& c = config.encode;
    RenderOptions o;
    o.take_folder = take_folder(config.data_dir, name);
    o.out_path = rendered_path(config.processed_dir, name, extension_of(c.container));
    o.command = take_command("process", name, config.data_dir, config.processed_dir);
    if (c.container != EncodeConfig{}.container) o.command += fmt::format(" --container {}", enum_name(c.container));
    o.codec = c.codec;
    o.preset = c.preset;
    o.crf = c.crf;
    o.copy_encoded = copies_encoded_tracks(c);
    o.pixel_range = c.pixel_range;
    o.container = c.container;
    o.audio_bitrate = c.audio_bitrate;
    o.latency_offset_ms = c.latency_offset_ms;
    o.sync_reference = c.sync_reference;
    o.cfr = c.cfr;
    return o;
}

}  // namespace onetake
