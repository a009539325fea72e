// enhance_wav FOLDER MODEL MINUTES: makes a take's audio.wav of so many minutes at 48 kHz, enhances it, and prints the
// largest resident sizes of this process and of the worker, in kB, and the model's real-time factor.
#include "render/enhance_job.h"
#include "take/wav.h"

#include <cmath>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

namespace {

constexpr int kRate = 48000;

onetake::Status make_audio(const std::string& path, int minutes) {
    auto wav = onetake::WavWriter::create(AT_FDCWD, path, kRate, 1);
    if (!wav) return onetake::fail(wav.error());
    std::vector<std::int16_t> second(kRate);
    for (int i = 0; i < kRate; ++i)
        second[static_cast<std::size_t>(i)] =
            static_cast<std::int16_t>(8000 * std::sin(0.03 * i) * std::sin(0.0007 * i));
    for (int s = 0; s < 60 * minutes; ++s) ONETAKE_TRY(wav->write(second));
    return wav->refresh_header();
}

long largest_kb(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string folder = argv[1];
    const int minutes = std::atoi(argv[3]);
    if (const auto made = make_audio(folder + "/audio.wav", minutes); !made) {
        fmt::print(stderr, "{}\n", made.error().message);
        return 1;
    }
    onetake::EnhanceOptions options;
    options.take_folder = folder;
    options.model = argv[2];
    const auto report = onetake::enhance_take(options, {});
    if (!report) {
        fmt::print(stderr, "{}\n", report.error().message);
        return 1;
    }
    const auto enhanced = onetake::WavReader::open(report->path);
    if (!enhanced || enhanced->frames() != std::int64_t{60} * minutes * report->sample_rate) return 1;
    fmt::print("{} {} {:.4f}\n", largest_kb(RUSAGE_SELF), largest_kb(RUSAGE_CHILDREN), report->rt_factor);
    return 0;
}
