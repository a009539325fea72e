"""ChunkedWriter, record_chunks() and the stream encoders; files are judged by ffprobe and ffmpeg."""

from __future__ import annotations

import gc
import math
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_python, start_python

import onetake

WIDTH, HEIGHT = 64, 48


def gray(**given: Any) -> onetake.VideoStreamConfig:
    return onetake.VideoStreamConfig(
        WIDTH, HEIGHT, 20, codec="ffv1", input_pixel_format="gray", output_pixel_format="gray", **given
    )


def decoded(path: Path, pixel_formats: dict[str, str]) -> list[bytes]:
    """The frames of streams ("v:0") in their pixel formats."""
    outputs: list[str] = []
    for stream, pixel_format in pixel_formats.items():
        outputs += ["-map", f"0:{stream}", "-fps_mode", "passthrough", "-pix_fmt", pixel_format, "-f", "rawvideo",
                    f"{stream.replace(':', '')}.raw"]  # fmt: skip
    subprocess.run(["ffmpeg", "-y", "-v", "error", "-i", str(path), *outputs], check=True)
    return [Path(f"{stream.replace(':', '')}.raw").read_bytes() for stream in pixel_formats]


def frames(path: Path, stream: str = "v:0") -> np.ndarray:
    return np.frombuffer(decoded(path, {stream: "gray"})[0], np.uint8).reshape(-1, HEIGHT, WIDTH)


def times(path: Path, stream: str) -> list[float]:
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0",
         str(path)], check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [float(line.strip(",")) for line in out.split()]


def chunk(result: onetake.ChunkedResult, index: int) -> Path:
    return result.directory / f"{result.chunks[index].id}.mkv"


def test_streams_in_chunks_on_one_timeline() -> None:
    video, sound = {"left": gray(), "right": gray()}, onetake.AudioStreamConfig(16000, 2, metadata={"ROOM": "lab"})
    with onetake.ChunkedWriter("rig", "out", {**video, "sound": sound}, {"imu": onetake.DataStreamConfig()},
                               chunk_length_s=0.5) as writer:  # fmt: skip
        assert writer.is_data_stream("imu") and not writer.is_data_stream("left")
        with pytest.raises(onetake.WrongStateError):
            writer.get_encoder_queue("imu")
        writer.start()
        begin = time.monotonic() - 1
        queue = writer.get_encoder_queue("left")
        assert (queue.stream, queue.capacity) == ("left", 200)
        ramp = np.arange(16000, dtype=np.int16)
        for i in range(20):
            image = np.full((HEIGHT, WIDTH), i * 10, np.uint8)
            queue.put(image, begin + i * 0.05)
            writer.push("right", image + 5, begin + i * 0.05 + 0.01)
            writer.push("sound", np.stack([ramp, -ramp], 1)[i * 800 : i * 800 + 800], begin + i * 0.05)
            writer.push("imu", f"reading {i}".encode(), begin + i * 0.05 + 0.02)
        writer.mark("here", begin + 0.7)
        progress: list[onetake.Progress] = []
        result = writer.stop(on_progress=progress.append)
    assert queue.size == 0
    assert not result.failures and not result.lossy and result.take is None and writer.last_result is result
    assert [(s.name, s.kind, s.codec, s.pushed, s.written) for s in result.streams] == [
        ("left", "video", "ffv1", 20, 20), ("right", "video", "ffv1", 20, 20),
        ("sound", "audio", "flac", 16000, 16000), ("imu", "data", "ass", 20, 20),
    ]  # fmt: skip
    assert [(c.id, c.start_s) for c in result.chunks] == [("00001", 0.0), ("00002", 0.5)]
    assert result.chunks[0].bytes == chunk(result, 0).stat().st_size
    assert result.asdict()["recording"] == result.recording != ""
    assert sorted(p.name for p in result.directory.iterdir()) == ["00001.mkv", "00002.markers.vtt", "00002.mkv"]
    left = [frames(chunk(result, c)) for c in range(2)]
    assert [image[0, 0] for chunk in left for image in chunk] == [i * 10 for i in range(20)]
    assert (frames(chunk(result, 1), "v:1") == left[1] + 5).all()
    assert times(chunk(result, 1), "v:1") == pytest.approx([i * 0.05 + 0.01 for i in range(10)], abs=0.001)
    assert times(chunk(result, 1), "s:0") == pytest.approx([i * 0.05 + 0.02 for i in range(10)], abs=0.001)
    merged = onetake.merge_recording_chunks(result.directory, "rig.mkv")
    assert [s.packets for s in merged.streams if s.kind != "audio"] == [20, 20, 20]
    samples = subprocess.run(["ffmpeg", "-v", "error", "-i", "rig.mkv", "-map", "0:a", "-f", "s16le", "-"],
                             check=True, capture_output=True).stdout  # fmt: skip
    stored = np.frombuffer(samples, np.int16).reshape(-1, 2)
    assert abs(len(stored) - 16000) <= 16 and (stored[4000:4010, 0] + stored[4000:4010, 1] == 0).all()


FRAMES: list[tuple[str, str, Callable[[np.ndarray], Any], str]] = [
    # input, output, how the image below is pushed, and what the encoder of ffv1 then has of it
    ("gray", "gray", lambda g: g, "gray"),
    ("gray", "gray", lambda g: np.asfortranarray(g), "gray"),
    ("gray", "gray", lambda g: g[::-1].copy()[::-1], "gray"),
    ("gray", "gray", lambda g: np.repeat(g, 2, axis=1)[:, ::2], "gray"),
    ("gray", "gray", lambda g: np.pad(g, ((0, 0), (0, 7)))[:, :WIDTH], "gray"),
    ("gray", "gray", lambda g: g.tobytes(), "gray"),
    ("gray", "gray", lambda g: bytearray(g.tobytes()), "gray"),
    ("gray", "gray", lambda g: g.ravel(), "gray"),
    ("gray", "gray", lambda g: np.repeat(g.ravel(), 3)[::3], "gray"),
    ("gray16le", "gray16le", lambda g: g.astype(np.uint16) * 257, "gray16le"),
    ("gray16le", "gray16le", lambda g: (g.astype(np.uint16) * 257).tobytes(), "gray16le"),
    ("gray16le", "gray16le", lambda g: (g.astype(np.uint16) * 257).T.copy().T, "gray16le"),
    ("gray16le", "gray16le",
     lambda g: np.frombuffer(b"-" + (g.astype(np.uint16) * 257).tobytes(), np.uint16, offset=1).reshape(g.shape),
     "gray16le"),
    ("nv12", "yuv420p", lambda g: np.concatenate([g, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), "yuv420p"),
    ("nv12", "yuv420p",
     lambda g: np.pad(np.concatenate([g, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), ((0, 0), (0, 6)))[:, :WIDTH],
     "yuv420p"),
    ("yuv420p", "yuv420p", lambda g: np.concatenate([g, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), "yuv420p"),
    ("yuv420p", "yuv420p",
     lambda g: np.pad(np.concatenate([g, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), ((0, 0), (0, 6)))[:, :WIDTH],
     "yuv420p"),
    ("yuv422p", "yuv422p", lambda g: np.concatenate([g, np.full((HEIGHT, WIDTH), 128, np.uint8)]), "yuv422p"),
    ("yuv444p", "yuv444p", lambda g: np.concatenate([g, np.full((HEIGHT * 2, WIDTH), 128, np.uint8)]), "yuv444p"),
    ("yuyv422", "yuv422p", lambda g: np.stack([g, np.full_like(g, 128)], 2), "yuv422p"),
    ("bgr24", "yuvj420p", lambda g: np.stack([g] * 3, 2), "yuvj420p"),
    ("rgb24", "yuvj420p", lambda g: np.stack([g] * 3, 2)[:, :, ::-1], "yuvj420p"),
]  # fmt: skip


def test_frames_of_every_format_and_stride() -> None:
    """One stream for each; the luma that the decoder gives is that of the image."""
    image = (np.add.outer(np.arange(HEIGHT) * 2, np.arange(WIDTH)) + 16).astype(np.uint8)
    streams = {
        f"s{i}": onetake.VideoStreamConfig(
            WIDTH, HEIGHT, Fraction(20), codec="ffv1", input_pixel_format=into, output_pixel_format=out
        )
        for i, (into, out, _, _) in enumerate(FRAMES)
    }
    writer = onetake.ChunkedWriter("all", "out", streams)
    writer.start()
    t = time.monotonic()
    for i, (_, _, made, _) in enumerate(FRAMES):
        writer.push(f"s{i}", made(image), t)
        writer.push(f"s{i}", made(image), t + 0.05, copy=False)
    result = writer.stop()
    assert not result.failures and not result.lossy
    all_decoded = decoded(chunk(result, 0), {f"v:{i}": stored for i, (*_, stored) in enumerate(FRAMES)})
    for i, ((*_, stored), data) in enumerate(zip(FRAMES, all_decoded)):
        kind, value = (np.uint16, 257) if stored == "gray16le" else (np.uint8, 1)
        raw = np.frombuffer(data, kind).reshape(2, -1)
        luma = raw[:, : WIDTH * HEIGHT].reshape(2, HEIGHT, WIDTH).astype(int)
        allowed = 1 if "j420" in stored else 0
        assert np.abs(luma - image.astype(int) * value).max() <= allowed, FRAMES[i][:2]


def test_a_copied_frame_may_change_and_a_kept_one_is_released() -> None:
    writer = onetake.ChunkedWriter("rig", "out", {"v": gray()}, max_encoder_queue_size=500)
    writer.start()
    begin = time.monotonic()
    image = np.empty((HEIGHT, WIDTH), np.uint8)
    for i in range(50):
        image[:] = i
        writer.push("v", image, begin + i / 20)
    image[:] = 255
    kept = np.full((HEIGHT, WIDTH), 50, np.uint8)
    gone = weakref.ref(kept)
    writer.push("v", kept, begin + 50 / 20, copy=False)
    del kept
    result = writer.stop()
    assert gone() is None and not result.lossy
    assert [image[0, 0] for image in frames(chunk(result, 0))] == list(range(51))


def test_what_is_refused_raises_and_harms_nothing() -> None:
    streams = {"v": onetake.VideoStreamConfig(WIDTH, HEIGHT), "a": onetake.AudioStreamConfig(16000, 2)}
    writer = onetake.ChunkedWriter("rig", "out", streams, {"d": onetake.DataStreamConfig()})
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    t = time.monotonic()
    with pytest.raises(onetake.WrongStateError):
        writer.push("v", image, t)
    with pytest.raises(onetake.WrongStateError):
        writer.stop()
    writer.start()
    with pytest.raises(onetake.WrongStateError):
        writer.start()
    writer.push("v", image, t)
    queue = writer.get_encoder_queue("v")
    wrong: list[Any] = [
        image.astype(np.float32), image.astype(np.uint16), image[:, :, :2], image[:, :, 0], image[:-1], image[:, :0],
        np.zeros((HEIGHT, WIDTH, 4), np.uint8), image.tobytes()[:-1], b"", None, "text", 5, object(), [], {"a": 1},
    ]  # fmt: skip
    for given in wrong:
        for push in (queue.put, lambda frame, at: writer.push("v", frame, at)):
            with pytest.raises(ValueError):
                push(given, t + 1)
    for count, dtype in (((100, 3), np.int16), (101, np.int16), (100, np.int32), (0, np.int16)):
        samples = np.zeros(count, dtype)
        with pytest.raises(ValueError):
            writer.push("a", samples, t)
    for packet in (b"", np.zeros(10, np.uint8)[::2], "text"):
        with pytest.raises(ValueError):
            writer.push("d", packet, t)
    with pytest.raises(FileNotFoundError, match="smell"):
        writer.push("smell", image, t)
    with pytest.raises(FileNotFoundError, match="smell"):
        writer.get_encoder_queue("smell")
    for at in (t, t - 1, math.nan, math.inf):
        with pytest.raises(onetake.RefusedError):
            writer.push("v", image, at)
    writer.push("a", np.zeros((160, 2)), t + 0.1)
    writer.push("a", np.zeros(320, np.float32), t + 0.11)
    writer.push("d", memoryview(b"packet"), t)
    result = writer.stop()
    with pytest.raises(onetake.WrongStateError):
        queue.put(image, t + 9)
    with pytest.raises(onetake.WrongStateError):
        writer.stop()
    assert [(s.written, s.refused) for s in result.streams] == [(1, 4), (320, 0), (1, 1)]
    with pytest.raises(FileExistsError):
        onetake.ChunkedWriter("rig", "out", streams).start()


def test_settings_out_of_range() -> None:
    for given in ({"chunk_length_s": 0}, {"max_encoder_queue_size": 0}, {"clock": "sundial"}, {"stall_timeout_s": 0}):
        with pytest.raises(ValueError):
            onetake.ChunkedWriter("rig", "out", {"v": gray()}, **given)  # type: ignore[arg-type]
    for stream in (gray(stream_options={}), onetake.VideoStreamConfig(0, 0), onetake.AudioStreamConfig(1)):
        if isinstance(stream, onetake.VideoStreamConfig):
            stream.input_pixel_format = "grey"
        with pytest.raises(ValueError):
            onetake.ChunkedWriter("rig", "out", {"v": stream})
    with pytest.raises(ValueError, match="no_such"):
        onetake.ChunkedWriter("rig", "out", {"v": gray(stream_options={"no_such": 1})}).start()
    with pytest.raises(onetake.MissingPartError):
        onetake.ChunkedWriter("rig", "out", {"v": onetake.VideoStreamConfig(64, 48, codec="no_such")}).start()
    with pytest.raises(ValueError):
        onetake.ChunkedWriter("rig", "out", {})


def test_stamps_in_realtime_and_stream_tags() -> None:
    writer = onetake.ChunkedWriter("rig", "out", {"v": gray(metadata={"title": "front"})}, clock="realtime")
    writer.start()
    now = time.time()
    for i in range(3):
        writer.push("v", np.zeros((HEIGHT, WIDTH), np.uint8), now + i / 10)
    result = writer.stop()
    assert times(chunk(result, 0), "v") == pytest.approx([0, 0.1, 0.2], abs=0.001)
    tags = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream_tags=title", "-of", "csv=p=0",
                           str(chunk(result, 0))], check=True, capture_output=True, text=True).stdout  # fmt: skip
    assert tags.strip() == "front"


def push_seconds(writer: onetake.ChunkedWriter, begin: float, count: int) -> None:
    for i in range(count):
        writer.push("v", np.full((HEIGHT, WIDTH), i, np.uint8), begin + i)


def test_a_callback_names_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    asked: list[tuple[str, float, str]] = []
    called_on = set()

    def name(recording: str, started_at: float, extension: str) -> Any:
        asked.append((recording, started_at, extension))
        called_on.add(threading.current_thread().name)
        if len(asked) == 5:
            raise KeyError("fifth")
        return ["first", None, "../up", Path("fourth"), None, 6, "\udcff"][len(asked) - 1]

    events: list[onetake.Event] = []
    writer = onetake.ChunkedWriter(
        "rig", "out", {"v": gray()}, start_chunk_callback=name, chunk_length_s=1, on_event=events.append
    )
    writer.start()
    begin = time.monotonic() - 7
    before = time.time() - 7
    push_seconds(writer, begin, 7)
    result = writer.stop()
    assert [c.id for c in result.chunks] == ["first", "00002", "00003", "fourth", "00005", "00006", "00007"]
    assert all(chunk(result, i).exists() for i in range(7))
    assert [a[0] for a in asked] == ["rig"] * 7 and {a[2] for a in asked} == {".mkv"}
    assert before - 1 < asked[0][1] < time.time() and asked[6][1] - asked[0][1] == pytest.approx(6, abs=0.001)
    assert called_on == {"onetake callbacks"}
    kinds = [type(hook.exc_value) for hook in raised]
    assert kinds == [KeyError, TypeError, TypeError] and raised[0].object is name
    texts = " ".join(event.text for event in events)
    assert "KeyError: 'fifth'" in texts and "../up" in texts


def test_a_failed_encoder_is_reported_once_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    failed: list[str] = []
    failing = onetake.VideoStreamConfig(  # its rate control can't be computed
        WIDTH, HEIGHT, 20, codec="mpeg4", input_pixel_format="gray", stream_options={"rc_eq": "0/0"}
    )

    def on_error(stream: str) -> None:
        failed.append(stream)
        raise ValueError("in on_error")

    writer = onetake.ChunkedWriter("rig", "out", {"good": gray(), "bad": failing}, on_error=on_error)
    writer.start()
    t = time.monotonic()
    for i in range(10):
        image = np.full((HEIGHT, WIDTH), i, np.uint8)
        writer.push("good", image, t + i / 20)
        writer.push("bad", image, t + i / 20)
    result = writer.stop()
    assert failed == ["bad"] and len(raised) == 1
    good, bad = result.streams
    assert (good.written, bad.written) == (10, 0) and bad.lost + bad.dropped == 10 and result.lossy


def test_a_collected_writer_stops_and_still_asks_for_names() -> None:
    writer = onetake.ChunkedWriter(
        "rig", "out", {"v": gray()}, start_chunk_callback=lambda *_: f"c{time.monotonic_ns()}", chunk_length_s=1
    )
    writer.start()
    push_seconds(writer, time.monotonic() - 4, 4)
    del writer
    gc.collect()
    made = sorted(p.name for p in Path("out/rig").iterdir())
    assert len(made) == 4 and all(name.startswith("c") for name in made)


START = """
import gc, os, sys, time
import numpy as np
import onetake
def name(*given): return f"c{time.monotonic_ns()}"
stream = onetake.VideoStreamConfig(64, 48, 20, codec="ffv1", input_pixel_format="gray", output_pixel_format="gray")
writer = onetake.ChunkedWriter("rig", "out", {"v": stream}, start_chunk_callback=name, chunk_length_s=1)
writer.start()
begin = time.monotonic() - 9
image = np.zeros((48, 64), np.uint8)
for i in range(3):
    writer.push("v", image, begin + i)
queue = writer.get_encoder_queue("v")
"""


@pytest.mark.parametrize("end", ["", "writer.self = writer", "del onetake, np"])
def test_the_interpreter_s_end_finishes_the_chunks(end: str) -> None:
    done = run_python(START + end)
    assert done.returncode == 0 and "Exception" not in done.stderr, done.stderr
    made = sorted(Path("out/rig").iterdir())
    assert [len(times(path, "v")) for path in made] == [1, 1, 1]
    assert all(path.name.startswith("c") for path in made)


def test_a_forked_child_s_calls_raise_and_harm_nothing() -> None:
    done = run_python(START + """
child = os.fork()
if child == 0:
    refused = 0
    for call in (lambda: writer.push("v", image, begin + 5), lambda: queue.put(image, begin + 5), writer.stop,
                 lambda: queue.size, lambda: writer.mark("x", begin), lambda: writer.get_encoder_queue("v"),
                 lambda: writer.is_data_stream("v"), writer.is_recording):
        try:
            call()
        except RuntimeError as error:
            refused += "fork" in str(error)
    del writer, queue
    gc.collect()
    fresh = onetake.ChunkedWriter("child", "out", {"v": stream}, start_chunk_callback=name)
    fresh.start()
    fresh.push("v", image, begin)
    fresh.stop()
    print(refused, flush=True)
    sys.exit(0)
os.waitpid(child, 0)
writer.push("v", image, begin + 3)
print([stream.written for stream in writer.stop().streams])
""")
    assert done.stdout.splitlines() == ["8", "[4]"], done.stderr
    (childs,) = Path("out/child").iterdir()
    assert childs.name.startswith("c") and len(list(Path("out/rig").iterdir())) == 4


def test_a_killed_process_leaves_chunks_that_recover() -> None:
    done = run_python(START + """
while queue.size > 0:
    time.sleep(0.01)
os.kill(os.getpid(), 9)
""")
    assert done.returncode == -signal.SIGKILL
    (recovered,) = onetake.recover_recordings("out/rig")
    assert not recovered.failures
    made = list(Path("out/rig").iterdir())
    assert sorted(len(times(path, "v")) for path in made) == [1, 1, 1]


def test_threads_push_at_once() -> None:
    streams = {f"v{i}": gray() for i in range(4)}
    writer = onetake.ChunkedWriter("rig", "out", streams, chunk_length_s=0.5)
    writer.start()
    begin = time.monotonic()

    def push(name: str) -> None:
        for i in range(40):
            writer.push(name, np.full((HEIGHT, WIDTH), i, np.uint8), begin + i / 20, copy=i % 2 == 0)

    threads = [threading.Thread(target=push, args=(name,)) for name in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = writer.stop()
    assert [stream.written for stream in result.streams] == [40] * 4
    merged = onetake.merge_recording_chunks(result.directory, "rig.mkv")
    for i in range(4):
        assert [image[0, 0] for image in frames(merged.path, f"v:{i}")] == list(range(40))


def test_records_the_test_source_in_chunks() -> None:
    progress: list[onetake.Progress] = []
    result = onetake.record_chunks(
        "rig", 0.6, chunk_length_s=0.25, source="test", width=160, height=120, fps=20, on_progress=progress.append
    )
    assert not result.failures and len(result.chunks) >= 2 and result.directory == Path("rig")
    assert {s.kind for s in result.streams} == {"video", "audio"}
    (video,) = (s for s in result.streams if s.kind == "video")
    assert sum(len(times(chunk(result, i), "v")) for i in range(len(result.chunks))) == video.written > 4
    stop = threading.Event()
    stopped = onetake.record_chunks("until", source="test", audio=False, width=160, height=120, stop=stop,
                                    on_progress=lambda p: stop.set() if p.frames > 0 else None)  # fmt: skip
    assert stopped.streams[0].written > 0
    for given in ({"chunk_length_s": 0.0}, {"duration": 0.0}, {"fps": -1.0}):
        with pytest.raises(ValueError):
            onetake.record_chunks("other", **given, source="test")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="did you mean"):
        onetake.record_chunks("other", 1, widht=5)  # type: ignore[call-arg]


def test_ctrl_c_finishes_the_chunks() -> None:
    program = start_python("""
import onetake
try:
    onetake.record_chunks("rig", source="test", audio=False, width=160, height=120,
                          on_progress=lambda p: print(p.phase, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
""")
    assert program.stdout is not None and program.stdout.readline().strip() == "recording"
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=120)
    assert "interrupted" in out and program.returncode == 0, err
    assert [path.name for path in Path("rig").iterdir()] == ["00001.mkv"] and len(times(Path("rig/00001.mkv"), "v")) > 0


def test_stream_encoders_make_packets_that_decode() -> None:
    encoder = onetake.VideoStreamEncoder(onetake.VideoStreamConfig(
        WIDTH, HEIGHT, 20, codec="mjpeg", input_pixel_format="gray", output_pixel_format="yuvj420p"))  # fmt: skip
    assert (encoder.stream.codec, encoder.stream.width, encoder.stream.height) == ("mjpeg", WIDTH, HEIGHT)
    packets = []
    for i in range(3):
        image = np.full((WIDTH, HEIGHT), 50 + i * 50, np.uint8).T  # any strides
        packets += encoder.encode(image, i / 20, key=i == 1)
    with pytest.raises(onetake.RefusedError):
        encoder.encode(image, 0.1)
    with pytest.raises(ValueError):
        encoder.encode(image[1:], 1.0)
    packets += encoder.flush()
    assert [p.pts for p in packets] == [round(i / 20 * encoder.stream.time_scale) for i in range(3)]
    assert all(p.key for p in packets)
    Path("stream.mjpeg").write_bytes(b"".join(p.bytes for p in packets))
    values = [int(image[0, 0]) for image in frames(Path("stream.mjpeg"))]
    assert values == pytest.approx([50, 100, 150], abs=2)
    with pytest.raises(onetake.WrongStateError):
        encoder.encode(np.zeros((HEIGHT, WIDTH), np.uint8), 2.0)

    data = onetake.DataStreamEncoder(onetake.DataStreamConfig(metadata={"UNITS": "m"}))
    assert data.stream.codec == "ass" and data.stream.metadata == {"UNITS": "m"}
    (packet,) = data.encode(np.arange(3, dtype=np.uint8), 0.5)
    assert packet.bytes == b"\0\1\2" and packet.pts == round(0.5 * data.stream.time_scale) and data.flush() == []
