#include "record/config.h"

#include <onetake/recorder.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace onetake {
namespace {

TEST(Config, HasTheDefaultsThatWerePromised) {
    const RecorderConfig c;
    EXPECT_EQ(
        config_json(c),
        R"({"video_tracks":[{"source":"device","label":"","video_device":"0","width":1280,"height":720,"fps":30.0,)"
        R"("fourcc":"MJPG","convert_rgb":true,"buffersize":null,"v4l2_controls":["exposure_dynamic_framerate=0"],)"
        R"("warmup":15}],"audio_tracks":[{"source":"device","label":"","audio_device":"","sample_rate":48000,)"
        R"("channels":1,"blocksize":1024}],"require_audio":false,"calibration":true,"store_codec":"jpeg","store_preset":"veryfast",)"
        R"("store_crf":23,"store_bitrate":0,"store_keyframe_s":2.0,"encoder":"turbojpeg","quality":90,"subsample":"420","progressive":false,"workers":2,)"
        R"("queue_size":64,"on_full":"drop","fsync":false,"denoise":null,"require_enhance":false,"denoise_model":"",)"
        R"("denoise_num_threads":1,"denoise_provider":"cpu","denoise_live":true,)"
        R"("denoise_attenuation_limit_db":0.0,"codec":"auto","preset":"veryfast","crf":23,"transcode":false,)"
        R"("pixel_range":"full","container":"mp4","sync_reference":"system","cfr":null,"audio_bitrate":128000,"latency_offset_ms":0.0,"marker_socket":true,"instant_mp4":true,)"
        R"("data_dir":"av_data","processed_dir":"processed_av"})");
}

// What is refused names the field, the value and what is allowed.
void refused(void (*change)(RecorderConfig&), std::vector<std::string> words) {
    RecorderConfig config;
    change(config);
    const auto made = AVRecorder::create(config);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
    for (const auto& word : words)
        EXPECT_NE(made.error().message.find(word), std::string::npos) << made.error().message;
}

TEST(Config, RefusesWhatIsOutOfRangeWithFieldValueAndWhatIsAllowed) {
    refused([](auto& c) { c.store.quality = 101; }, {"quality", "101", "1 to 100"});
    refused([](auto& c) { c.video.front().width = 0; }, {"width", "0", "16 to 16384"});
    refused([](auto& c) { c.video.front().fps = 0; }, {"fps", "0.1 to 1000"});
    refused([](auto& c) { c.video.front().fps = std::numeric_limits<double>::quiet_NaN(); }, {"fps", "nan"});
    refused([](auto& c) { c.store.workers = 0; }, {"workers", "1 to 64"});
    refused([](auto& c) { c.store.queue_size = -1; }, {"queue_size", "-1"});
    refused([](auto& c) { c.video.front().buffersize = 99; }, {"buffersize", "99", "1 to 32"});
    refused([](auto& c) { c.store.encoder = "mozjpeg"; }, {"encoder", "mozjpeg", "turbojpeg"});
    refused([](auto& c) { c.video.front().fourcc = "H264"; }, {"fourcc", "H264", "MJPG|YUYV"});
    refused([](auto& c) { c.encode.codec = "vp9"; }, {"codec", "libx264"});
    refused([](auto& c) { c.video.front().v4l2_controls = {"gain"}; }, {"v4l2_controls", "gain", "control=value"});
    refused([](auto& c) { c.store.codec = "vp9"; }, {"store_codec", "vp9", "jpeg|encoded|auto|libx264"});
    refused([](auto& c) { c.store.codec = "ffv1"; }, {"store_codec", "ffv1", "mkv"});
    refused(
        [](auto& c) {
            c.video.clear();
            c.audio.clear();
        },
        {"nothing to record"});
    refused(
        [](auto& c) {
            c.video.resize(2);
            c.video[1].width = 1;
        },
        {"width of video track 2", "1", "16 to 16384"});
    refused([](auto& c) { c.data_dir = ""; }, {"data_dir"});
    refused(
        [](auto& c) {
            c.video.front().convert_rgb = false;
            c.video.front().fourcc = "YUYV";
        },
        {"convert_rgb", "YUYV", "MJPG"});
}

}  // namespace
}  // namespace onetake
