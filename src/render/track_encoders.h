#pragma once

#include "encode/stream_encoder.h"
#include "media/jpeg_info.h"
#include "render/renderer.h"
#include "take/take_source.h"

#include <memory>
#include <optional>

/// By what the video tracks of a take are encoded, or copied, into a rendered file.
namespace onetake {

inline constexpr double kUnknownFps = 30;  ///< of a track whose rate is unknown

/// Only for the encoder's rate control and the last frame's duration.
double nominal_fps(const RenderOptions& options, const TrackRecord& t, const std::optional<TakeTotals>& totals);

/// `format`: of the first frame.
Result<std::unique_ptr<StreamEncoder>> jpeg_track_encoder(const RenderOptions& options, const TrackRecord& t,
                                                          const JpegInfo& format, double fps);

/// `part`: the first. `copy`: its packets are copied.
Result<std::unique_ptr<StreamEncoder>> encoded_track_encoder(const RenderOptions& options, const TrackRecord& t,
                                                             const PartRecord& part, double fps, bool copy);

}  // namespace onetake
