#include "v4l2/v4l2_kernel.h"

#include "base/clock.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace onetake {
namespace {

namespace fs = std::filesystem;

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

class RealV4l2Kernel final : public V4l2Kernel {
 public:
    int open(const std::string& path) override {
        const int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return fd >= 0 ? fd : -errno;
    }

    void close(int fd) override { ::close(fd); }

    int ioctl(int fd, unsigned long request, void* argument) override {
        int r = 0;
        do r = ::ioctl(fd, request, argument);
        while (r < 0 && errno == EINTR);
        return r < 0 ? errno : 0;
    }

    void* mmap(int fd, std::size_t length, std::int64_t offset) override {
        void* address = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
        return address == MAP_FAILED ? nullptr : address;
    }

    void munmap(void* address, std::size_t length) override { ::munmap(address, length); }

    V4l2Wake poll(int fd, int wake_fd, Duration timeout) override {
        // poll() ignores a negative descriptor.
        pollfd fds[] = {{fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
        const auto most = std::int64_t{std::numeric_limits<int>::max()};
        const int n = ::poll(fds, 2, static_cast<int>(std::clamp<std::int64_t>(ms, 0, most)));
        if (n <= 0) return V4l2Wake::timeout;
        if (fds[1].revents != 0) return V4l2Wake::woken;
        return (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? V4l2Wake::failed : V4l2Wake::ready;
    }

    HostTime now() const override { return host_now(); }

    std::vector<std::string> names(const std::string& folder) const override {
        std::vector<std::string> names;
        std::error_code ec;
        for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
            names.push_back(it->path().filename().string());
        return names;
    }

    std::string resolve(const std::string& path) const override {
        std::error_code ec;
        const auto target = fs::canonical(path, ec);
        return ec ? std::string() : target.string();
    }

    std::string holder(const std::string& path) const override {
        const std::string self = std::to_string(::getpid());
        int own = 0;
        for (const std::string& pid : names("/proc")) {
            if (!is_number(pid)) continue;
            const std::string folder = "/proc/" + pid + "/fd";
            for (const std::string& fd : names(folder)) {
                std::error_code ec;
                if (fs::read_symlink(folder + "/" + fd, ec) != path || ec) continue;
                // One of our own descriptors is the one whose call just failed with EBUSY.
                if (pid == self) {
                    if (++own > 1) return "this program itself";
                    continue;
                }
                std::string name;
                std::getline(std::ifstream("/proc/" + pid + "/comm"), name);
                return fmt::format("{} (pid {})", name, pid);
            }
        }
        return {};
    }
};

}  // namespace

V4l2Kernel& real_v4l2_kernel() {
    // Never destroyed, because abandoned threads may use it until the program exits.
    static auto& kernel = *new RealV4l2Kernel;
    return kernel;
}

}  // namespace onetake
