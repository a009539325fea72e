"""The module av_recorder: programs written for it run unchanged."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import av_recorder
import cv2
import numpy as np
import pytest
from av_recorder import AVRecorder, BenchmarkMetrics, RecordingResult
from conftest import picture, probe, pushed_take, same_picture

import onetake

SMALL = {"source": "test", "width": 320, "height": 240}


def test_the_constructor_has_these_names_and_defaults() -> None:
    documented = dict(
        width=1280, height=720, fps=30.0, video_device=0, fourcc="MJPG", convert_rgb=True, buffersize=None,
        v4l2_controls=("exposure_dynamic_framerate=0",), warmup=15, audio=True, audio_device=None, sample_rate=48000,
        channels=1, blocksize=1024, encoder="turbojpeg", quality=90, subsample="420", progressive=False,
        turbo_lib=None, workers=2, queue_size=64, on_full="drop", fsync=False, source="device", denoise=False,
        denoise_model=None, denoise_num_threads=1, denoise_provider="cpu", data_dir="av_data",
        processed_dir="processed_av",
    )  # fmt: skip
    parameters = list(inspect.signature(AVRecorder).parameters.values())
    assert {p.name: p.default for p in parameters} == documented
    assert [p.name for p in parameters] == list(documented)
    AVRecorder(**documented)
    AVRecorder(*documented.values())


def test_pushed_media() -> None:
    rec = AVRecorder(source="external", fps=25, on_full="block")
    result = pushed_take(rec, "pushed", frames=12, make_mp4=True)
    streams = probe(result.mp4_path)
    assert int(streams["video"]["nb_read_packets"]) == result.metrics.frames == 12
    assert same_picture(onetake.load(result.frames_dir.parent).video[0].frames[3], picture(3))
    rec.start("arrival")
    jpeg = cv2.imencode(".jpg", picture())[1].tobytes()
    rec.push_video(jpeg)
    rec.push_video(picture(), t=None)
    rec.push_audio(np.zeros(480, np.float32), t=None)
    result = rec.stop(make_mp4=False)
    assert result.metrics.frames == 2 and (result.frames_dir / "f_000001.jpg").read_bytes() == jpeg


def test_the_metrics_are_a_dataclass_with_all_fields() -> None:
    wanted = """duration_s frames dropped effective_fps nominal_fps grab_ms_mean retrieve_ms_mean write_latency_p95_ms
        write_latency_max_ms queue_max video_mb video_mbps audio_enabled audio_samples audio_xruns
        audio_block_jitter_ms soundcard_drift_ppm camera_fps_label_error_ppm projected_av_skew_ms_per_hour encoder
        denoise_enabled denoise_model denoise_out_sr denoise_rt_factor notes""".split()
    assert dataclasses.is_dataclass(BenchmarkMetrics)
    names = [field.name for field in dataclasses.fields(BenchmarkMetrics)]
    assert set(wanted) <= set(names)
    assert repr(BenchmarkMetrics()).startswith("BenchmarkMetrics(")
    assert [f.name for f in dataclasses.fields(RecordingResult)] == [
        "name", "frames_dir", "wav_path", "enhanced_wav_path", "manifest_path", "mp4_path", "metrics"]  # fmt: skip


def test_wrong_states_are_runtime_errors() -> None:
    rec = AVRecorder(**SMALL)
    with pytest.raises(RuntimeError):
        rec.stop()
    rec.start("one")
    with pytest.raises(RuntimeError):
        rec.start("two")
    rec.stop(make_mp4=False)


def test_an_exception_inside_with_closes_the_take_without_rendering() -> None:
    with pytest.raises(KeyError), AVRecorder(**SMALL) as rec:
        raise KeyError
    assert rec.last_result is not None and rec.last_result.mp4_path is None
    assert onetake.load(rec.last_result.frames_dir.parent).complete


def test_options_of_other_encoders_are_noted() -> None:
    rec = AVRecorder(encoder="opencv", turbo_lib="/usr/lib/libturbojpeg.so", **SMALL)
    notes = rec.record(0.1, "noted", make_mp4=False).metrics.notes
    assert sum("opencv" in note or "turbo_lib" in note for note in notes) == 2
    with pytest.raises(ValueError):
        AVRecorder(encoder="mozjpeg")


def test_models() -> None:
    assert "dpdfnet2" in AVRecorder.DPDFNET_VARIANTS and "dpdfnet8" in AVRecorder.DPDFNET_VARIANTS
    assert AVRecorder.denoise_model_url("dpdfnet8").startswith("https://")
    with pytest.raises(ValueError, match="dpdfnet2"):
        AVRecorder.denoise_model_url("dpdfnet99")
    assert isinstance(AVRecorder.list_audio_devices(), list)


@pytest.fixture
def model() -> Path:
    if not os.environ.get("ONETAKE_ENHANCE_WORKER"):
        pytest.skip("built without speech enhancement")
    maker = Path(__file__).parents[1] / "support" / "make_toy_model.py"
    subprocess.run([str(maker), "toy.onnx"], check=True, capture_output=True)
    return Path("toy.onnx")


def test_a_model_enables_enhancement(model: Path) -> None:
    rec = AVRecorder(denoise_model=model, **SMALL)
    result = rec.record(0.5, "enhanced")
    assert result.enhanced_wav_path is not None and result.enhanced_wav_path.exists()
    assert result.metrics.denoise_enabled and result.metrics.denoise_out_sr > 0
    assert rec.record(0.3, "raw", enhance=False).enhanced_wav_path is None


def test_enhanced_audio_is_delivered(model: Path) -> None:
    blocks: list[onetake.EnhancedAudio] = []
    recorder = onetake.AVRecorder(denoise_model=model, on_enhanced_audio=blocks.append, **SMALL)
    result = recorder.record(0.5, "heard", make_mp4=False)
    assert sum(len(block.samples) for block in blocks) > 0
    assert blocks[0].samples.dtype == np.int16 and blocks[0].sample_rate == result.metrics.denoise_out_sr
    ends = [block.first_sample + len(block.samples) for block in blocks]
    assert [block.first_sample for block in blocks[1:]] == ends[:-1]


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "av_recorder", *arguments], capture_output=True, text=True, timeout=120
    )


def test_the_script_s_flags() -> None:
    done = run_module(
        "--duration", "0.3", "--name", "flags", "--width", "320", "--height", "240", "--fps", "25", "--device", "0",
        "--audio-device", "default", "--source", "test", "--no-mp4", "--no-enhance", "--data-dir", "takes",
        "--processed-dir", "files", "--denoise-provider", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"^nominal_fps +25$", done.stdout, re.M) and not Path("files/flags.mp4").exists()
    done = run_module("--process", "flags", "--data-dir", "takes", "--processed-dir", "files")
    assert done.returncode == 0 and probe(Path("files/flags.mp4"))["video"]["width"] == 320
    done = run_module("--source", "test", "--duration", "0.2", "--name", "mute", "--no-audio", "--width", "320",
                      "--height", "240")  # fmt: skip
    assert done.returncode == 0 and list(probe(Path("processed_av/mute.mp4"))) == ["video"]


def test_the_script_s_other_flags() -> None:
    assert run_module("--list-audio").returncode == 0
    done = run_module("--download-model", "dpdfnet99")
    assert done.returncode == 1 and "dpdfnet2" in done.stderr and "Traceback" not in done.stderr
    done = run_module("--process", "absent")
    assert done.returncode == 1 and "absent" in done.stderr and "Traceback" not in done.stderr
    done = run_module("--device", "/dev/video63", "--duration", "1", "--no-audio")
    assert done.returncode == 1 and "/dev/video63" in done.stderr
    shown = run_module("--help").stdout
    for flag in ("--duration", "--denoise-model", "--download-model", "--list-audio", "--process"):
        assert flag in shown
    assert inspect.signature(av_recorder.main).parameters["given"].default is None
    assert av_recorder._arguments([]).duration == 20


def test_the_file_runs_as_a_script() -> None:
    done = subprocess.run([sys.executable, av_recorder.__file__, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "--duration" in done.stdout
