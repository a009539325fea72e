#pragma once

#include "base/clock.h"
#include "media/source.h"
#include "media/test_pattern.h"

#include <atomic>
#include <memory>
#include <thread>

namespace onetake {

struct TestCameraOptions {
    int width = 1280, height = 720;
};

/// A camera without hardware: draws the scene's test pattern in real time. Every frame is stamped with the time it is
/// due, however late it is drawn. When more than a second late, it drops frames and reports them.
class TestCamera final : public VideoSource {
 public:
    /// `clock` must outlive the camera. The scene sets the frame rate.
    static Result<std::unique_ptr<TestCamera>> open(TestScene scene, TestCameraOptions options, Clock& clock);
    TestCamera(const TestCamera&) = delete;
    TestCamera& operator=(const TestCamera&) = delete;
    ~TestCamera() override;

    const VideoDescription& description() const override { return description_; }
    Status start(VideoReceiver& receiver) override;
    void stop() override;
    double grab_ms_mean() const override;

 private:
    TestCamera(TestScene scene, TestCameraOptions options, Clock& clock);
    void run(VideoReceiver& receiver);

    const TestScene scene_;
    const TestPattern pattern_;
    Clock& clock_;
    VideoDescription description_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

struct TestMicrophoneOptions {
    int sample_rate = 48000, channels = 1, blocksize = 1024;
    double ppm = 0;  ///< clock error of the simulated sound card: +100 delivers 100 samples per million too many
};

/// A microphone without hardware: generates the scene's beeps. A block is delivered when its last sample is due and
/// stamped with the exact time of its first.
class TestMicrophone final : public AudioSource {
 public:
    /// `clock` must outlive the microphone.
    static Result<std::unique_ptr<TestMicrophone>> open(TestScene scene, TestMicrophoneOptions options, Clock& clock);
    TestMicrophone(const TestMicrophone&) = delete;
    TestMicrophone& operator=(const TestMicrophone&) = delete;
    ~TestMicrophone() override;

    const AudioDescription& description() const override { return description_; }
    Status start(AudioReceiver& receiver) override;
    void stop() override;

 private:
    TestMicrophone(TestScene scene, TestMicrophoneOptions options, Clock& clock);
    void run(AudioReceiver& receiver);

    const TestTone tone_;
    Clock& clock_;
    AudioDescription description_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace onetake
