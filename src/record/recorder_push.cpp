#include "record/pushed_frame.h"
#include "record/recorder_impl.h"

#include <fmt/format.h>
#include <utility>

namespace onetake {

Status AVRecorder::push_video(const ImageView& image, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = copied_frame(image, **source);
    if (!frame) return fail(std::move(frame).error());
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_video(std::vector<std::uint8_t>&& pixels, int width, int height, std::optional<double> t,
                              int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = borrowed_frame({width, height, 0, pixels}, {});
    if (!frame) return fail(std::move(frame).error());
    frame->bytes = Buffer(std::move(pixels));
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_video(const ImageView& image, std::shared_ptr<const void> owner, std::optional<double> t,
                              int track) {
    const auto recording = impl_->running("push_video()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = borrowed_frame(image, std::move(owner));
    if (!frame) return fail(std::move(frame).error());
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_jpeg(std::span<const std::uint8_t> jpeg, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_jpeg()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_video(track);
    if (!source) return fail(source.error());
    auto frame = jpeg_frame(jpeg, **source);
    if (!frame) return fail(std::move(frame).error());
    return (*source)->push(std::move(*frame), t);
}

Status AVRecorder::push_audio(std::span<const std::int16_t> samples, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_audio()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_audio(track);
    if (!source) return fail(source.error());
    AudioBlock block;
    block.channels = (*source)->description().channels;
    if (samples.empty() || samples.size() % static_cast<std::size_t>(block.channels) != 0)
        return fail(ErrorCode::refused,
                    fmt::format("{} samples can't be divided among {} channels.", samples.size(), block.channels));
    block.samples.assign(samples.begin(), samples.end());
    return (*source)->push(std::move(block), t);
}

Status AVRecorder::push_data(std::span<const std::uint8_t> bytes, std::optional<double> t, int track) {
    const auto recording = impl_->running("push_data()");
    if (!recording) return fail(recording.error());
    const auto source = (*recording)->pushed_data(track);
    if (!source) return fail(source.error());
    return (*source)->push({bytes.begin(), bytes.end()}, t);
}

Status AVRecorder::mark(std::string_view text, std::optional<double> t) {
    const auto recording = impl_->running("mark()");
    if (!recording) return fail(recording.error());
    return (*recording)->mark(text, t);
}

Status AVRecorder::push_audio(std::span<const float> samples, std::optional<double> t, int track) {
    return push_audio(std::span<const std::int16_t>(samples_of(samples)), t, track);
}

}  // namespace onetake
