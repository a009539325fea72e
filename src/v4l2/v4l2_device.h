#pragma once

#include "base/error.h"
#include "v4l2/v4l2_kernel.h"

#include <cstdint>
#include <linux/videodev2.h>
#include <string>
#include <vector>

namespace onetake {

/// One opened video node. Move-only, thread-bound; the kernel must outlive it.
class V4l2Device {
 public:
    /// Opens a node and queries its capabilities. `path`: the node itself, links resolved.
    static Result<V4l2Device> open(V4l2Kernel& kernel, const std::string& path);
    V4l2Device(V4l2Device&& other) noexcept;
    V4l2Device& operator=(V4l2Device&&) = delete;
    V4l2Device(const V4l2Device&) = delete;
    V4l2Device& operator=(const V4l2Device&) = delete;
    ~V4l2Device();

    /// 0 or an errno.
    template <class Argument>
    int ioctl(unsigned long request, Argument& argument) const {
        return kernel_->ioctl(fd_, request, &argument);
    }
    /// The error for a failed call: "camera /dev/video0: <what> failed: <reason>. <next step>".
    Error error(const std::string& what, int error_number) const;

    V4l2Kernel& kernel() const { return *kernel_; }
    int fd() const { return fd_; }
    const std::string& path() const { return path_; }
    const std::string& card() const { return card_; }
    const std::string& driver() const { return driver_; }
    /// Whether frames can be streamed from this node.
    bool captures() const;
    /// Why captures() is false and what to do; empty if it is true.
    std::string why_not() const;
    /// Pixel formats, in the driver's order.
    std::vector<std::uint32_t> formats() const;

 private:
    V4l2Device(V4l2Kernel& kernel, int fd, std::string path) : kernel_(&kernel), fd_(fd), path_(std::move(path)) {}

    V4l2Kernel* kernel_;
    int fd_;
    std::string path_;
    std::string card_, driver_;
    std::uint32_t capabilities_ = 0;  ///< of this node, not of the whole device
};

/// The error for a node on which a call failed.
Error v4l2_error(const V4l2Kernel& kernel, const std::string& path, const std::string& what, int error_number);

}  // namespace onetake
