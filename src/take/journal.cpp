#include "take/journal.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

namespace onetake {

namespace {

using nlohmann::json;

// Above any real take; these limits keep sums and differences from overflowing.
constexpr std::int64_t kMaxFrames = 1'000'000'000'000;
constexpr std::int64_t kMaxSamples = 1'000'000'000'000;
constexpr std::int64_t kMaxStamp =
    4'500'000'000'000'000'000;                             // of any stamp; kFarthestMedia is the tighter limit of media
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 40;  // of one frame
constexpr std::int64_t kMaxOffset = std::int64_t{1} << 60;  // in a file
constexpr int kMaxNesting = 64;
constexpr int kMaxParts = 1'000'000;
constexpr std::size_t kLongestMarkText = std::size_t{1} << 14;  // with replaced bytes; else empty
constexpr std::size_t kMaxConfig = std::size_t{1} << 16;        // bytes of a decoder configuration

json controls_json(const std::vector<std::pair<std::string, std::string>>& controls) {
    json object = json::object();
    for (const auto& [name, value] : controls) object[name] = value;
    return object;
}

json track_json(const TrackRecord& r) {
    if (r.track.kind == TrackKind::video) {
        const auto& v = r.video;
        json j = {{"k", "track"},
                  {"track", to_string(r.track)},
                  {"kind", "video"},
                  {"path", r.path},
                  {"device", v.device},
                  {"name", v.name},
                  {"driver", v.driver},
                  {"stable_id", v.stable_id},
                  {"width", v.width},
                  {"height", v.height},
                  {"fps", v.fps},
                  {"fourcc", v.fourcc},
                  {"range", to_string(v.color.range)},
                  {"matrix", to_string(v.color.matrix)},
                  {"buffers", v.buffers},
                  {"controls", controls_json(v.controls)},
                  {"notes", v.notes}};
        if (r.store == TrackStore::encoded) j["store"] = "encoded";
        return j;
    }
    if (r.track.kind == TrackKind::data)
        return {{"k", "track"},         {"track", to_string(r.track)}, {"kind", "data"},
                {"path", r.path},       {"device", r.data.device},     {"name", r.data.name},
                {"notes", r.data.notes}};
    const auto& a = r.audio;
    json j = {{"k", "track"},
              {"track", to_string(r.track)},
              {"kind", "audio"},
              {"path", r.path},
              {"device", a.device},
              {"name", a.name},
              {"host_api", a.host_api},
              {"sample_rate", a.sample_rate},
              {"channels", a.channels},
              {"blocksize", a.blocksize},
              {"latency_s", a.latency_s}};
    if (a.stamps != StampKind::automatic) j["stamps"] = to_string(a.stamps);
    j["notes"] = a.notes;
    return j;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string text;
    for (const auto byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
}

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

json part_json(const PartRecord& r) {
    return {{"k", "part"},
            {"track", to_string(r.track)},
            {"part", r.number},
            {"t_ns", to_ns(r.begin)},
            {"header", r.header_bytes},
            {"codec", r.params.codec},
            {"encoder", r.encoder},
            {"width", r.params.width},
            {"height", r.params.height},
            {"pixel_format", r.params.pixel_format},
            {"config", to_hex(r.params.extradata)},
            {"threads", r.threads},
            {"loss_bound_s", r.loss_bound_s}};
}

json chunks_json(const ChunksRecord& r) {
    json streams = json::array();
    for (const auto& s : r.streams) {
        json j = {{"track", to_string(s.track)}, {"name", s.name}, {"metadata", controls_json(s.metadata)}};
        if (s.track.kind == TrackKind::audio) {
            j["encoder"] = s.encoder;
            j["bit_rate"] = s.bit_rate;
        } else if (s.track.kind == TrackKind::video) {
            j["codec"] = s.params.codec;
            j["width"] = s.params.width;
            j["height"] = s.params.height;
            j["pixel_format"] = s.params.pixel_format;
            j["config"] = to_hex(s.params.extradata);
        }
        streams.push_back(std::move(j));
    }
    return {{"k", "chunks"}, {"t_ns", to_ns(r.origin)}, {"length_ms", r.length.count()}, {"streams", streams}};
}

json record_json(const JournalRecord& record) {
    if (const auto* r = std::get_if<TakeRecord>(&record)) {
        json j = {{"k", "take"},
                  {"format", r->format},
                  {"name", r->name},
                  {"program", r->program},
                  {"created", r->created},
                  {"start_ns", to_ns(r->start)},
                  {"config", json::parse(r->config_json, nullptr, false)}};
        if (!r->id.empty()) j["id"] = r->id;
        return j;
    }
    if (const auto* r = std::get_if<TrackRecord>(&record)) return track_json(*r);
    if (const auto* r = std::get_if<PartRecord>(&record)) return part_json(*r);
    if (const auto* r = std::get_if<OffsetRecord>(&record)) {
        return {{"k", "offset"},
                {"video", to_string(r->video)},
                {"audio", to_string(r->audio)},
                {"offset_ns", r->offset.count()},
                {"source", r->source}};
    }
    if (const auto* r = std::get_if<ClockRecord>(&record)) {
        return {{"k", "clock"},
                {"host_ns", to_ns(r->reading.host)},
                {"boot_ns", to_ns(r->reading.boot)},
                {"wall_ns", to_ns(r->reading.wall)},
                {"spread_ns", r->reading.spread.count()}};
    }
    if (const auto* r = std::get_if<DropRecord>(&record)) {
        json j = {{"k", "drop"},       {"track", to_string(r->track)}, {"cause", to_string(r->cause)},
                  {"count", r->count}, {"host_ns", to_ns(r->time)},    {"text", r->text}};
        if (r->first) j["first"] = *r->first;
        if (r->from) j["from_ns"] = to_ns(*r->from);
        if (r->to) j["to_ns"] = to_ns(*r->to);
        return j;
    }
    if (const auto* r = std::get_if<TrackEndRecord>(&record))
        return {{"k", "track_end"}, {"track", to_string(r->track)}, {"host_ns", to_ns(r->time)}};
    if (const auto* r = std::get_if<EventRecord>(&record)) {
        json j = {{"k", "event"}, {"event", r->event}, {"host_ns", to_ns(r->time)}, {"text", r->text}};
        if (r->track) j["track"] = to_string(*r->track);
        return j;
    }
    if (const auto* r = std::get_if<MarkRecord>(&record))
        return {{"k", "mark"}, {"t_ns", to_ns(r->time)}, {"host_ns", to_ns(r->arrival)}, {"text", r->text}};
    if (const auto* r = std::get_if<ChunksRecord>(&record)) return chunks_json(*r);
    if (const auto* r = std::get_if<ChunkRecord>(&record)) {
        json j = {{"k", "chunk"}, {"n", r->number}, {"id", r->id}};
        if (r->finished) j["finished"] = true;
        return j;
    }
    const auto& r = std::get<EndRecord>(record);
    json j = {{"k", "end"},         {"host_ns", to_ns(r.time)}, {"reason", r.reason},
              {"frames", r.frames}, {"samples", r.samples},     {"duration_s", r.duration_s}};
    if (r.packets > 0) j["packets"] = r.packets;
    return j;
}

// Parses flat objects, nearly all of a journal: keys and values without escapes or nesting.
class FlatScanner {
 public:
    explicit FlatScanner(std::string_view text) : text_(text) {}

    // Calls `on(key, value)` for each pair, values as written (strings without quotes). False if the text is not flat.
    template <class On>
    bool scan(On&& on) {
        if (!take('{')) return false;
        do {
            std::string_view key, value;
            if (!quoted(key) || !take(':')) return false;
            if (peek() == '"') {
                if (!quoted(value)) return false;
            } else {
                const auto start = at_;
                while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') ++at_;
                value = text_.substr(start, at_ - start);
                if (value.empty() || value.find_first_of("{[ ") != std::string_view::npos) return false;
            }
            if (!on(key, value)) return false;
        } while (take(','));
        return take('}') && at_ == text_.size();
    }

 private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    bool quoted(std::string_view& out) {
        if (!take('"')) return false;
        const auto end = text_.find_first_of("\"\\", at_);
        if (end == std::string_view::npos || text_[end] == '\\') return false;
        out = text_.substr(at_, end - at_);
        at_ = end + 1;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool is_stamp(std::int64_t ns) {
    return ns >= -kFarthestMedia.count() && ns <= kFarthestMedia.count();
}

bool number(std::string_view text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

// The values of an `f`, `a` or `d` record, by key; common keys are shared by the kinds.
struct FlatFields {
    std::string_view kind;
    std::optional<TrackId> track;
    std::optional<StampSource> source;
    std::optional<std::int64_t> n, t, r, q, b, i, p, o, c;
    bool x = false, packet_is_key = false;

    bool set(std::string_view key, std::string_view value) {
        auto into = [&](std::optional<std::int64_t>& field) {
            std::int64_t parsed = 0;
            if (!number(value, parsed)) return false;
            field = parsed;
            return true;
        };
        if (key == "k") {
            kind = value;
            return kind == "f" || kind == "a" || kind == "d";
        }
        if (key == "v") return (track = track_id_from(value)).has_value();
        if (key == "s") return (source = stamp_source_from(value)).has_value();
        if (key == "n") return into(n);
        if (key == "t") return into(t);
        if (key == "r") return into(r);
        if (key == "q") return into(q);
        if (key == "b") return into(b);
        if (key == "i") return into(i);
        if (key == "p") return into(p);
        if (key == "o") return into(o);
        if (key == "c") return into(c);
        if (key == "x" || key == "key") {
            const bool is_true = value == "true";
            (key == "x" ? x : packet_is_key) = is_true;
            return is_true || value == "false";
        }
        return true;
    }

    std::optional<JournalRecord> record() const {
        if (!track || !source || !n || !t || !r || *n < 1 || *n > kMaxFrames) return std::nullopt;
        if (!is_stamp(*t) || !is_stamp(*r)) return std::nullopt;
        if (kind == "f" && track->kind == TrackKind::video) {
            if (!b || *b < 0 || *b > kMaxBytes || (q && (*q < 0 || *q > UINT32_MAX))) return std::nullopt;
            FrameRecord f{*track, *n, {host_time_from_ns(*t), host_time_from_ns(*r), *source, {}}, 0};
            if (q) f.stamp.driver_sequence = static_cast<std::uint32_t>(*q);
            f.bytes = static_cast<std::uint64_t>(*b);
            if (p) {
                if (*p < 1 || *p > kMaxParts || !o || *o < 0 || *o > kMaxOffset) return std::nullopt;
                f.packet = PacketPlace{static_cast<int>(*p), static_cast<std::uint64_t>(*o), packet_is_key};
            }
            return f;
        }
        if (kind == "a" && track->kind == TrackKind::audio) {
            if (!i || *i < 0 || *i > kMaxSamples - *n) return std::nullopt;
            return BlockRecord{*track, *i, *n, host_time_from_ns(*t), host_time_from_ns(*r), *source, x};
        }
        if (kind == "d" && track->kind == TrackKind::data) {
            if (!b || *b < 1 || *b > static_cast<std::int64_t>(kLargestData) || !o || *o < 0 || *o > kMaxOffset || !c ||
                *c < 0 || *c > UINT32_MAX)
                return std::nullopt;
            return DataRecord{*track,
                              *n,
                              host_time_from_ns(*t),
                              host_time_from_ns(*r),
                              *source,
                              static_cast<std::uint64_t>(*b),
                              static_cast<std::uint64_t>(*o),
                              static_cast<std::uint32_t>(*c)};
        }
        return std::nullopt;
    }
};

std::int64_t integer(const json& j, const char* key, std::int64_t low, std::int64_t high) {
    const auto& value = j.at(key);
    if (!value.is_number_integer()) throw std::invalid_argument(key);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        throw std::out_of_range(key);
    const auto n = value.get<std::int64_t>();
    if (n < low || n > high) throw std::out_of_range(key);
    return n;
}

std::uint64_t count(const json& j, const char* key) {
    return static_cast<std::uint64_t>(integer(j, key, 0, kMaxSamples));
}

std::int64_t nanoseconds(const json& j, const char* key) {
    return integer(j, key, -kMaxStamp, kMaxStamp);
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
    r.number = bounded(j, "part", 1, kMaxParts);
    r.begin = host_time_from_ns(integer(j, "t_ns", -kFarthestMedia.count(), kFarthestMedia.count()));
    r.header_bytes = static_cast<std::uint64_t>(integer(j, "header", 0, kMaxOffset));
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
    if (s.track.kind == TrackKind::audio && j.contains("bit_rate")) s.bit_rate = integer(j, "bit_rate", 0, kMaxSamples);
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
        const auto offset = j.at("offset_ns").get<std::int64_t>();
        if (offset < -kMostOffset.count() || offset > kMostOffset.count()) throw std::out_of_range("offset_ns");
        r.offset = Duration(offset);
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
        if (j.contains("first")) r.first = integer(j, "first", 0, kMaxSamples);
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
        ChunkRecord r{integer(j, "n", 1, kMaxFrames), j.at("id").get<std::string>(), j.value("finished", false)};
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

void append_line(const JournalRecord& record, std::string& line) {
    auto out = std::back_inserter(line);
    if (const auto* f = std::get_if<FrameRecord>(&record)) {
        fmt::format_to(out, R"({{"k":"f","v":"{}{}","n":{},"t":{},"r":{},"s":"{}")", 'v', f->track.number, f->number,
                       to_ns(f->stamp.time), to_ns(f->stamp.arrival), to_string(f->stamp.source));
        if (f->stamp.driver_sequence) fmt::format_to(out, R"(,"q":{})", *f->stamp.driver_sequence);
        fmt::format_to(out, ",\"b\":{}", f->bytes);
        if (f->packet)
            fmt::format_to(out, R"(,"p":{},"o":{}{})", f->packet->part, f->packet->offset,
                           f->packet->key ? R"(,"key":true)" : "");
        line += "}\n";
        return;
    }
    if (const auto* a = std::get_if<BlockRecord>(&record)) {
        fmt::format_to(out, R"({{"k":"a","v":"{}{}","i":{},"n":{},"t":{},"r":{},"s":"{}"{})", 'a', a->track.number,
                       a->first_sample, a->samples, to_ns(a->time), to_ns(a->arrival), to_string(a->source),
                       a->xrun ? ",\"x\":true}\n" : "}\n");
        return;
    }
    if (const auto* d = std::get_if<DataRecord>(&record)) {
        fmt::format_to(out,
                       R"({{"k":"d","v":"d{}","n":{},"t":{},"r":{},"s":"{}","b":{},"o":{},"c":{}}})"
                       "\n",
                       d->track.number, d->number, to_ns(d->time), to_ns(d->arrival), to_string(d->source), d->bytes,
                       d->offset, d->crc);
        return;
    }
    // The kind is written first, separately, because nlohmann sorts keys. Bytes that are not UTF-8 (a device's name)
    // are replaced.
    auto j = record_json(record);
    const auto kind = j["k"].get<std::string>();
    j.erase("k");
    const auto rest = j.dump(-1, ' ', false, json::error_handler_t::replace);
    fmt::format_to(out, "{{\"k\":\"{}\",{}\n", kind, std::string_view(rest).substr(1));
}

Result<std::optional<JournalRecord>> parse_line(std::string_view line) {
    FlatFields fields;
    if (FlatScanner(line).scan([&](auto key, auto value) { return fields.set(key, value); }))
        if (auto record = fields.record()) return record;
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
