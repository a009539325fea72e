"""Audio for a video that another program made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import probe

import onetake


@pytest.fixture
def video() -> Path:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=1", "-c:v", "mpeg4",
         "other.mp4"], check=True,
    )  # fmt: skip
    return Path("other.mp4")


def test_sidecar_and_mux(video: Path) -> None:
    sidecar = onetake.SidecarAudio("cam", onetake.AudioTrackConfig(source="test"))
    with pytest.raises(RuntimeError):
        sidecar.stop()
    started = sidecar.start()
    assert sidecar.is_recording() and not sidecar.ended_early()
    assert started.wav_path.exists() and started.take.is_dir()
    while len(onetake.load(started.take).audio[0]) < 24000:
        pass
    result = sidecar.stop()
    assert result.wav_path is not None and result.metrics.audio_samples >= 24000
    assert "onetake mux" in sidecar.mux_command()
    muxed = sidecar.mux(video, started.audio_start - 0.25, out_path="with_audio.mp4", delete_audio=False)
    assert muxed.path.name == "with_audio.mp4" and abs(muxed.delta_s - 0.25) < 0.01 and muxed.video_frames == 25
    assert probe(Path("with_audio.mp4"))["audio"]["codec_name"] == "aac" and list(probe(video)) == ["video"]
    again = onetake.mux_audio(video, started.take, delta=0.5)
    assert again.path == video.absolute() and list(probe(video)) == ["video", "audio"]
    assert started.take.is_dir()
    assert "ffmpeg" in onetake.ffmpeg_command("with_audio.mp4", result.wav_path, delta=0.5)


def test_mux_errors(video: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent.wav"):
        onetake.mux_audio(video, "absent.wav", delta=0)
    with pytest.raises(onetake.Error):
        onetake.mux_audio("absent.mp4", "absent.wav", delta=0)


def test_a_forgotten_sidecar_is_closed() -> None:
    with onetake.SidecarAudio("cam", onetake.AudioTrackConfig(source="test")) as sidecar:
        started = sidecar.start()
    assert onetake.load(started.take).complete
    other = onetake.SidecarAudio("cam", onetake.AudioTrackConfig(source="test"))
    started = other.start()
    del other
    assert onetake.load(started.take).complete
