#pragma once

#include "v4l2/v4l2_kernel.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <linux/videodev2.h>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace onetake {

struct FakeSize {
    std::uint32_t width = 0, height = 0;
    std::vector<v4l2_fract> intervals;
};

struct FakeFormat {
    std::uint32_t fourcc = 0;
    std::vector<FakeSize> sizes;
    std::optional<v4l2_frmsize_stepwise> any_size;      ///< instead of `sizes`
    std::optional<v4l2_frmival_stepwise> any_interval;  ///< instead of their intervals
};

struct FakeControl {
    std::uint32_t id = 0;
    std::string name;
    std::int32_t minimum = 0, maximum = 255, value = 0;
    bool clamps = false;  ///< clamps to the range instead of failing
    int refusal = 0;      ///< errno for every attempt to set it
};

/// Properties of a fake camera and its driver. The defaults are a well-behaved USB camera.
struct FakeCamera {
    std::string path = "/dev/video0";
    std::string card = "Fake Cam", driver = "uvcvideo";
    std::uint32_t capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    std::vector<FakeFormat> formats = {
        {V4L2_PIX_FMT_MJPEG, {{1280, 720, {{1, 30}, {1, 15}}}, {640, 480, {{1, 30}}}}, {}, {}},
        {V4L2_PIX_FMT_YUYV, {{1280, 720, {{1, 10}}}, {640, 480, {{1, 25}}}}, {}, {}}};
    std::vector<FakeControl> controls;
    std::uint32_t colorspace = 0, encoding = 0, quantization = 0;
    std::uint32_t field = V4L2_FIELD_NONE;
    std::uint32_t padding = 0;  ///< bytes after each row
    bool reports_rate = true;
    std::uint32_t min_buffers = 2, max_buffers = 32;
    std::uint32_t stamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
    Duration stamp_age = std::chrono::milliseconds(20);  ///< stamp before the buffer is ready
    bool stale_first = false;  ///< v4l2loopback: each stream starts with an invalid buffer, number 0
    int open_error = 0;
};

/// One event of the script, `after` the previous one.
struct FakeStep {
    enum class Kind { frame, silence, frozen, dequeue_error, stream_error, unplug, plug };
    Kind kind = Kind::frame;
    Duration after = std::chrono::microseconds(33'333);
    // of a frame
    std::optional<std::uint32_t> sequence;  ///< unset: one more than the previous frame
    std::optional<Duration> stamp_age;
    std::optional<std::uint32_t> stamp_flags;
    std::optional<std::uint32_t> bytesused;
    bool damaged = false;
    std::uint8_t first_byte = 0xff;
    // of an error
    int error_number = 0;
    // of a plug: the camera's new node
    std::string path;
};

FakeStep a_frame();
/// No frame for `length`, whatever the caller does.
FakeStep silence(Duration length);
/// No frame until the stream is restarted.
FakeStep frozen();
FakeStep dequeue_error(int error_number);
/// The driver stops the stream by itself.
FakeStep stream_error();
FakeStep unplugged();
FakeStep plugged_after(Duration wait, std::string path = {});

/// A kernel with cameras that follow a script, with a fake time that only advances in poll(). At the end of the script
/// poll() waits for the wake descriptor only. Thread-safe.
class FakeV4l2 final : public V4l2Kernel {
 public:
    FakeV4l2() = default;
    explicit FakeV4l2(FakeCamera camera) { add(std::move(camera)); }

    void add(FakeCamera camera);
    void link(const std::string& link, const std::string& node);
    /// Sets the script of camera 0.
    void play(std::vector<FakeStep> script);
    /// `count` regular frames.
    void play_frames(int count);
    /// The next calls of this request fail.
    void fail_next(unsigned long request, int error_number, int times = 1);
    /// Like fail_next(), once, after `calls` that succeed.
    void fail_after(unsigned long request, int calls, int error_number);
    /// Calls of this request, after so many more, hang until release().
    void hold(unsigned long request, int after_calls = 0);
    /// Closing a node hangs until release().
    void hold_closing() { hold(kClosing); }
    void release();
    void set_holder(std::string holder);
    void change(int camera, FakeCamera to);

    /// Waits until the script is finished and its reader waits for more; false after a timeout.
    bool wait_until_played();
    /// Waits until a call hangs in hold().
    bool wait_until_held();
    /// Whether a call hangs in hold() now.
    bool holds() const;
    int open_descriptors() const;
    int mapped_buffers() const;
    int opens() const;
    /// Waits for `count` opens in total; false after a timeout.
    bool wait_for_opens(int count);
    std::int32_t control_value(std::uint32_t id) const;
    v4l2_fract requested_interval() const;

    int open(const std::string& path) override;
    void close(int fd) override;
    int ioctl(int fd, unsigned long request, void* argument) override;
    void* mmap(int fd, std::size_t length, std::int64_t offset) override;
    void munmap(void* address, std::size_t length) override;
    V4l2Wake poll(int fd, int wake_fd, Duration timeout) override;
    HostTime now() const override;
    std::vector<std::string> names(const std::string& folder) const override;
    std::string resolve(const std::string& path) const override;
    std::string holder(const std::string& path) const override;

 private:
    struct State {
        FakeCamera camera;
        bool present = true;
        int owner = -1;  ///< descriptor that holds the buffers
        bool streaming = false;
        HostTime streaming_since;
        v4l2_pix_format pix{};
        v4l2_fract interval{1, 30};
        std::deque<std::vector<std::uint8_t>> buffers;
        std::deque<std::uint32_t> queued;
        std::deque<v4l2_buffer> done;
        std::deque<int> errors;
        std::uint32_t next_sequence = 0;
        int streams = 0;  ///< started so far
    };

    static constexpr unsigned long kClosing = 0;  ///< in place of a request

    State* at(int fd);
    void hang_if_held(std::unique_lock<std::mutex>& lock, unsigned long request);
    void fill(State& state, const FakeStep& step);
    void stop_stream(State& state);
    void apply(const FakeStep& step);

    // The driver side of ioctl(): fake_v4l2_driver.cpp.
    const FakeFormat* format(const State& state, std::uint32_t fourcc) const;
    int handle_ioctl(State& state, int fd, unsigned long request, void* argument);
    int enumerate(const State& state, unsigned long request, void* argument) const;
    int set_format(State& state, v4l2_format& format);
    int streaming(State& state, int fd, unsigned long request, void* argument);
    int controls(State& state, unsigned long request, void* argument);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    HostTime now_{std::chrono::seconds(1000)};
    std::deque<State> cameras_;
    std::map<std::string, std::string> links_;
    std::map<int, std::size_t> open_;  ///< descriptor → camera
    std::set<int> dead_;               ///< open descriptors of an unplugged camera
    std::map<unsigned long, std::deque<int>> failures_;
    std::optional<unsigned long> held_;
    int calls_before_hold_ = 0;
    bool holding_ = false, played_ = false;
    std::string holder_;
    std::vector<FakeStep> script_;
    std::size_t next_step_ = 0;
    HostTime step_began_{std::chrono::seconds(1000)};
    int frozen_at_stream_ = -1;
    int next_fd_ = 100, mapped_ = 0, opens_ = 0;
};

}  // namespace onetake
