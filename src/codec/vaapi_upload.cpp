#include "codec/vaapi_upload.h"

#include "base/error.h"
#include "codec/av_error.h"
#include "codec/av_log.h"

#include <fmt/format.h>
#include <libyuv.h>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/hwcontext.h>
}

namespace onetake {

namespace {

constexpr int kFramesOnDevice = 20;  // an encoder holds a few as references

}  // namespace

void VaapiUpload::Unref::operator()(AVBufferRef* reference) const {
    av_buffer_unref(&reference);
}

VaapiUpload::VaapiUpload() : staged_(av_frame_alloc()) {}
VaapiUpload::VaapiUpload(VaapiUpload&&) noexcept = default;
VaapiUpload& VaapiUpload::operator=(VaapiUpload&&) noexcept = default;
VaapiUpload::~VaapiUpload() = default;

Result<VaapiUpload> VaapiUpload::open(AVCodecContext& context) {
    VaapiUpload upload;
    const AvErrorLines lines;
    AVBufferRef* device = nullptr;
    if (const int error = av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, nullptr, nullptr, 0); error < 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("There is no VA-API device for {}: {}. Choose another codec, or install the driver of "
                                "the graphics card (`vainfo` shows whether it works).",
                                context.codec->name, lines.text_or(av_text(error))));
    upload.device_.reset(device);
    upload.frames_.reset(av_hwframe_ctx_alloc(device));
    if (!upload.frames_) return fail(ErrorCode::internal, "Out of memory while opening a VA-API device.");
    auto* frames = reinterpret_cast<AVHWFramesContext*>(upload.frames_->data);
    frames->format = AV_PIX_FMT_VAAPI;
    frames->sw_format = AV_PIX_FMT_NV12;
    frames->width = context.width;
    frames->height = context.height;
    frames->initial_pool_size = kFramesOnDevice;
    if (const int error = av_hwframe_ctx_init(upload.frames_.get()); error < 0)
        return fail(ErrorCode::unsupported, fmt::format("The VA-API device has no frames of {}x{}: {}.", context.width,
                                                        context.height, lines.text_or(av_text(error))));
    context.pix_fmt = AV_PIX_FMT_VAAPI;
    context.hw_frames_ctx = av_buffer_ref(upload.frames_.get());
    upload.staged_->format = AV_PIX_FMT_NV12;
    upload.staged_->width = context.width;
    upload.staged_->height = context.height;
    if (av_frame_get_buffer(upload.staged_.get(), 0) < 0 || context.hw_frames_ctx == nullptr)
        return fail(ErrorCode::internal, "Out of memory while opening a VA-API device.");
    return upload;
}

Result<std::unique_ptr<AVFrame, AvFree>> VaapiUpload::upload(const PlanarImage& image) {
    std::unique_ptr<AVFrame, AvFree> frame(av_frame_alloc());
    const AvErrorLines lines;
    int error = av_frame_make_writable(staged_.get());
    if (error >= 0) {
        libyuv::I420ToNV12(image.plane(0), image.stride[0], image.plane(1), image.stride[1], image.plane(2),
                           image.stride[2], staged_->data[0], staged_->linesize[0], staged_->data[1],
                           staged_->linesize[1], staged_->width, staged_->height);
        error = av_hwframe_get_buffer(frames_.get(), frame.get(), 0);
    }
    if (error >= 0) error = av_hwframe_transfer_data(frame.get(), staged_.get(), 0);
    if (error < 0)
        return fail(ErrorCode::internal, fmt::format("A frame could not be copied to the VA-API device: {}.",
                                                     lines.text_or(av_text(error))));
    return frame;
}

}  // namespace onetake
