#pragma once

#include "fake_v4l2.h"
#include "v4l2/v4l2_camera.h"
#include "v4l2_recording_receiver.h"

#include <gtest/gtest.h>

namespace onetake {

inline V4l2CameraOptions options(int warmup = 0) {
    V4l2CameraOptions o;
    o.warmup = warmup;
    return o;
}

inline std::unique_ptr<V4l2Camera> open(FakeV4l2& kernel, const V4l2CameraOptions& o = options()) {
    auto camera = V4l2Camera::open(o, kernel);
    EXPECT_TRUE(camera) << camera.error().message;
    return camera ? *std::move(camera) : nullptr;
}

/// Runs a camera from start to stop with a script.
inline std::vector<std::string> record(FakeV4l2& kernel, V4l2Camera& camera, V4l2RecordingReceiver& receiver,
                                       std::vector<FakeStep> script) {
    kernel.play(std::move(script));
    const Status started = camera.start(receiver);
    EXPECT_TRUE(started) << started.error().message;
    EXPECT_TRUE(kernel.wait_until_played());
    camera.stop();
    return receiver.lines();
}

inline std::vector<std::string> record(std::vector<FakeStep> script, FakeCamera fake = {},
                                       const V4l2CameraOptions& o = options()) {
    FakeV4l2 kernel(std::move(fake));
    V4l2RecordingReceiver receiver;
    return record(kernel, *open(kernel, o), receiver, std::move(script));
}

}  // namespace onetake
