#include "container/input_bytes.h"

#include "base/clock.h"
#include "base/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

namespace onetake {

namespace {

constexpr int kBufferSize = 64 << 10;
constexpr int kPollMs = 100;  // between two looks at the interrupt

}  // namespace

bool InputInterrupt::interrupts() const {
    return stopping || to_ns(host_now()) >= deadline_ns;
}

Result<std::unique_ptr<InputBytes>> InputBytes::open(const std::string& path, const InputInterrupt& interrupt) {
    // Not blocking: opening a FIFO would wait for its writer.
    UniqueFd fd(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                            : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return fail(file_error("Can't open", path, errno));
    const bool regular = S_ISREG(status.st_mode);
    if (!regular && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
        return fail(ErrorCode::unsupported, fmt::format("{} is no file and no pipe: it can't be read as media.", path));
    return std::unique_ptr<InputBytes>(new InputBytes(std::move(fd), !regular, {}, interrupt));
}

std::unique_ptr<InputBytes> InputBytes::of(std::vector<std::uint8_t> bytes, const InputInterrupt& interrupt) {
    return std::unique_ptr<InputBytes>(new InputBytes({}, false, std::move(bytes), interrupt));
}

InputBytes::InputBytes(UniqueFd fd, bool pipe, std::vector<std::uint8_t> memory, const InputInterrupt& interrupt)
    : fd_(std::move(fd)), pipe_(pipe), memory_(std::move(memory)), interrupt_(interrupt) {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferSize));
    context_ = avio_alloc_context(buffer, kBufferSize, 0, this, &InputBytes::read, nullptr,
                                  pipe_ ? nullptr : &InputBytes::seek);
    if (context_ == nullptr) av_free(buffer);
}

InputBytes::~InputBytes() {
    if (context_ == nullptr) return;
    av_freep(&context_->buffer);  // libavformat may have replaced it
    avio_context_free(&context_);
}

int InputBytes::read(void* self, std::uint8_t* to, int size) {
    auto& input = *static_cast<InputBytes*>(self);
    if (input.fd_.get() >= 0) return input.read_fd(to, size);
    const auto left = static_cast<std::int64_t>(input.memory_.size()) - input.at_;
    const auto count = std::min<std::int64_t>(left, size);
    if (count <= 0) return AVERROR_EOF;
    std::memcpy(to, input.memory_.data() + input.at_, static_cast<std::size_t>(count));
    input.at_ += count;
    return static_cast<int>(count);
}

int InputBytes::read_fd(std::uint8_t* to, int size) {
    for (;;) {
        if (interrupt_.interrupts()) return AVERROR_EXIT;
        // A FIFO that no writer has opened yet would read as ended.
        if (pollfd waiting{fd_.get(), POLLIN, 0}; pipe_ && ::poll(&waiting, 1, kPollMs) == 0) continue;
        const auto count = ::read(fd_.get(), to, static_cast<std::size_t>(size));
        if (count > 0) return static_cast<int>(count);
        if (count == 0) return AVERROR_EOF;
        if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
    }
}

std::int64_t InputBytes::seek(void* self, std::int64_t offset, int whence) {
    auto& input = *static_cast<InputBytes*>(self);
    whence &= ~AVSEEK_FORCE;
    if (input.fd_.get() >= 0) {
        if (whence == AVSEEK_SIZE) {
            struct stat status {};
            return ::fstat(input.fd_.get(), &status) == 0 ? status.st_size : AVERROR(errno);
        }
        const auto at = ::lseek(input.fd_.get(), offset, whence);
        return at < 0 ? AVERROR(errno) : at;
    }
    const auto size = static_cast<std::int64_t>(input.memory_.size());
    if (whence == AVSEEK_SIZE) return size;
    const auto at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? input.at_ + offset : size + offset;
    if (at < 0 || at > size) return AVERROR(EINVAL);
    return input.at_ = at;
}

}  // namespace onetake
