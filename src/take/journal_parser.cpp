#include "take/flat_record.h"
#include "take/journal.h"
#include "take/journal_limits.h"
#include "take/json_integer.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <span>

namespace onetake {

namespace limits = journal_limits;

namespace {

using nlohmann::json;

constexpr int kMaxNesting = 64;
constexpr std::size_t kLongestMarkText = std::size_t{1} << 14;  // with replaced bytes; else empty
constexpr std::size_t kMaxConfig = std::size_t{1} << 16;        // bytes of a decoder configuration

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0 || text.size() > 2 * kMaxConfig) return std::nullopt;
    std::vector<std::uint8_t> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto* at = text.data() + 2 * i;
        const auto [end, error] = std::from_chars(at, at + 2, bytes[i], 16);
        if (error != std::errc{} || end != at + 2) return std::nullopt;
    }
    return bytes;
}

std::int64_t integer(const json& j, const char* key, std::int64_t low, std::int64_t high) {
    const auto n = json_integer<std::int64_t>(j.at(key));
    if (!n || *n < low || *n > high) throw std::out_of_range(key);
    return *n;
}

std::uint64_t count(const json& j, const char* key) {
    return static_cast<std::uint64_t>(integer(j, key, 0, limits::kMaxSamples));
}

std::int64_t nanoseconds(const json& j, const char* key) {
    return integer(j, key, -limits::kMaxStamp, limits::kMaxStamp);
}

HostTime host_time(const json& j, const char* key) {
    return host_time_from_ns(nanoseconds(j, key));
}

TrackId track_of(const json& j, const char* key = "track") {
    const auto id = track_id_from(j.at(key).get<std::string>());
    if (!id) throw std::invalid_argument("not a track");
    return *id;
}

int bounded(const json& j, const char* key, int low, int high) {
    return static_cast<int>(integer(j, key, low, high));
}

template <class T>
void get_optional(const json& j, const char* key, T& out) {
    if (const auto it = j.find(key); it != j.end()) it->get_to(out);
}

TrackRecord track_record(const json& j) {
    TrackRecord r;
    r.track = track_of(j);
    if (j.value("store", "jpeg") == "encoded") r.store = TrackStore::encoded;
    // Fixed by the format; the record's path is ignored, so that a take can't refer outside its folder.
    r.path = track_path(r.track, r.store);
    if (r.track.kind == TrackKind::video) {
        auto& v = r.video;
        v.width = bounded(j, "width", 0, 65535);
        v.height = bounded(j, "height", 0, 65535);
        get_optional(j, "fps", v.fps);
        if (!std::isfinite(v.fps) || v.fps < 0 || v.fps > 1e6) v.fps = 0;
        get_optional(j, "device", v.device);
        get_optional(j, "name", v.name);
        get_optional(j, "driver", v.driver);
        get_optional(j, "stable_id", v.stable_id);
        get_optional(j, "fourcc", v.fourcc);
        if (j.contains("buffers")) v.buffers = bounded(j, "buffers", 0, 65535);
        get_optional(j, "notes", v.notes);
        v.color.range = j.value("range", "full") == "limited" ? ColorRange::limited : ColorRange::full;
        v.color.matrix = j.value("matrix", "bt601") == "bt709" ? ColorMatrix::bt709 : ColorMatrix::bt601;
        if (const auto it = j.find("controls"); it != j.end())
            for (const auto& [name, value] : it->items()) v.controls.emplace_back(name, value.get<std::string>());
    } else if (r.track.kind == TrackKind::data) {
        get_optional(j, "device", r.data.device);
        get_optional(j, "name", r.data.name);
        get_optional(j, "notes", r.data.notes);
    } else {
        auto& a = r.audio;
        a.sample_rate = bounded(j, "sample_rate", 1000, 768000);
        a.channels = bounded(j, "channels", 1, 64);
        get_optional(j, "device", a.device);
        get_optional(j, "name", a.name);
        get_optional(j, "host_api", a.host_api);
        if (j.contains("blocksize")) a.blocksize = bounded(j, "blocksize", 0, 1'000'000'000);
        get_optional(j, "latency_s", a.latency_s);
        a.stamps = stamp_kind_from(j.value("stamps", "auto")).value_or(StampKind::automatic);
        get_optional(j, "notes", a.notes);
    }
    return r;
}

PartRecord part_record(const json& j) {
    PartRecord r;
    r.track = track_of(j);
    if (r.track.kind != TrackKind::video) throw std::invalid_argument("a part of no video track");
    r.number = bounded(j, "part", 1, limits::kMaxParts);
    r.begin = host_time_from_ns(integer(j, "t_ns", -kFarthestMedia.count(), kFarthestMedia.count()));
    r.header_bytes = static_cast<std::uint64_t>(integer(j, "header", 0, limits::kMaxOffset));
    r.params.codec = j.at("codec").get<std::string>();
    r.params.width = bounded(j, "width", 1, 65535);
    r.params.height = bounded(j, "height", 1, 65535);
    get_optional(j, "pixel_format", r.params.pixel_format);
    auto config = from_hex(j.value("config", ""));
    if (!config) throw std::invalid_argument("config");
    r.params.extradata = std::move(*config);
    get_optional(j, "encoder", r.encoder);
    if (j.contains("threads")) r.threads = bounded(j, "threads", 0, 65535);
    get_optional(j, "loss_bound_s", r.loss_bound_s);
    if (!std::isfinite(r.loss_bound_s) || r.loss_bound_s < 0) r.loss_bound_s = 0;
    return r;
}

ChunkStream chunk_stream(const json& j) {
    ChunkStream s;
    s.track = track_of(j);
    get_optional(j, "name", s.name);
    get_optional(j, "encoder", s.encoder);
    if (const auto it = j.find("metadata"); it != j.end())
        for (const auto& [key, value] : it->items()) s.metadata.emplace_back(key, value.get<std::string>());
    if (s.track.kind == TrackKind::audio && j.contains("bit_rate"))
        s.bit_rate = integer(j, "bit_rate", 0, limits::kMaxSamples);
    if (s.track.kind != TrackKind::video) return s;
    s.params.codec = j.at("codec").get<std::string>();
    s.params.width = bounded(j, "width", 1, 65535);
    s.params.height = bounded(j, "height", 1, 65535);
    get_optional(j, "pixel_format", s.params.pixel_format);
    auto config = from_hex(j.value("config", ""));
    if (!config) throw std::invalid_argument("config");
    s.params.extradata = std::move(*config);
    return s;
}

ChunksRecord chunks_record(const json& j) {
    constexpr std::int64_t kLongest = std::int64_t{366} * 24 * 3600 * 1000;
    ChunksRecord r;
    r.origin = host_time_from_ns(integer(j, "t_ns", -kFarthestMedia.count(), kFarthestMedia.count()));
    r.length = std::chrono::milliseconds(integer(j, "length_ms", 1, kLongest));
    for (const auto& stream : j.at("streams")) r.streams.push_back(chunk_stream(stream));
    return r;
}

std::optional<JournalRecord> record_from(const json& j) {
    const auto kind = j.at("k").get<std::string>();
    if (kind == "take") {
        TakeRecord r;
        r.format = bounded(j, "format", 0, 1'000'000);
        r.name = j.at("name").get<std::string>();
        get_optional(j, "program", r.program);
        get_optional(j, "created", r.created);
        get_optional(j, "id", r.id);
        r.start = host_time(j, "start_ns");
        if (const auto it = j.find("config"); it != j.end()) r.config_json = it->dump();
        return r;
    }
    if (kind == "track") return track_record(j);
    if (kind == "part") return part_record(j);
    if (kind == "offset") {
        OffsetRecord r;
        r.video = track_of(j, "video");
        r.audio = track_of(j, "audio");
        if (r.video.kind != TrackKind::video || r.audio.kind != TrackKind::audio)
            throw std::invalid_argument("tracks of the wrong kind");
        r.offset = Duration(integer(j, "offset_ns", -kMostOffset.count(), kMostOffset.count()));
        get_optional(j, "source", r.source);
        return r;
    }
    if (kind == "clock") {
        ClockRecord r;
        r.reading.host = host_time(j, "host_ns");
        r.reading.boot = BootTime(Duration(nanoseconds(j, "boot_ns")));
        r.reading.wall = WallTime(Duration(nanoseconds(j, "wall_ns")));
        if (j.contains("spread_ns")) r.reading.spread = Duration(nanoseconds(j, "spread_ns"));
        return r;
    }
    if (kind == "drop") {
        DropRecord r;
        r.track = track_of(j);
        const auto cause = j.at("cause").get<std::string>();
        for (const auto& known : std::span(kLossCauses).first(kRecordedLossCauses))
            if (known.name == cause) r.cause = known.cause;
        r.count = count(j, "count");
        r.time = host_time(j, "host_ns");
        if (j.contains("first")) r.first = integer(j, "first", 0, limits::kMaxSamples);
        if (j.contains("from_ns")) r.from = host_time(j, "from_ns");
        if (j.contains("to_ns")) r.to = host_time(j, "to_ns");
        get_optional(j, "text", r.text);
        return r;
    }
    if (kind == "track_end") return TrackEndRecord{track_of(j), host_time(j, "host_ns")};
    if (kind == "event") {
        EventRecord r;
        if (j.contains("track")) r.track = track_of(j);
        r.event = j.at("event").get<std::string>();
        r.time = host_time(j, "host_ns");
        get_optional(j, "text", r.text);
        return r;
    }
    if (kind == "mark") {
        MarkRecord r;
        r.time = host_time_from_ns(integer(j, "t_ns", -kFarthestMedia.count(), kFarthestMedia.count()));
        r.arrival = host_time(j, "host_ns");
        r.text = j.at("text").get<std::string>();
        if (r.text.size() > kLongestMarkText) r.text.clear();
        return r;
    }
    if (kind == "end") {
        EndRecord r;
        r.time = host_time(j, "host_ns");
        get_optional(j, "reason", r.reason);
        if (j.contains("frames")) r.frames = count(j, "frames");
        if (j.contains("samples")) r.samples = count(j, "samples");
        if (j.contains("packets")) r.packets = count(j, "packets");
        get_optional(j, "duration_s", r.duration_s);
        return r;
    }
    if (kind == "chunks") return chunks_record(j);
    if (kind == "chunk") {
        ChunkRecord r{integer(j, "n", 1, limits::kMaxFrames), j.at("id").get<std::string>(),
                      j.value("finished", false)};
        if (!check_take_name(r.id)) throw std::invalid_argument("id");
        return r;
    }
    if (kind == "f" || kind == "a" || kind == "d") {
        // A frame, block or packet record written differently: other white space, escapes, or keys of a newer format.
        FlatFields fields;
        for (const auto& [key, value] : j.items()) {
            if (!value.is_primitive()) continue;
            const auto text = value.is_string() ? value.get<std::string>() : value.dump();
            if (!fields.set(key, text)) throw std::invalid_argument(key);
        }
        fields.kind = kind;
        auto record = fields.record();
        if (!record) throw std::invalid_argument("keys missing or out of range");
        return record;
    }
    return std::nullopt;
}

}  // namespace

Result<std::optional<JournalRecord>> parse_line(std::string_view line) {
    if (auto record = parse_flat_line(line)) return record;
    try {
        // Nesting is bounded, because writing a record again is recursive.
        const auto shallow = [](int depth, json::parse_event_t, const json&) {
            if (depth > kMaxNesting) throw std::out_of_range("nested too deeply");
            return true;
        };
        return record_from(json::parse(line, shallow));
    } catch (const std::exception& e) {
        return fail(ErrorCode::corrupt, fmt::format("not a journal record: {}", e.what()));
    }
}

}  // namespace onetake
