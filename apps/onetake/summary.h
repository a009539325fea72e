#pragma once

#include <onetake/calibration.h>
#include <onetake/metrics.h>
#include <onetake/selftest.h>
#include <onetake/take.h>
#include <onetake/video_recorder.h>

#include <cstddef>
#include <string>

/// The reports of the library as tables for people.
namespace onetake::cli {

/// Where the values of their rows begin, and the widest line of their notes.
inline constexpr std::size_t kSummaryColumn = 16, kSummaryWidth = 100;

std::string summary(const TakeResult& result);
/// What was made from a stored take.
std::string rendering_summary(const TakeResult& result);
std::string summary(const VideoRecordingResult& result);
std::string summary(const OffsetReport& report);
std::string summary(const SelftestReport& report);
std::string summary(const CheckReport& report);
std::string summary(const RecoverReport& report);

}  // namespace onetake::cli
