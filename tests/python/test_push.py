"""What may be pushed, and what is refused without harm."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import picture, same_picture

import onetake

Make = Callable[..., onetake.AVRecorder]


def stored(recorder: onetake.AVRecorder) -> list[np.ndarray]:
    result = recorder.stop(make_mp4=False)
    assert result.metrics.balanced and not result.metrics.lossy
    return list(onetake.load(result.folder).video[0].frames)


@pytest.mark.parametrize(
    "arranged",
    [
        lambda image: image,
        lambda image: np.asfortranarray(image),
        lambda image: np.flip(np.flip(image, 0).copy(), 0),  # negative row stride
        lambda image: np.flip(np.flip(image, 1).copy(), 1),  # negative column stride
        lambda image: np.flip(np.flip(image, 2).copy(), 2),  # negative channel stride
        lambda image: np.repeat(np.repeat(image, 2, 0), 3, 1)[::2, ::3],  # every other row, every third pixel
        lambda image: np.dstack([image, image])[:, :, :3],  # padding between pixels
        lambda image: np.hstack([image, image])[:, : image.shape[1]],  # padding between rows
        lambda image: np.moveaxis(np.ascontiguousarray(np.moveaxis(image, 2, 0)), 0, 2),  # planes
        lambda image: memoryview(image),
    ],
)
@pytest.mark.parametrize("copy", [True, False])
def test_images_of_any_strides(pushing: Make, arranged: Callable[[np.ndarray], Any], copy: bool) -> None:
    recorder = pushing(audio=False)
    recorder.start("any")
    for i in range(3):
        recorder.push_video(arranged(picture(i)), copy=copy)
    frames = stored(recorder)
    assert [same_picture(frame, picture(i)) for i, frame in enumerate(frames)] == [True] * 3


def test_read_only_images(pushing: Make) -> None:
    image = picture(3)
    image.flags.writeable = False
    recorder = pushing(audio=False)
    recorder.start("fixed")
    recorder.push_video(image)
    assert same_picture(stored(recorder)[0], image)


def test_a_copied_image_may_be_changed_and_freed_at_once(pushing: Make) -> None:
    recorder = pushing(audio=False, workers=1)
    recorder.start("reused")
    buffer = np.empty((480, 640, 3), dtype=np.uint8)
    for i in range(20):
        buffer[:] = i * 12
        recorder.push_video(buffer)
        buffer[:] = 255 - i
        recorder.push_video(np.full((480, 640, 3), i * 12, dtype=np.uint8))  # freed at once
    levels = [round(float(frame.mean())) for frame in stored(recorder)]
    assert levels == [i * 12 for i in range(20) for _ in (0, 1)]


class Watched(np.ndarray):
    """An array that notes when it is destroyed."""

    destroyed: list[int] = []
    by: list[int] = []

    def __del__(self) -> None:
        if self.base is None:
            Watched.by.append(threading.get_ident())


def test_an_image_not_copied_is_kept_and_released_by_the_caller_s_thread(pushing: Make) -> None:
    Watched.by = []
    recorder = pushing(audio=False)
    recorder.start("lent")
    for i in range(8):
        image = Watched((48, 64, 3), np.uint8)
        image[:] = picture(i)
        recorder.push_video(image, copy=False)
        del image
    frames = stored(recorder)
    gc.collect()
    assert [same_picture(frame, picture(i)) for i, frame in enumerate(frames)] == [True] * 8
    assert Watched.by == [threading.get_ident()] * 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((48, 64, 4), np.uint8), "fourth channel"),
        (np.zeros((48, 64), np.uint8), "gray"),
        (np.zeros((48, 64, 3), np.float32), "uint8"),
        (np.zeros((48, 64, 3), np.int8), "uint8"),
        (np.zeros((48, 64, 3), bool), "uint8"),
        (np.zeros((0, 64, 3), np.uint8), "empty"),
        (np.zeros((48, 0, 3), np.uint8), "empty"),
        (np.zeros((1, 48, 64, 3), np.uint8), "shape"),
        (np.zeros((3, 48, 64), np.uint8), "shape"),
        (np.zeros(0, np.uint8), "no bytes"),
        (b"", "no bytes"),
        (b"no JPEG", "JPEG"),
        (cv2.imencode(".jpg", picture())[1][:-40], "JPEG"),
        (np.zeros((24, 64, 3), np.uint8), "64x24"),
        (None, "uint8"),
        ("text", "no array|uint8"),
        ([1, 2, 3], "uint8"),
    ],
)
def test_what_is_no_frame_is_refused_and_the_take_goes_on(pushing: Make, wrong: Any, message: str) -> None:
    recorder = pushing(audio=False)
    recorder.start("strict")
    recorder.push_video(picture(1))
    with pytest.raises(ValueError, match=message):
        recorder.push_video(wrong)
    recorder.push_video(picture(2))
    assert [same_picture(f, picture(i)) for f, i in zip(stored(recorder), (1, 2), strict=True)] == [True, True]


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8),
                                  lambda b: np.repeat(np.frombuffer(b, np.uint8), 2)[::2]])  # fmt: skip
def test_jpegs_are_stored_unchanged(pushing: Make, form: Callable[[bytes], Any]) -> None:
    jpeg = cv2.imencode(".jpg", picture(5))[1].tobytes()
    recorder = pushing(audio=False)
    recorder.start("jpeg")
    recorder.push_video(form(jpeg))
    result = recorder.stop(make_mp4=False)
    assert onetake.load(result.folder).video[0].jpeg(0) == jpeg


@pytest.mark.parametrize("format", ["rgb", "gray", "nv12", "i420"])
def test_other_formats(pushing: Make, format: str) -> None:
    bgr = picture(9)
    given = {
        "rgb": bgr[:, :, ::-1],
        "gray": cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY),
        "i420": np.concatenate([np.full(48 * 64, 100), np.full(24 * 32, 90), np.full(24 * 32, 170)])
        .astype(np.uint8).reshape(72, 64),
        "nv12": np.concatenate([np.full(48 * 64, 100), np.tile([90, 170], 24 * 32)]).astype(np.uint8).reshape(72, 64),
    }[format]  # fmt: skip
    recorder = pushing(audio=False)
    recorder.start(format)
    recorder.push_video(given, format=format)
    frame = stored(recorder)[0]
    if format == "rgb":
        assert same_picture(frame, bgr)
    elif format == "gray":
        assert same_picture(frame, np.dstack([given] * 3))
    else:  # by the equations of BT.601, full range
        want = (100 + 1.772 * (90 - 128), 100 - 0.344 * (90 - 128) - 0.714 * (170 - 128), 100 + 1.402 * (170 - 128))
        assert np.allclose(frame.mean(axis=(0, 1)), want, atol=3)


@pytest.mark.parametrize("t", [float("nan"), -1.0, 0.0, float("inf"), "now"])
def test_absurd_stamps_are_refused(pushing: Make, t: Any) -> None:
    recorder = pushing(audio=False)
    recorder.start("stamps")
    recorder.push_video(picture())
    with pytest.raises((ValueError, TypeError)):
        recorder.push_video(picture(), t=t)
    assert len(stored(recorder)) == 1


def test_stamps_are_stored_to_the_nanosecond_of_a_double(pushing: Make) -> None:
    recorder = pushing(audio=False)
    recorder.start("exact")
    stamps = [time.monotonic() + i / 25 for i in range(5)]
    for t in stamps:
        recorder.push_video(picture(), t)
    times = onetake.load(recorder.stop(make_mp4=False).folder).video[0].times
    assert times.dtype == np.int64
    assert np.abs(times - np.array([round(t * 1e9) for t in stamps])).max() <= 16


@pytest.mark.parametrize(
    ("channels", "given", "wanted"),
    [
        (1, np.array([0, 1, -2, 32767], np.int16), [0, 1, -2, 32767]),
        (1, np.array([[5], [6]], np.int16), [5, 6]),
        (1, np.array([0.0, 0.5, -1.0, 2.0, np.nan], np.float64), [0, 16384, -32767, 32767, 0]),
        (1, np.array([0.5, -0.5], np.float32), [16384, -16384]),
        (1, np.arange(10, dtype=np.int16)[::-2], [9, 7, 5, 3, 1]),
        (1, np.linspace(0, 1, 5, dtype=np.float32)[::2], [0, 16384, 32767]),
        (2, np.array([[1, 2], [3, 4]], np.int16), [1, 2, 3, 4]),
        (2, np.array([[1, 3], [2, 4]], np.int16).T, [1, 2, 3, 4]),
        (2, np.array([1, 2, 3, 4], np.int16), [1, 2, 3, 4]),
    ],
)
def test_audio_of_any_layout(pushing: Make, channels: int, given: np.ndarray, wanted: list[int]) -> None:
    recorder = pushing(channels=channels, video=False)
    recorder.start("audio")
    recorder.push_audio(given)
    samples = onetake.load(recorder.stop(make_mp4=False).folder).audio[0].samples
    assert samples.shape == (len(wanted) // channels, channels)
    assert samples.ravel().tolist() == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 2), np.int16),
        np.zeros(4, np.int32),
        np.zeros(4, np.uint8),
        np.zeros((2, 2, 1), np.int16),
        np.zeros(0, np.int16),
        "text",
    ],
)
def test_what_is_no_audio_is_refused_and_the_take_goes_on(pushing: Make, wrong: Any) -> None:
    recorder = pushing(video=False)
    recorder.start("strict")
    recorder.push_audio(np.zeros(480, np.int16))
    with pytest.raises(ValueError):
        recorder.push_audio(wrong)
    assert len(onetake.load(recorder.stop(make_mp4=False).folder).audio[0]) == 480


def test_four_threads_push_to_four_tracks(pushing: Make) -> None:
    tracks = [onetake.VideoTrackConfig(source="external", label=str(i)) for i in range(4)]
    recorder = onetake.AVRecorder(video_tracks=tracks, audio_tracks=[], on_full="block", instant_mp4=False)
    recorder.start("four")

    def push(track: int) -> None:
        for i in range(25):
            recorder.push_video(picture(i + track), track=track)

    threads = [threading.Thread(target=push, args=(track,)) for track in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = recorder.stop(make_mp4=False)
    take = onetake.load(result.folder)
    assert [len(track) for track in take.video] == [25] * 4
    assert all(same_picture(t.frames[24], picture(24 + i)) for i, t in enumerate(take.video))
