#include "portaudio/microphone.h"

#include "base/clock.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

namespace onetake {

namespace {

using namespace std::chrono_literals;

// Longest wait for blocks, after which the thread checks for stop and stall.
constexpr Duration kPollInterval = 50ms;

Status check_range(std::string_view field, int value, int lowest, int highest) {
    if (value >= lowest && value <= highest) return {};
    return fail(ErrorCode::invalid_argument, fmt::format("{} is {}; allowed: {} … {}", field, value, lowest, highest));
}

// Formats to request from a device, best first.
std::vector<StreamFormat> formats_to_try(const StreamFormat& asked, const AudioDeviceInfo& device) {
    std::vector<StreamFormat> formats;
    const auto add = [&](int rate, int channels) {
        const StreamFormat format{rate, channels, asked.blocksize};
        if (rate > 0 && channels > 0 && std::find(formats.begin(), formats.end(), format) == formats.end())
            formats.push_back(format);
    };
    const int own_rate = static_cast<int>(std::lround(device.default_sample_rate));
    for (int channels = std::min(asked.channels, device.channels); channels > 0; channels /= 2) {
        add(asked.sample_rate, channels);
        add(own_rate, channels);
    }
    return formats;
}

}  // namespace

Result<std::unique_ptr<Microphone>> Microphone::open(const MicrophoneOptions& options) {
    struct Opening {
        MicrophoneOptions options;
        Result<std::unique_ptr<Microphone>> result;
    };
    auto opening = std::make_shared<Opening>(Opening{options, nullptr});
    auto call = BoundedCall::begin([opening] {
        auto system = audio_system();
        if (system)
            opening->result = open(opening->options, std::move(*system));
        else
            opening->result = fail(system.error());
    });
    if (!call.wait_until(host_now() + options.open_within))
        return fail(ErrorCode::timed_out,
                    fmt::format("Microphone '{}' did not open within {:.0f} s: the sound server may hang. Restart "
                                "PulseAudio or PipeWire, or record without audio.",
                                options.device.empty() ? "default" : options.device, to_seconds(options.open_within)));
    return std::move(opening->result);
}

Result<std::unique_ptr<Microphone>> Microphone::open(const MicrophoneOptions& options,
                                                     std::shared_ptr<AudioSystem> system) {
    ONETAKE_TRY(check_range("sample_rate", options.sample_rate, 8000, 384000));
    ONETAKE_TRY(check_range("channels", options.channels, 1, 32));
    ONETAKE_TRY(check_range("blocksize", options.blocksize, 16, 65536));
    std::unique_ptr<Microphone> microphone(new Microphone(options, std::move(system)));
    ONETAKE_TRY(microphone->open_device());
    return microphone;
}

Microphone::Microphone(MicrophoneOptions options, std::shared_ptr<AudioSystem> system)
    : options_(std::move(options)), system_(std::move(system)) {}

Microphone::~Microphone() {
    stop();
}

Status Microphone::open_device() {
    const auto devices = system_->devices();
    if (!devices) return fail(devices.error());
    auto device = choose_audio_device(*devices, options_.device);
    if (!device) return fail(device.error());
    device_ = std::move(*device);

    const StreamFormat asked{options_.sample_rate, options_.channels, options_.blocksize};
    Error why{ErrorCode::unsupported, fmt::format("Microphone '{}' has no channels. Choose another.", device_.name)};
    for (const auto& format : formats_to_try(asked, device_)) {
        auto feed = std::make_shared<SampleFeed>(format.sample_rate, format.channels, format.blocksize);
        auto stream = system_->open(device_, format, feed);
        if (stream) {
            format_ = format;
            feed_ = std::move(feed);
            stream_ = std::move(*stream);
            describe(asked);
            return {};
        }
        why = stream.error();
        if (why.code != ErrorCode::unsupported) break;
    }
    return fail(std::move(why));
}

void Microphone::describe(const StreamFormat& asked) {
    const double exact_rate = stream_->sample_rate();
    description_ = {.device = fmt::format("{} ({})", device_.index, device_.host_api),
                    .name = device_.name,
                    .host_api = device_.host_api,
                    .sample_rate = format_.sample_rate,
                    .channels = format_.channels,
                    .blocksize = format_.blocksize,
                    .latency_s = stream_->latency_s(),
                    .notes = {}};
    if (format_.sample_rate != asked.sample_rate)
        description_.notes.push_back(fmt::format("microphone '{}' doesn't support {} Hz: recording at {} Hz",
                                                 device_.name, asked.sample_rate, format_.sample_rate));
    if (format_.channels != asked.channels)
        description_.notes.push_back(fmt::format("microphone '{}' doesn't support {} channels: recording {}",
                                                 device_.name, asked.channels, format_.channels));
    if (exact_rate > 0 && std::abs(exact_rate - format_.sample_rate) > 0.5)
        description_.notes.push_back(
            fmt::format("microphone '{}' reports {:.1f} Hz where {} Hz were requested: its clock is measured and "
                        "corrected when rendering",
                        device_.name, exact_rate, format_.sample_rate));
}

Status Microphone::start(AudioReceiver& receiver) {
    if (std::exchange(started_, true))
        return fail(ErrorCode::wrong_state,
                    fmt::format("Microphone '{}' was started before. Open it again.", device_.name));
    ONETAKE_TRY(stream_->start());
    receiver_ = &receiver;
    delivery_.emplace(device_.name, format_.sample_rate, format_.channels, false);
    last_block_time_ = host_now();
    thread_ = std::thread([this] { run(); });
    return {};
}

void Microphone::stop() {
    stopping_ = true;
    if (thread_.joinable())
        thread_.join();
    else if (system_)
        release();
}

void Microphone::run() {
    while (!stopping_) {
        feed_->wait_until(host_now() + kPollInterval);
        deliver_blocks(host_now());
        check_stream(host_now());
    }
    const HostTime asked = host_now();
    release();
    if (outage_) report_missing_at_end(asked);
}

void Microphone::deliver_blocks(HostTime now) {
    if (delivery_->drain(*feed_, *receiver_, now) > 0) last_block_time_ = now;
    // Remaining blocks of a broken stream don't end the outage; those of its successor do.
    const auto begin = delivery_->begin();
    if (!outage_ || !stream_ || !begin) return;
    const Duration missing = *begin - outage_->audio_end.value_or(*begin);
    report(SourceEvent::Kind::resumed, now,
           fmt::format("microphone '{}' is back after {:.1f} s", device_.name, to_seconds(now - outage_->since)),
           static_cast<std::uint64_t>(std::max<std::int64_t>(to_ticks(missing, format_.sample_rate), 0)));
    outage_.reset();
}

void Microphone::check_stream(HostTime now) {
    if (reopening_call_) {
        if (reopening_call_->returned())
            end_reopening(now);
        else if (now - tried_ >= options_.stall_after)
            report_lost(now, "PortAudio does not return from reopening it");
        return;
    }
    if (!stream_) {
        if (now - tried_ >= options_.retry_every) begin_reopening(now);
        return;
    }
    const bool ended = !stream_->active();
    if (!ended && now - last_block_time_ < options_.stall_after) return;
    if (!outage_) {
        outage_ = Outage{last_block_time_, delivery_->end(), false};
        if (ended)
            report_lost(now, "its stream ended");
        else
            report(SourceEvent::Kind::stall, now,
                   fmt::format("no audio from microphone '{}' for {:.1f} s: reopening it", device_.name,
                               to_seconds(now - last_block_time_)));
    }
    begin_reopening(now);
}

struct Microphone::Reopening {
    std::shared_ptr<AudioSystem> system;
    std::unique_ptr<InputStream> broken;
    AudioDeviceInfo device;
    StreamFormat format;
    std::shared_ptr<SampleFeed> feed;
    Result<std::unique_ptr<InputStream>> result;

    void run() {
        broken.reset();
        result = open();
    }

    Result<std::unique_ptr<InputStream>> open() {
        if (const auto refreshed = system->refresh(); !refreshed) return fail(refreshed.error());
        const auto devices = system->devices();
        if (!devices) return fail(devices.error());
        auto found = find_again(*devices, device);
        if (!found) return fail(found.error());
        device = std::move(*found);
        auto stream = system->open(device, format, feed);
        if (stream) ONETAKE_TRY((*stream)->start());
        return stream;
    }
};

void Microphone::begin_reopening(HostTime now) {
    tried_ = now;
    auto feed = std::make_shared<SampleFeed>(format_.sample_rate, format_.channels, format_.blocksize);
    reopening_ =
        std::make_shared<Reopening>(Reopening{system_, std::move(stream_), device_, format_, std::move(feed), nullptr});
    reopening_call_.emplace(BoundedCall::begin([reopening = reopening_] { reopening->run(); }));
}

void Microphone::end_reopening(HostTime now) {
    reopening_call_.reset();
    const auto reopened = std::exchange(reopening_, nullptr);
    if (!reopened->result) {
        report_lost(now, reopened->result.error().message);
        return;
    }
    delivery_->finish(*feed_, *receiver_, now);
    device_ = reopened->device;
    feed_ = reopened->feed;
    stream_ = std::move(*reopened->result);
    delivery_.emplace(device_.name, format_.sample_rate, format_.channels, true);
    last_block_time_ = now;
}

void Microphone::report_lost(HostTime now, std::string_view why) {
    if (std::exchange(outage_->loss_reported, true)) return;
    report(SourceEvent::Kind::device_lost, now,
           fmt::format("microphone '{}' is lost, retrying until it is back: {}", device_.name, why));
}

void Microphone::report_missing_at_end(HostTime end) {
    const Duration missing = end - outage_->audio_end.value_or(outage_->since);
    report(SourceEvent::Kind::driver_drop, end,
           fmt::format("microphone '{}' delivered no audio when the take ended", device_.name),
           static_cast<std::uint64_t>(std::max<std::int64_t>(to_ticks(missing, format_.sample_rate), 0)));
}

void Microphone::release() {
    const HostTime deadline = host_now() + options_.release_within;
    bool released = true;
    if (reopening_call_) {
        released = reopening_call_->wait_until(deadline);
        if (released && reopening_->result) stream_ = std::move(*reopening_->result);
        reopening_.reset();
        reopening_call_.reset();
    }
    auto call = BoundedCall::begin(
        [stream = std::shared_ptr<InputStream>(std::move(stream_)), system = std::move(system_)]() mutable {
            stream.reset();
            system.reset();
        });
    released = call.wait_until(deadline) && released;
    const HostTime now = host_now();
    if (delivery_) delivery_->finish(*feed_, *receiver_, now);
    if (!released)
        report(SourceEvent::Kind::note, now,
               fmt::format("PortAudio did not close microphone '{}' within {:.1f} s: its thread is abandoned until the "
                           "program ends",
                           device_.name, to_seconds(options_.release_within)));
}

void Microphone::report(SourceEvent::Kind kind, HostTime time, std::string text, std::uint64_t count) {
    if (receiver_) receiver_->report({kind, time, count, std::move(text)});
}

}  // namespace onetake
