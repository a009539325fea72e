#include "callbacks.h"

#include "arrays.h"
#include "bindings.h"

#include <chrono>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <stdexcept>
#include <utility>

namespace onetake::python {

namespace {

CallQueue*& the_queue() {
    static auto* queue = new CallQueue;  // never destroyed: threads may outlive the module
    return queue;
}

nb::dict to_python(const RecorderEvent& e) {
    nb::dict d;
    d["kind"] = to_string(e.kind);
    d["t"] = e.t;
    d["track"] = e.track;
    d["count"] = e.count;
    d["text"] = e.text;
    return d;
}

std::string_view to_string(Progress::Phase phase) {
    switch (phase) {
        case Progress::Phase::recording:
            return "recording";
        case Progress::Phase::enhancing:
            return "enhancing";
        case Progress::Phase::rendering:
            break;
    }
    return "rendering";
}

double or_nan(const std::optional<double>& value) {
    return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

nb::dict to_python(const Progress& p) {
    nb::dict d;
    d["phase"] = to_string(p.phase);
    d["elapsed_s"] = p.elapsed_s;
    d["frames"] = p.frames;
    d["fps"] = p.fps;
    d["lost"] = p.lost;
    d["audio_level_db"] = or_nan(p.audio_level_db);
    d["disk_bytes_left"] = p.disk_bytes_left;
    d["disk_minutes_left"] = or_nan(p.disk_minutes_left);
    d["fraction"] = p.fraction;
    d["speed"] = p.speed;
    d["eta_s"] = or_nan(p.eta_s);
    return d;
}

nb::dict to_python(EnhancedBlock& b) {
    nb::dict d;
    d["t"] = b.info.t;
    d["sample_rate"] = b.info.sample_rate;
    d["first_sample"] = b.info.first_sample;
    d["after_gap"] = b.info.after_gap;
    const auto count = b.samples.size();
    d["samples"] = numpy_array(std::move(b.samples), {count});
    return d;
}

nb::dict to_python(const EncoderError& e) {
    nb::dict d;
    d["stream"] = e.stream;
    return d;
}

// What Python answers a ChunkStart with, once.
struct ChunkIdAnswer {
    std::promise<std::string> id;

    void give(const std::string& text) { id.set_value(text); }
    void fail(const std::string& why) { id.set_exception(std::make_exception_ptr(std::runtime_error(why))); }
};

nb::dict to_python(ChunkStart& c) {
    nb::dict d;
    d["name"] = c.recording;
    d["started_at"] = c.started_at;
    d["file_extension"] = c.file_extension;
    d["answer"] = nb::cast(ChunkIdAnswer{std::move(c.id)});
    return d;
}

// (recorder, kind of callback, its argument), or None after close().
nb::object next_call() {
    std::optional<PendingCall> call;
    {
        const nb::gil_scoped_release release;
        call = CallQueue::instance().next();
    }
    if (!call) return nb::none();
    constexpr const char* kKinds[] = {"event", "progress", "enhanced_audio", "encoder_error", "chunk_start"};
    return nb::make_tuple(call->recorder, kKinds[call->what.index()],
                          std::visit([](auto& what) { return to_python(what); }, call->what));
}

}  // namespace

CallQueue& CallQueue::instance() {
    return *the_queue();
}

void CallQueue::replace_after_fork() {
    the_queue() = new CallQueue;
}

void CallQueue::post(PendingCall call) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (calls_.size() >= kMost) {
        ++left_out_;
        return;
    }
    calls_.push_back(std::move(call));
    ++posted_;
    changed_.notify_all();
}

std::optional<PendingCall> CallQueue::next() {
    std::unique_lock lock(mutex_);
    if (std::exchange(making_, false)) {
        ++made_;
        changed_.notify_all();
    }
    changed_.wait(lock, [this] { return closed_ || !calls_.empty(); });
    if (calls_.empty()) return std::nullopt;
    auto call = std::move(calls_.front());
    calls_.pop_front();
    making_ = true;
    return call;
}

std::uint64_t CallQueue::take_left_out() {
    const std::lock_guard lock(mutex_);
    return std::exchange(left_out_, 0);
}

std::uint64_t CallQueue::posted() {
    const std::lock_guard lock(mutex_);
    return posted_;
}

bool CallQueue::wait_until_made(std::uint64_t posted, double timeout_s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::duration<double>(timeout_s), [&] { return made_ >= posted; });
}

void CallQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

std::string ask_for_chunk_id(std::uint64_t recorder, const std::string& recording, double started_at,
                             const std::string& file_extension) {
    constexpr auto kTimeout = std::chrono::seconds(10);  // longer than the library waits
    ChunkStart start{recording, started_at, file_extension, {}};
    auto id = start.id.get_future();
    CallQueue::instance().post({recorder, std::move(start)});
    if (id.wait_for(kTimeout) != std::future_status::ready) throw std::runtime_error("it did not return in time");
    try {
        return id.get();
    } catch (const std::future_error&) {
        throw std::runtime_error("it was left out, as earlier callbacks took too long");
    }
}

void bind_callbacks(nb::module_& m) {
    nb::class_<ChunkIdAnswer>(m, "ChunkIdAnswer")
        .def("give", &ChunkIdAnswer::give, nb::arg("id"))
        .def("fail", &ChunkIdAnswer::fail, nb::arg("why"));
    m.def("next_call", &next_call, nb::sig("def next_call() -> tuple[int, str, dict[str, object]] | None"));
    m.def("posted_calls", [] { return CallQueue::instance().posted(); });
    m.def("left_out_calls", [] { return CallQueue::instance().take_left_out(); });
    m.def(
        "wait_for_calls",
        [](std::uint64_t posted, double timeout_s) { return CallQueue::instance().wait_until_made(posted, timeout_s); },
        nb::call_guard<nb::gil_scoped_release>());
    m.def("close_calls", [] { CallQueue::instance().close(); });
    // In a forked child: the locks of both queues may be held for ever.
    m.def("replace_queues_after_fork", [] {
        CallQueue::replace_after_fork();
        replace_release_queue_after_fork();
    });
    // Passes the exception on to sys.unraisablehook; `where` is what raised it.
    m.def("report_unraisable", [](nb::object exception, nb::object where) {
        PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
        PyErr_WriteUnraisable(where.ptr());
    });
}

}  // namespace onetake::python
