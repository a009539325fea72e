#include "codec/encoder_threads.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace onetake {

int rendering_threads(int cores) {
    constexpr int kMost = 16;
    return std::min(cores + cores / 2, kMost);
}

int machine_cores() {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

EncoderThreadBudget::Share::Share(Share&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), threads_(std::exchange(other.threads_, 0)) {}

EncoderThreadBudget::Share& EncoderThreadBudget::Share::operator=(Share&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(threads_, other.threads_);
    return *this;
}

EncoderThreadBudget::Share::~Share() {
    if (budget_ == nullptr) return;
    MutexLock lock(budget_->mutex_);
    budget_->in_use_ -= threads_;
}

EncoderThreadBudget& EncoderThreadBudget::of_process() {
    static EncoderThreadBudget budget(machine_cores() + machine_cores() / 2);
    return budget;
}

EncoderThreadBudget::Share EncoderThreadBudget::allocate(int most) {
    MutexLock lock(mutex_);
    const int half_of_free = (std::max(total_ - in_use_, 0) + 1) / 2;
    const int threads = std::max(1, std::min(most, half_of_free));
    in_use_ += threads;
    return {this, threads};
}

int EncoderThreadBudget::in_use() const {
    MutexLock lock(mutex_);
    return in_use_;
}

}  // namespace onetake
