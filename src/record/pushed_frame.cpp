#include "record/pushed_frame.h"

#include <fmt/format.h>
#include <utility>

namespace onetake {

Status check_pushed_frame(int width, int height, int stride, std::size_t bytes) {
    constexpr int kLargest = 65500;  // JPEG's own limit is 65535
    if (width < 1 || height < 1 || width > kLargest || height > kLargest)
        return fail(ErrorCode::refused,
                    fmt::format("A pushed frame of {}x{} pixels can't be stored; 1 to {} is possible.", width, height,
                                kLargest));
    if (stride < 3 * width)
        return fail(ErrorCode::refused, fmt::format("The pushed frame's stride is {} bytes; {} pixels of BGR need {}.",
                                                    stride, width, 3 * width));
    const auto need =
        static_cast<std::size_t>(stride) * static_cast<std::size_t>(height - 1) + static_cast<std::size_t>(3 * width);
    if (bytes < need)
        return fail(ErrorCode::refused, fmt::format("The pushed frame has {} bytes; {}x{} pixels of BGR need {}.",
                                                    bytes, width, height, need));
    return {};
}

Frame bgr_frame(int width, int height, int stride, Buffer bytes) {
    Frame frame;
    frame.format = PixelFormat::bgr24;
    frame.width = width;
    frame.height = height;
    frame.stride = stride;
    frame.bytes = std::move(bytes);
    return frame;
}

}  // namespace onetake
