#pragma once

#include "codec/av_free.h"
#include "codec/planar_image.h"

#include <onetake/result.h>

#include <memory>

struct AVBufferRef;

namespace onetake {

/// Copies images into the memory of this machine's VA-API device, for its encoders. Thread-bound.
class VaapiUpload {
 public:
    /// Opens libva's default device and its frames of this size, and prepares `context` for them. Errors: unsupported
    /// without a device.
    static Result<VaapiUpload> open(AVCodecContext& context);
    VaapiUpload(VaapiUpload&&) noexcept;
    VaapiUpload& operator=(VaapiUpload&&) noexcept;
    VaapiUpload(const VaapiUpload&) = delete;
    VaapiUpload& operator=(const VaapiUpload&) = delete;
    ~VaapiUpload();

    /// A frame on the device with the image's pixels: 8-bit 4:2:0 of even size. Errors: internal, of the device.
    Result<std::unique_ptr<AVFrame, AvFree>> upload(const PlanarImage& image);

 private:
    struct Unref {
        void operator()(AVBufferRef* reference) const;
    };
    VaapiUpload();

    std::unique_ptr<AVBufferRef, Unref> device_, frames_;
    std::unique_ptr<AVFrame, AvFree> staged_;  ///< NV12 in system memory
};

}  // namespace onetake
