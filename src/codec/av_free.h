#pragma once

struct AVCodecContext;
struct AVFrame;
struct AVPacket;

namespace onetake {

/// Deleter of libavcodec's objects, for `std::unique_ptr`.
struct AvFree {
    void operator()(AVCodecContext* context) const;
    void operator()(AVFrame* frame) const;
    void operator()(AVPacket* packet) const;
};

}  // namespace onetake
