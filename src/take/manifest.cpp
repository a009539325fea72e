#include "take/manifest.h"

#include "base/files.h"
#include "take/journal_reader.h"
#include "take/metrics_json.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <sys/stat.h>
#include <utility>

namespace onetake {

namespace {

using nlohmann::ordered_json;

ordered_json record_object(const JournalRecord& record) {
    std::string line;
    append_line(record, line);
    auto object = ordered_json::parse(line);
    object.erase("k");
    return object;
}

// Reads the journal once and calls `on` with each record and the offset of its line's end.
struct JournalRead {
    TakeRecord take;
    std::uint64_t bytes = 0;
};
template <class On>
Result<JournalRead> for_each_record(const TakeDir& dir, On&& on) {
    auto reader = JournalReader::open(dir);
    if (!reader) return fail(std::move(reader).error());
    for (;;) {
        auto record = reader->next();
        if (!record) return fail(std::move(record).error());
        if (!*record) return JournalRead{reader->take(), reader->offset()};
        ONETAKE_TRY(on(**record, reader->offset()));
    }
}

std::string_view columns(TrackId track, bool encoded) {
    if (track.kind == TrackKind::audio)
        return R"("block_columns": ["first_sample", "samples", "t_ns", "arrival_ns", "xrun", "source"], "blocks": [)";
    if (track.kind == TrackKind::data)
        return R"("packet_columns": ["n", "t_ns", "arrival_ns", "bytes", "source", "offset"], "packets": [)";
    if (encoded)
        return R"("frame_columns": ["n", "t_ns", "arrival_ns", "bytes", "source", "part", "offset", "key"], "frames": [)";
    return R"("frame_columns": ["n", "t_ns", "arrival_ns", "bytes", "source"], "frames": [)";
}

Status write_rows(AtomicFile& out, const TakeDir& dir, TrackId track, bool encoded) {
    ONETAKE_TRY(out.write(columns(track, encoded)));
    std::string row;
    const char* separator = "\n";
    const auto status = for_each_record(dir, [&](const JournalRecord& record, std::uint64_t) -> Status {
        row.clear();
        auto to = std::back_inserter(row);
        if (const auto* f = std::get_if<FrameRecord>(&record); f && f->track == track) {
            const auto place = f->packet.value_or(PacketPlace{});
            fmt::format_to(to, "{}[{}, {}, {}, {}, \"{}\"", separator, f->number, to_ns(f->stamp.time),
                           to_ns(f->stamp.arrival), f->bytes, to_string(f->stamp.source));
            if (encoded) fmt::format_to(to, ", {}, {}, {}", place.part, place.offset, place.key);
            row += ']';
        } else if (const auto* a = std::get_if<BlockRecord>(&record); a && a->track == track)
            fmt::format_to(to, "{}[{}, {}, {}, {}, {}, \"{}\"]", separator, a->first_sample, a->samples, to_ns(a->time),
                           to_ns(a->arrival), a->xrun, to_string(a->source));
        else if (const auto* d = std::get_if<DataRecord>(&record); d && d->track == track)
            fmt::format_to(to, "{}[{}, {}, {}, {}, \"{}\", {}]", separator, d->number, to_ns(d->time),
                           to_ns(d->arrival), d->bytes, to_string(d->source), d->offset);
        if (row.empty()) return {};
        separator = ",\n";
        return out.write(row);
    });
    if (!status) return fail(status.error());
    return out.write("]}");
}

// The file, or as much of it as its header may take.
Result<std::string> read_start(const TakeDir& dir) {
    constexpr std::size_t kMaxHeaderBytes = std::size_t{16} << 20;
    auto fd = dir.open_file(kManifestName, O_RDONLY);
    if (!fd) return fail(std::move(fd).error());
    struct stat st {};
    if (::fstat(fd->get(), &st) != 0) return fail(file_error("Can't read", dir.path(kManifestName), errno));
    std::string text(std::min(kMaxHeaderBytes, static_cast<std::size_t>(std::max<off_t>(st.st_size, 0))), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const auto n = ::read(fd->get(), text.data() + have, text.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", dir.path(kManifestName), errno));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    text.resize(have);
    return text;
}

}  // namespace

Status write_manifest(const TakeDir& dir, const Metrics& metrics) {
    ordered_json clocks = ordered_json::array(), events = ordered_json::array(), offsets = ordered_json::array(),
                 markers = ordered_json::array();
    std::vector<std::pair<TrackId, ordered_json>> tracks;
    const auto with_id = [&](TrackId id) {
        return std::ranges::find(tracks, id, &decltype(tracks)::value_type::first);
    };
    EndRecord end;
    constexpr std::size_t kMaxEvents = 10'000;                        // of each kind; the journal has them all
    constexpr std::uint64_t kMaxEventBytes = std::uint64_t{8} << 20;  // of all kinds
    std::uint64_t event_bytes = 0, line_end = 0;
    const auto read = for_each_record(dir, [&](const JournalRecord& record, std::uint64_t offset) -> Status {
        const auto line_bytes = offset - std::exchange(line_end, offset);
        const auto keep = [&](ordered_json& list) {
            if (list.size() >= kMaxEvents || event_bytes + line_bytes > kMaxEventBytes) return;
            event_bytes += line_bytes;
            list.push_back(record_object(record));
        };
        if (std::holds_alternative<ClockRecord>(record))
            keep(clocks);
        else if (std::holds_alternative<OffsetRecord>(record))
            keep(offsets);
        else if (std::holds_alternative<MarkRecord>(record))
            keep(markers);
        else if (std::holds_alternative<DropRecord>(record) || std::holds_alternative<EventRecord>(record) ||
                 std::holds_alternative<TrackEndRecord>(record))
            keep(events);
        else if (const auto* t = std::get_if<TrackRecord>(&record)) {
            // A track's first record counts, as everywhere.
            if (with_id(t->track) == tracks.end()) tracks.emplace_back(t->track, record_object(record));
        } else if (const auto* part = std::get_if<PartRecord>(&record)) {
            const auto track = with_id(part->track);
            if (track == tracks.end()) return {};
            auto& parts = track->second["parts"];
            if (parts.is_null()) parts = ordered_json::array();
            keep(parts);
            if (!parts.empty()) parts.back().erase("track");
        } else if (const auto* e = std::get_if<EndRecord>(&record))
            end = *e;
        return {};
    });
    if (!read) return fail(read.error());
    const auto& take = read->take;

    auto out = AtomicFile::create(dir.fd(), kManifestName);
    if (!out) return fail(std::move(out).error());
    ordered_json header = {{"format", take.format}, {"name", take.name}};
    if (!take.id.empty()) header["id"] = take.id;
    const ordered_json rest = {{"program", take.program},
                               {"created", take.created},
                               {"start_ns", to_ns(take.start)},
                               {"end_ns", to_ns(end.time)},
                               {"reason", end.reason},
                               {"journal_bytes", read->bytes},
                               {"metrics", metrics_json(metrics)},
                               {"config", ordered_json::parse(take.config_json, nullptr, false)},
                               {"clocks", std::move(clocks)},
                               {"offsets", std::move(offsets)},
                               {"events", std::move(events)}};
    header.update(rest);
    if (!markers.empty()) header["markers"] = std::move(markers);
    const auto text = header.dump(2, ' ', false, ordered_json::error_handler_t::replace);
    ONETAKE_TRY(out->write(std::string_view(text).substr(0, text.size() - 2)));  // without the closing "\n}"
    ONETAKE_TRY(out->write(",\n  \"tracks\": ["));
    const char* separator = "\n";
    for (const auto& [id, object] : tracks) {
        const auto track = object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
        ONETAKE_TRY(out->write(fmt::format("{}{},\n", separator, std::string_view(track).substr(0, track.size() - 1))));
        ONETAKE_TRY(write_rows(*out, dir, id, object.value("store", "") == "encoded"));
        separator = ",\n";
    }
    ONETAKE_TRY(out->write("]\n}\n"));
    return out->commit();
}

Status update_manifest(const TakeDir& dir, const Metrics& metrics, const std::string& outputs_json) {
    // Not in a text, where a line end is escaped, and not deeper in the header, where it is indented further.
    constexpr std::string_view kLists = ",\n  \"tracks\": [";
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    auto text = read_start(dir);
    if (!text) return fail(std::move(text).error());
    const auto lists = text->find(kLists);
    auto header = ordered_json::parse(text->substr(0, std::min(lists, text->size())) + "\n}", nullptr, false);
    if (lists == std::string::npos || !header.is_object())
        return fail(ErrorCode::corrupt, fmt::format("{} is not a manifest.", dir.path(kManifestName)));
    header["metrics"] = metrics_json(metrics);
    header["outputs"] = ordered_json::parse(outputs_json, nullptr, false);
    auto in = dir.open_file(kManifestName, O_RDONLY);
    if (!in) return fail(std::move(in).error());
    auto out = AtomicFile::create(dir.fd(), kManifestName);
    if (!out) return fail(std::move(out).error());
    const auto head = header.dump(2, ' ', false, ordered_json::error_handler_t::replace);
    ONETAKE_TRY(out->write(std::string_view(head).substr(0, head.size() - 2)));  // without the closing "\n}"
    std::string piece(kPiece, '\0');
    for (auto at = static_cast<off_t>(lists);;) {
        const auto n = ::pread(in->get(), piece.data(), piece.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file_error("Can't read", dir.path(kManifestName), errno));
        if (n == 0) break;
        ONETAKE_TRY(out->write(std::string_view(piece).substr(0, static_cast<std::size_t>(n))));
        at += n;
    }
    return out->commit();
}

Result<ManifestHeader> parse_manifest_head(std::string_view text) {
    constexpr int kMaxNesting = 64;
    struct Stop {};
    ManifestHeader header;
    bool have_metrics = false;
    std::string key;
    using Event = ordered_json::parse_event_t;
    const auto pick = [&](int depth, Event event, ordered_json& parsed) {
        if (depth > kMaxNesting) throw std::out_of_range("nested too deeply");
        if (depth != 1) return true;
        if (event == Event::key) {
            key = parsed.get<std::string>();
            // Stop here: what follows the metrics, above all the tracks, can be large.
            if (key == "tracks" || have_metrics) throw Stop{};
        } else if (event == Event::object_end && key == "metrics") {
            header.metrics = metrics_from_json(parsed);
            have_metrics = true;
        } else if (event == Event::value) {
            if (key == "reason" && parsed.is_string()) header.reason = parsed.get<std::string>();
            if (key == "end_ns" && parsed.is_number_integer()) header.end_ns = parsed.get<std::int64_t>();
            if (key == "journal_bytes" && parsed.is_number_unsigned())
                header.journal_bytes = parsed.get<std::uint64_t>();
        }
        return true;
    };
    try {
        [[maybe_unused]] const auto parsed = ordered_json::parse(text, pick);
    } catch (const Stop&) {
    } catch (const std::exception& e) {
        return fail(ErrorCode::corrupt, fmt::format("not a manifest: {}", e.what()));
    }
    if (!have_metrics) return fail(ErrorCode::corrupt, "not a manifest: it has no metrics");
    return header;
}

Result<ManifestHeader> read_manifest(const TakeDir& dir) {
    const auto text = read_start(dir);
    if (!text) return fail(text.error());
    auto header = parse_manifest_head(*text);
    if (!header) header.error().message = fmt::format("{}: {}", dir.path(kManifestName), header.error().message);
    return header;
}

}  // namespace onetake
