"""The module `av_recorder`, for programs written for it: the same names and calls, on onetake.

    from av_recorder import AVRecorder

    rec = AVRecorder(width=1280, height=720, fps=30)
    result = rec.record(duration=60, name="interview")
    print(result.metrics)

New programs use the package `onetake`, which has more.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import onetake

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AVRecorder", "BenchmarkMetrics", "RecordingResult"]

_DEFAULT_CONTROLS = ("exposure_dynamic_framerate=0",)


@dataclasses.dataclass
class BenchmarkMetrics(onetake.Metrics):
    """What was measured of a take; unknown is NaN. Specified in docs/metrics.md."""

    __str__ = onetake.Metrics.__str__


@dataclasses.dataclass
class RecordingResult:
    """The files and metrics of a take. The path of a file that was not written is None."""

    name: str
    frames_dir: Path | None
    wav_path: Path | None
    enhanced_wav_path: Path | None
    manifest_path: Path | None
    mp4_path: Path | None
    metrics: BenchmarkMetrics

    def __str__(self) -> str:
        paths = ("frames_dir", "wav_path", "enhanced_wav_path", "manifest_path", "mp4_path")
        lines = [f"{name:<30} {getattr(self, name)}" for name in paths if getattr(self, name) is not None]
        return "\n".join([f"{'name':<30} {self.name}", *lines, str(self.metrics)])


class AVRecorder:
    """Records a camera and a microphone into a take, measures the recording, and renders a synchronized MP4.

    Times are seconds on CLOCK_MONOTONIC, which is `time.monotonic()`. As a context manager it starts a take and stops
    it, unless it was stopped, at the end."""

    DPDFNET_VARIANTS: tuple[str, ...] = tuple(model.variant for model in onetake.denoise_models())
    """The published models of speech enhancement."""

    def __init__(
        self,
        width: int = 1280,
        height: int = 720,
        fps: float = 30.0,
        video_device: int | str = 0,
        fourcc: str = "MJPG",
        convert_rgb: bool = True,
        buffersize: int | None = None,
        v4l2_controls: Sequence[str] | None = _DEFAULT_CONTROLS,
        warmup: int = 15,
        audio: bool = True,
        audio_device: int | str | None = None,
        sample_rate: int = 48000,
        channels: int = 1,
        blocksize: int = 1024,
        encoder: str = "turbojpeg",
        quality: int = 90,
        subsample: str = "420",
        progressive: bool = False,
        turbo_lib: str | None = None,
        workers: int = 2,
        queue_size: int = 64,
        on_full: str = "drop",
        fsync: bool = False,
        source: str = "device",
        denoise: bool = False,
        denoise_model: onetake.StrPath | None = None,
        denoise_num_threads: int = 1,
        denoise_provider: str = "cpu",
        data_dir: onetake.StrPath = "av_data",
        processed_dir: onetake.StrPath = "processed_av",
    ) -> None:
        """`denoise_model` turns speech enhancement on by itself. `encoder="opencv"` and `turbo_lib` are accepted and
        noted in the metrics: JPEGs are always made by the system's libjpeg-turbo."""
        self._notes: list[str] = []
        if encoder == "opencv":
            encoder = "turbojpeg"
            self._notes.append("encoder='opencv' is not needed here: JPEGs were made by libjpeg-turbo.")
        if turbo_lib is not None:
            self._notes.append(f"turbo_lib={turbo_lib!r} was not used: the system's libjpeg-turbo is linked.")
        self._recorder = onetake.AVRecorder(
            width=width,
            height=height,
            fps=fps,
            video_device=video_device,
            fourcc=fourcc,
            convert_rgb=convert_rgb,
            buffersize=buffersize,
            v4l2_controls=list(v4l2_controls or ()),
            warmup=warmup,
            audio=audio,
            audio_device=audio_device,
            sample_rate=sample_rate,
            channels=channels,
            blocksize=blocksize,
            encoder=encoder,
            quality=quality,
            subsample=subsample,
            progressive=progressive,
            workers=workers,
            queue_size=queue_size,
            on_full=on_full,
            fsync=fsync,
            source=source,
            denoise=True if denoise else None,
            denoise_model=denoise_model,
            denoise_num_threads=denoise_num_threads,
            denoise_provider=denoise_provider,
            data_dir=data_dir,
            processed_dir=processed_dir,
        )
        self.last_result: RecordingResult | None = None
        """Of the last take that was ended, also if Ctrl-C ended it."""

    def _result(self, result: onetake.TakeResult) -> RecordingResult:
        metrics = BenchmarkMetrics(
            **{field.name: getattr(result.metrics, field.name) for field in dataclasses.fields(result.metrics)}
        )
        metrics.notes = [*metrics.notes, *self._notes]
        self.last_result = RecordingResult(
            name=result.name,
            frames_dir=result.frames_dir,
            wav_path=result.wav_path,
            enhanced_wav_path=result.enhanced_wav_path,
            manifest_path=result.manifest_path,
            mp4_path=result.mp4_path,
            metrics=metrics,
        )
        return self.last_result

    def record(
        self, duration: float, name: str | None = None, make_mp4: bool = True, enhance: bool = True
    ) -> RecordingResult:
        """Records for `duration` seconds. Ctrl-C ends the take early and closes it; `last_result` has it then."""
        try:
            return self._result(self._recorder.record(duration, name, make_mp4, enhance))
        except KeyboardInterrupt:
            if self._recorder.last_result is not None:
                self._result(self._recorder.last_result)
            raise

    def start(self, name: str | None = None) -> None:
        """Begins a take. Raises RuntimeError while recording."""
        self._recorder.start(name)

    def stop(self, make_mp4: bool = True, enhance: bool = True) -> RecordingResult:
        """Ends the take and renders it. Raises RuntimeError without start()."""
        return self._result(self._recorder.stop(make_mp4, enhance))

    def is_recording(self) -> bool:
        return self._recorder.is_recording()

    def process(self, name: str, make_mp4: bool = True, enhance: bool | None = None) -> RecordingResult:
        """Enhances and renders a stored take; opens no device. `enhance=None`: if a model is set."""
        return self._result(self._recorder.process(name, make_mp4, enhance))

    def push_video(self, frame: Any, t: float | None = None) -> None:
        """With source="external": a BGR array (height, width, 3), copied, or the bytes of a JPEG, stored unchanged.
        `t`: instant of capture; None: now."""
        self._recorder.push_video(frame, t)

    def push_audio(self, samples: Any, t: float | None = None) -> None:
        """With source="external": int16, or float in [-1, 1]; (n,) or (n, channels). `t`: of the first sample."""
        self._recorder.push_audio(samples, t)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the take, if it was not stopped; after an exception without rendering."""
        if self.is_recording():
            self.stop(make_mp4=kind is None, enhance=kind is None)

    @staticmethod
    def list_audio_devices() -> list[onetake.AudioDevice]:
        """The microphones."""
        return onetake.list_audio_devices()

    @staticmethod
    def list_video_devices() -> list[onetake.VideoDevice]:
        """The cameras."""
        return onetake.list_video_devices()

    @staticmethod
    def denoise_model_url(variant: str = "dpdfnet2") -> str:
        """Where a model is published."""
        return onetake.denoise_model_url(variant)

    @staticmethod
    def download_denoise_model(variant: str = "dpdfnet2", dest_dir: onetake.StrPath = ".") -> Path:
        """Downloads a model into `dest_dir` and returns its path, ./dpdfnet2.onnx; does nothing if it is there."""
        return onetake.download_denoise_model(variant, folder=dest_dir).path


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="av_recorder", description="Records a camera and a microphone, and renders a synchronized MP4."
    )
    parser.add_argument("--duration", type=float, default=20, help="seconds (20)")
    parser.add_argument("--name", help="of the take (the local time)")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--fps", type=float, default=30)
    parser.add_argument("--device", default="0", help="camera: index or path (0)")
    parser.add_argument("--audio-device", help="microphone: index or part of its name")
    parser.add_argument("--source", default="device", choices=("device", "test"), help="test: pattern and tone")
    parser.add_argument("--no-audio", action="store_true", help="video only")
    parser.add_argument("--no-mp4", action="store_true", help="the take only")
    parser.add_argument("--no-enhance", action="store_true", help="no speech enhancement")
    parser.add_argument("--process", metavar="NAME", help="render a stored take instead of recording")
    parser.add_argument("--data-dir", default="av_data", help="folder of the takes")
    parser.add_argument("--processed-dir", default="processed_av", help="folder of the rendered files")
    parser.add_argument("--denoise-model", metavar="FILE", help="a DPDFNet model")
    parser.add_argument("--denoise-provider", default="cpu", help="where the model runs (cpu)")
    parser.add_argument("--download-model", metavar="VARIANT", help="download a model into this folder, and end")
    parser.add_argument("--list-audio", action="store_true", help="list the microphones, and end")
    return parser.parse_args(given)


def _run(given: argparse.Namespace) -> None:
    if given.list_audio:
        for device in AVRecorder.list_audio_devices():
            mark = "*" if device.is_default else " "
            print(f"{mark} {device.index:>3}  {device.name} ({device.channels} in, {device.default_sample_rate:g} Hz)")
        return
    if given.download_model:
        print(AVRecorder.download_denoise_model(given.download_model))
        return
    recorder = AVRecorder(
        width=given.width,
        height=given.height,
        fps=given.fps,
        video_device=given.device,
        audio=not given.no_audio,
        audio_device=given.audio_device,
        source=given.source,
        denoise_model=given.denoise_model,
        denoise_provider=given.denoise_provider,
        data_dir=given.data_dir,
        processed_dir=given.processed_dir,
    )
    make_mp4, enhance = not given.no_mp4, not given.no_enhance
    if given.process:
        print(recorder.process(given.process, make_mp4, None if enhance else False))
    else:
        print(recorder.record(given.duration, given.name, make_mp4, enhance))


def main(given: Sequence[str] | None = None) -> int:
    """`python -m av_recorder`. Returns 0, or 1 after an error, which is on stderr."""
    try:
        _run(_arguments(given))
    except (onetake.Error, KeyboardInterrupt) as error:
        print(f"av_recorder: {error or 'interrupted; the take is closed'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
