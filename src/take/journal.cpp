#include "take/journal.h"

#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

namespace onetake {

namespace {

using nlohmann::json;

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

}  // namespace onetake
