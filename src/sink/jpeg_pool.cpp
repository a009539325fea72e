#include "sink/jpeg_pool.h"

#include "base/clock.h"
#include "codec/jpeg_decoder.h"

#include <cstring>
#include <limits>
#include <utility>

namespace onetake {

namespace {

constexpr std::size_t kIdleJpegs = 16;

struct Timing {
    Duration total{};
    std::int64_t count = 0;
    void add(Duration d) {
        total += d;
        ++count;
    }
};

}  // namespace

struct JpegPool::Worker {
    JpegEncoder encoder;
    JpegDecoder decoder;
    std::shared_ptr<BufferPool> room;  // of the largest possible JPEG, twenty times the usual size
    Timing encoding, decoding;         // the worker's own while it runs
    std::thread thread;
};

JpegPool::JpegPool(JpegSettings settings, int workers, std::function<void(EncodedFrame)> done)
    : settings_(settings),
      done_(std::move(done)),
      buffers_(BufferPool::create(kIdleJpegs)),
      planes_(BufferPool::create(static_cast<std::size_t>(workers))),
      queue_(std::numeric_limits<std::size_t>::max()) {
    workers_.resize(static_cast<std::size_t>(workers));
}

JpegPool::~JpegPool() {
    finish();
}

Status JpegPool::start() {
    for (auto& worker : workers_) {
        auto encoder = JpegEncoder::create(settings_);
        if (!encoder) return fail(std::move(encoder).error());
        auto decoder = JpegDecoder::create();
        if (!decoder) return fail(std::move(decoder).error());
        worker = std::make_unique<Worker>(
            Worker{std::move(*encoder), std::move(*decoder), BufferPool::create(1), {}, {}, {}});
    }
    for (auto& worker : workers_) worker->thread = std::thread([this, &w = *worker] { run(w); });
    return {};
}

void JpegPool::submit(NumberedFrame frame) {
    queue_.push(std::move(frame));
}

void JpegPool::run(Worker& worker) {
    while (auto job = queue_.pop()) {
        EncodedFrame out{job->track, job->number, job->frame.stamp, {}};
        const auto begin = host_now();
        const Result<Buffer> jpeg = [&]() -> Result<Buffer> {
            if (job->frame.format != PixelFormat::jpeg) return worker.encoder.encode(job->frame, *worker.room);
            auto planes = worker.decoder.decode(job->frame.bytes.span(), *planes_, job->frame.color.matrix);
            if (!planes) return fail(std::move(planes).error());
            worker.decoding.add(host_now() - begin);
            return worker.encoder.encode(*planes, *worker.room);
        }();
        worker.encoding.add(host_now() - begin);
        if (jpeg) {
            // Copied to a buffer of the JPEG's own size, as many may wait for the disk.
            out.bytes = buffers_->take(jpeg->size());
            std::memcpy(out.bytes.writable(), jpeg->data(), jpeg->size());
        } else {
            out.failure = jpeg.error().message;
        }
        job.reset();  // returns the frame's buffer to its pool before done_ may block
        done_(std::move(out));
    }
}

// The writing thread restores the order.
void JpegPool::end_track(int track, std::uint64_t number) {
    EncodedFrame end;
    end.track = track;
    end.number = number;
    end.ends_track = true;
    done_(std::move(end));
}

void JpegPool::finish() {
    queue_.close();
    for (auto& worker : workers_)
        if (worker && worker->thread.joinable()) worker->thread.join();
}

double JpegPool::encode_ms_mean() const {
    Timing all;
    for (const auto& w : workers_)
        if (w) all = {all.total + w->encoding.total - w->decoding.total, all.count + w->encoding.count};
    return all.count ? to_seconds(all.total) * 1e3 / static_cast<double>(all.count)
                     : std::numeric_limits<double>::quiet_NaN();
}

double JpegPool::decode_ms_mean() const {
    Timing all;
    for (const auto& w : workers_)
        if (w) all = {all.total + w->decoding.total, all.count + w->decoding.count};
    return all.count ? to_seconds(all.total) * 1e3 / static_cast<double>(all.count)
                     : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace onetake
