"""onetake records cameras and microphones into takes that stay in sync and survive crashes, and renders them.

    import onetake

    rec = onetake.AVRecorder(video_device=0, fps=30)
    result = rec.record(10, "hello")              # ten seconds, then the MP4
    take = onetake.load(result.folder)            # frames and samples with their times
    take.video[0].frames[0], take.audio[0].samples

Times are seconds (float) or nanoseconds (int, names with _ns) on CLOCK_MONOTONIC, which is time.monotonic(). Unknown
numbers are NaN. Errors are subclasses of onetake.Error that are also the built-in exceptions one expects.
"""

from ._config import AudioTrackConfig, Setting, Settings, StrPath, VideoTrackConfig, settings, validate
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
    recover,
    selftest,
    verify_denoise_model,
)
from ._onetake import version as _version
from ._recorder import AVRecorder, process
from ._sidecar import SidecarAudio, ffmpeg_command, mux_audio
from ._take import AudioTrack, Frames, Take, VideoTrack, load
from ._values import (
    AudioDevice,
    AudioStamps,
    Capability,
    CheckReport,
    ContainerFormat,
    DenoiseModel,
    EnhancedAudio,
    Event,
    EventKind,
    LossCause,
    Metrics,
    MuxResult,
    OffsetReport,
    OnFull,
    OutputFileInfo,
    Phase,
    PixelRange,
    Progress,
    SelftestCheck,
    SelftestReport,
    SidecarStart,
    SourceKind,
    StoredModel,
    Subsample,
    SyncReference,
    TakeLoss,
    TakeResult,
    TakeState,
    TakeSummary,
    TrackCounters,
    VideoDevice,
    VideoMode,
)

__version__: str = _version()

__all__ = [name for name in dir() if not name.startswith("_")]
