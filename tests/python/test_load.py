"""onetake.load(): what comes back is what was stored, with its times."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas
import pytest
from conftest import picture, pushed_take, same_picture

import onetake

Make = Callable[..., onetake.AVRecorder]


@pytest.fixture
def take(pushing: Make) -> onetake.Take:
    return onetake.load(pushed_take(pushing(), "stored", frames=30).folder)


def test_frames_by_index_slice_and_iteration(take: onetake.Take) -> None:
    video = take.video[0]
    assert len(video) == len(video.frames) == 30
    assert same_picture(video.frames[7], picture(7)) and same_picture(video.frames[-1], picture(29))
    assert [same_picture(f, picture(i)) for f, i in zip(video.frames[20:5:-5], (20, 15, 10), strict=True)] == [True] * 3
    assert [same_picture(f, picture(i)) for i, f in enumerate(video.frames)] == [True] * 30
    assert [same_picture(f, picture(i)) for i, f in enumerate(video.frames.prefetched(3, ahead=1))] == [True] * 30
    assert same_picture(video.decoded("rgb")[3], picture(3)[:, :, ::-1])
    assert video.decoded("gray")[3].shape == (48, 64)
    for index in (30, -31):
        with pytest.raises(IndexError):
            video.frames[index]
    with pytest.raises(ValueError, match="no image format"):
        video.decoded("cmyk")[0]


def test_frames_equal_what_opencv_decodes(take: onetake.Take) -> None:
    for index in (0, 13):
        file = take.folder / "frames" / f"f_{index + 1:06}.jpg"
        assert take.video[0].jpeg(index) == file.read_bytes()
        assert np.abs(take.video[0].frames[index].astype(int) - cv2.imread(str(file)).astype(int)).max() <= 3


def test_times_are_the_journal_s(take: onetake.Take) -> None:
    records = [json.loads(line) for line in (take.folder / "timeline.jsonl").read_text().splitlines()]
    stamps = [record["t"] for record in records if record["k"] == "f"]
    times = take.video[0].times
    assert times.dtype == np.int64 and times.tolist() == stamps and not times.flags.writeable
    assert take.start_ns == min(stamps)
    clock = next(record for record in records if record["k"] == "clock")
    wall = take.video[0].wall_times
    assert (wall.astype(np.int64) - times == clock["wall_ns"] - clock["host_ns"]).all()
    assert take.wall_time(int(times[3])) == wall[3]


def test_at_an_instant(take: onetake.Take) -> None:
    video = take.video[0]
    assert video.at(int(video.times[0]) - 1) is None and video.index_at(int(video.times[4]) - 1) == 3
    frame = video.at(int(video.times[4]))
    assert frame is not None and same_picture(frame, picture(4))


def test_samples_are_mapped_and_equal_the_wav(take: onetake.Take) -> None:
    audio = take.audio[0]
    assert isinstance(audio.samples, np.memmap) and audio.samples.shape == (30 * 1920, 1) and len(audio) == 30 * 1920
    assert (audio.samples[:, 0] == np.arange(30 * 1920).astype(np.int16)).all()
    with pytest.raises(ValueError):
        audio.samples[0] = 1


def test_audio_times_are_the_clock_model_s(take: onetake.Take) -> None:
    audio = take.audio[0]
    times = audio.times()
    assert len(times) == len(audio) and (np.diff(times) > 0).all()
    for index in (0, 1, 777, 30 * 1920 - 1):
        assert abs(int(times[index]) - take._reader.sample_time(0, index)) <= 1
        assert int(audio.times(index)) == int(times[index])
    assert (audio.times([5, 3]) == times[[5, 3]]).all()
    with pytest.raises(ValueError, match="0 to"):
        audio.times(len(audio))


def test_audio_on_the_common_timeline(take: onetake.Take) -> None:
    audio, start = take.audio[0], take.start_ns
    rate = audio.sample_rate
    sound = audio.read(start + 10**8, start + 2 * 10**8)
    assert sound.shape == (rate // 10, 1)
    ramp = np.arange(rate // 10) + rate // 10
    assert np.abs(sound[50:-50, 0] - ramp[50:-50]).max() <= 3
    assert not audio.read(start - 10**9, start - 10**8).any()


def test_data_frames(take: onetake.Take) -> None:
    frames = take.to_pandas()
    assert list(frames.columns) == ["track", "frame", "t_ns", "t_s", "wall_time"] and len(frames) == 30
    assert frames["t_ns"].tolist() == take.video[0].times.tolist() and frames["t_s"].iloc[0] == 0
    assert str(frames["wall_time"].dtype) == "datetime64[ns]"
    spans = take.audio[0].to_pandas()
    assert spans["samples"].sum() == len(take.audio[0])
    assert isinstance(pandas.DataFrame(take.events), pandas.DataFrame)


def test_metrics_and_manifest(take: onetake.Take) -> None:
    assert take.metrics is not None and take.metrics.frames == 30 and take.metrics.balanced
    assert take.manifest["name"] == take.name == "stored" and take.complete and not take.recording
    assert take.id and take.program.startswith("onetake") and take.created.startswith("20")


def test_html(take: onetake.Take) -> None:
    text = take._repr_html_()
    assert text.count("<img ") == 5 and "30 frames" in text and "<svg" in text and "stored" in text
    import base64

    pictures = re.findall(r"base64,([^\"]+)", text)
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[0]), np.uint8), cv2.IMREAD_COLOR)
    assert same_picture(decoded, picture(0))
    assert "'stored', complete" in repr(take)


def test_html_escapes_names(pushing: Make) -> None:
    tracks = [onetake.VideoTrackConfig(source="external", label="<script>")]
    recorder = onetake.AVRecorder(video_tracks=tracks, audio_tracks=[])
    recorder.start("labelled")
    recorder.push_video(picture())
    assert "<script>" not in onetake.load(recorder.stop(make_mp4=False).folder)._repr_html_()


def test_a_pickled_take_is_opened_again(take: onetake.Take) -> None:
    again = pickle.loads(pickle.dumps(take))
    assert again.id == take.id and same_picture(again.video[0].frames[2], picture(2))


def test_frames_from_four_threads(take: onetake.Take) -> None:
    right: list[bool] = []

    def read(offset: int) -> None:
        right.extend(same_picture(take.video[0].frames[i], picture(i)) for i in range(offset, 30, 4))

    readers = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert right == [True] * 30


def test_a_running_take_grows(pushing: Make) -> None:
    from conftest import wait_until

    recorder = pushing()
    recorder.start("growing")
    recorder.push_video(picture(0))
    take = onetake.load("av_data/growing")
    assert take.recording and not take.complete and take.metrics is None
    wait_until(lambda: (take.refresh(), len(take.video[0]) == 1)[1])
    held = take.video[0]
    recorder.push_video(picture(1))
    wait_until(lambda: (take.refresh(), len(take.video[0]) == 2)[1])
    assert same_picture(take.video[0].frames[1], picture(1)) and same_picture(held.frames[0], picture(0))
    recorder.stop(make_mp4=False)
    assert take.refresh() and take.complete and take.metrics is not None and not take.refresh()


def test_a_damaged_frame_is_said_and_the_others_read(take: onetake.Take) -> None:
    file = take.folder / "frames" / "f_000004.jpg"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(onetake.CorruptError):
        take.video[0].frames[3]
    (take.folder / "frames" / "f_000001.jpg").unlink()
    with pytest.raises(FileNotFoundError):
        take.video[0].frames[0]
    assert same_picture(take.video[0].frames[4], picture(4))
    assert "frame 0" in take._repr_html_()
    report = onetake.check(take.folder)
    assert {(loss.cause, loss.count) for loss in report.losses} == {
        (onetake.LossCause.MISSING, 1), (onetake.LossCause.CUT_SHORT, 1)}  # fmt: skip
    assert not report.whole


def test_a_take_stored_encoded(pushing: Make) -> None:
    take = onetake.load(pushed_take(pushing(store_codec="libx264"), "packed").folder)
    assert take.video[0].encoded
    assert np.abs(take.video[0].frames[9].astype(int) - picture(9).astype(int)).mean() < 12
    with pytest.raises(onetake.UnsupportedError):
        take.video[0].jpeg(0)


def test_listing(take: onetake.Take) -> None:
    (found,) = onetake.list_takes()
    assert found.name == "stored" and found.state is onetake.TakeState.COMPLETE and found.frames == 30
    assert [c.written for c in found.counters] == [30, 30 * 1920] and found.output is None
    onetake.process(take.folder)
    (found,) = onetake.list_takes()
    assert found.state == "rendered" and found.output is not None and found.output.path.exists()
    assert onetake.list_takes(container="mkv")[0].state == "complete" and onetake.list_takes("nowhere") == []
    assert dataclasses.asdict(found)["name"] == "stored"


def test_import(take: onetake.Take) -> None:
    Path("times.txt").write_text("".join(f"{t / 1e9:.9f}\n" for t in take.video[0].times))
    Path("clock.txt").write_text(f"0 {take.video[0].times[0] / 1e9:.9f}\n")
    result = onetake.import_take(
        "imported", frames_dir=take.folder / "frames", frame_times_path="times.txt",
        audio_path=take.folder / "audio.wav", audio_times_path="clock.txt", audio_stamps=onetake.AudioStamps.CAPTURE,
    )  # fmt: skip
    again = onetake.load(result.folder)
    assert again.video[0].times.tolist() == take.video[0].times.tolist()
    assert again.video[0].jpeg(5) == take.video[0].jpeg(5)
    assert (again.audio[0].samples == take.audio[0].samples).all()
    Path("times.txt").write_text("1.0\n")
    with pytest.raises(ValueError, match="times.txt|frames"):
        onetake.import_take("short", frames_dir=take.folder / "frames", frame_times_path="times.txt")
