"""onetake records cameras and microphones into takes that stay in sync and survive crashes, and renders them.

    import onetake

    rec = onetake.AVRecorder(video_device=0, fps=30)
    result = rec.record(10, "hello")              # ten seconds, then the MP4
    take = onetake.load(result.folder)            # frames and samples with their times
    take.video[0].frames[0], take.audio[0].samples

Times are seconds (float) or nanoseconds (int, names with _ns) on CLOCK_MONOTONIC, which is time.monotonic(). Unknown
numbers are NaN. Errors are subclasses of onetake.Error that are also the built-in exceptions one expects.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._config import AudioTrackConfig, DataTrackConfig, Setting, Settings, StrPath, VideoTrackConfig, settings, validate
from ._errors import (
    AlreadyExistsError,
    CancelledError,
    CorruptError,
    DeviceBusyError,
    DeviceUnavailableError,
    Error,
    InternalError,
    InvalidArgumentError,
    IoError,
    MissingPartError,
    NoSpaceError,
    NotFoundError,
    RefusedError,
    TimedOutError,
    UnsupportedError,
    WrongStateError,
)
from ._functions import (
    calibrate,
    capabilities,
    check,
    denoise_model_path,
    denoise_model_url,
    denoise_models,
    download_denoise_model,
    import_take,
    list_audio_devices,
    list_takes,
    list_video_devices,
    mark_take,
    merge_recording_chunks,
    merge_stream_files,
    recover,
    selftest,
    verify_denoise_model,
)
from ._onetake import version as _version
from ._recorder import AVRecorder, process
from ._take import Take, load
from ._tracks import AudioTrack, DataTrack, Frames, VideoTrack
from ._enums import (
    AudioStamps,
    ContainerFormat,
    EventKind,
    LossCause,
    OnFull,
    Phase,
    PixelRange,
    RoomLayout,
    RoomMedia,
    RoomStart,
    SourceKind,
    StampClock,
    Subsample,
    SyncReference,
    TakeState,
)
from ._metrics import Metrics, TakeResult, TrackCounters
from ._values import (
    AudioDevice,
    Capability,
    CheckReport,
    DenoiseModel,
    EnhancedAudio,
    Event,
    Marker,
    MergedStream,
    MergeResult,
    MuxResult,
    OffsetReport,
    OutputFileInfo,
    Progress,
    SelftestCheck,
    SelftestReport,
    SidecarStart,
    StoredModel,
    TakeLoss,
    TakeSummary,
    VideoDevice,
    VideoMode,
)

if TYPE_CHECKING:
    from ._chunked_writer import (
        ChunkedResult,
        ChunkedStream,
        ChunkedWriter,
        EncoderQueue,
        WrittenChunk,
        record_chunks,
    )
    from ._room import (
        ChannelRecordingConfig,
        FileMediaRecorder,
        MediaRecorder,
        MediaRecordingResult,
        MockMediaRecorder,
        RecordedTrack,
        RecordingTrack,
        Room,
        RoomLoss,
        RoomRecorderResult,
        VideoSessionRecorder,
        WavFileRecorder,
    )
    from ._sidecar import SidecarAudio, ffmpeg_command, mux_audio
    from ._streams import (
        AudioStreamConfig,
        DataStreamConfig,
        DataStreamEncoder,
        EncodedPacket,
        EncodedStreamInfo,
        VideoStreamConfig,
        VideoStreamEncoder,
    )
    from ._video_recorder import (
        MockVideoRecorder,
        RecoveredRecording,
        SessionRecorder,
        VideoChannel,
        VideoRecorder,
        VideoRecordingHandle,
        VideoRecordingResult,
        recover_recordings,
    )

# Modules that are imported when something of them is used first: most programs need few of them.
_LATER = {
    "_chunked_writer": (
        "ChunkedResult",
        "ChunkedStream",
        "ChunkedWriter",
        "EncoderQueue",
        "WrittenChunk",
        "record_chunks",
    ),
    "_room": (
        "ChannelRecordingConfig",
        "FileMediaRecorder",
        "MediaRecorder",
        "MediaRecordingResult",
        "MockMediaRecorder",
        "RecordedTrack",
        "RecordingTrack",
        "Room",
        "RoomLoss",
        "RoomRecorderResult",
        "VideoSessionRecorder",
        "WavFileRecorder",
    ),
    "_sidecar": (
        "SidecarAudio",
        "ffmpeg_command",
        "mux_audio",
    ),
    "_streams": (
        "AudioStreamConfig",
        "DataStreamConfig",
        "DataStreamEncoder",
        "EncodedPacket",
        "EncodedStreamInfo",
        "VideoStreamConfig",
        "VideoStreamEncoder",
    ),
    "_video_recorder": (
        "MockVideoRecorder",
        "RecoveredRecording",
        "SessionRecorder",
        "VideoChannel",
        "VideoRecorder",
        "VideoRecordingHandle",
        "VideoRecordingResult",
        "recover_recordings",
    ),
}
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names}

__version__: str = _version()


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})

__all__ = [
    "AVRecorder",
    "AlreadyExistsError",
    "AudioDevice",
    "AudioStamps",
    "AudioStreamConfig",
    "AudioTrack",
    "AudioTrackConfig",
    "CancelledError",
    "Capability",
    "ChannelRecordingConfig",
    "CheckReport",
    "ChunkedResult",
    "ChunkedStream",
    "ChunkedWriter",
    "ContainerFormat",
    "CorruptError",
    "DataStreamConfig",
    "DataStreamEncoder",
    "DataTrack",
    "DataTrackConfig",
    "DenoiseModel",
    "DeviceBusyError",
    "DeviceUnavailableError",
    "EncodedPacket",
    "EncodedStreamInfo",
    "EncoderQueue",
    "EnhancedAudio",
    "Error",
    "Event",
    "EventKind",
    "FileMediaRecorder",
    "Frames",
    "InternalError",
    "InvalidArgumentError",
    "IoError",
    "LossCause",
    "Marker",
    "MediaRecorder",
    "MediaRecordingResult",
    "MergeResult",
    "MergedStream",
    "Metrics",
    "MissingPartError",
    "MockMediaRecorder",
    "MockVideoRecorder",
    "MuxResult",
    "NoSpaceError",
    "NotFoundError",
    "OffsetReport",
    "OnFull",
    "OutputFileInfo",
    "Phase",
    "PixelRange",
    "Progress",
    "RecordedTrack",
    "RecordingTrack",
    "RecoveredRecording",
    "RefusedError",
    "Room",
    "RoomLayout",
    "RoomLoss",
    "RoomMedia",
    "RoomRecorderResult",
    "RoomStart",
    "SelftestCheck",
    "SelftestReport",
    "SessionRecorder",
    "Setting",
    "Settings",
    "SidecarAudio",
    "SidecarStart",
    "SourceKind",
    "StampClock",
    "StoredModel",
    "StrPath",
    "Subsample",
    "SyncReference",
    "Take",
    "TakeLoss",
    "TakeResult",
    "TakeState",
    "TakeSummary",
    "TimedOutError",
    "TrackCounters",
    "UnsupportedError",
    "VideoChannel",
    "VideoDevice",
    "VideoMode",
    "VideoRecorder",
    "VideoRecordingHandle",
    "VideoRecordingResult",
    "VideoSessionRecorder",
    "VideoStreamConfig",
    "VideoStreamEncoder",
    "VideoTrack",
    "VideoTrackConfig",
    "WavFileRecorder",
    "WrittenChunk",
    "WrongStateError",
    "calibrate",
    "capabilities",
    "check",
    "denoise_model_path",
    "denoise_model_url",
    "denoise_models",
    "download_denoise_model",
    "ffmpeg_command",
    "import_take",
    "list_audio_devices",
    "list_takes",
    "list_video_devices",
    "load",
    "mark_take",
    "merge_recording_chunks",
    "merge_stream_files",
    "mux_audio",
    "process",
    "record_chunks",
    "recover",
    "recover_recordings",
    "selftest",
    "settings",
    "validate",
    "verify_denoise_model",
]
