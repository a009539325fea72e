#include "codec/av_free.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace onetake {

void AvFree::operator()(AVCodecContext* context) const {
    avcodec_free_context(&context);
}
void AvFree::operator()(AVFrame* frame) const {
    av_frame_free(&frame);
}
void AvFree::operator()(AVPacket* packet) const {
    av_packet_free(&packet);
}

}  // namespace onetake
