"""The examples run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import probe, pushed_take

import onetake

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def run(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_demo_record_then_replay() -> None:
    assert "processed_av/first.mp4" in run("demo_record_then_replay.py", "--source", "test", "--duration", "0.3",
                                           "--name", "first")  # fmt: skip
    first = probe(Path("processed_av/first.mp4"))
    Path("processed_av/first.mp4").unlink()
    run("demo_record_then_replay.py", "--process", "first")
    again = probe(Path("processed_av/first.mp4"))
    assert again["video"]["nb_read_packets"] == first["video"]["nb_read_packets"]
    assert "--denoise-model" in run("demo_record_then_replay.py", "--help")


def test_push_frames() -> None:
    assert "15 frames" in run("push_frames.py", "0.5")
    assert set(probe(Path("processed_av/pushed-1.mp4"))) == {"video", "audio"}


def test_record_async() -> None:
    assert "frames" in run("record_async.py", "0.3")
    assert set(probe(Path("processed_av/async-1.mp4"))) == {"video", "audio"}


def test_chunked_rig() -> None:
    lines = run("chunked_rig.py", "1", "0.5").splitlines()
    counts = dict(line.split(": ") for line in lines[:3])
    assert set(counts) == {"left", "right", "imu"} and "merged in rig.mkv" in lines[3]
    chunks = sorted(path.name for path in Path("recordings/rig").glob("*.mkv"))
    assert len(chunks) >= 2 and chunks[0] == "00001.mkv"
    merged = probe(Path("rig.mkv"))
    assert int(merged["video"]["nb_read_packets"]) == int(counts["right"].split(" of ")[0]) > 1
    assert int(merged["subtitle"]["nb_read_packets"]) == int(counts["imu"].split(" of ")[0]) > 1


def test_take_dataset() -> None:
    recorder = onetake.AVRecorder(source="external", fps=25, on_full="block")
    folders = [pushed_take(recorder, name, frames).folder for name, frames in (("a", 3), ("b", 5))]
    assert run("take_dataset.py", *map(str, folders)).startswith("8 frames")
    sys.path.insert(0, str(EXAMPLES))
    try:
        from take_dataset import TakeDataset
    finally:
        sys.path.pop(0)
    dataset = TakeDataset(folders, window_s=0.04)
    assert len(dataset) == 8 and [dataset[i]["take"] for i in range(8)] == [0] * 3 + [1] * 5
    item = dataset[7]
    assert item["image"].shape == (3, 48, 64) and item["audio"].shape == (1920, 1)
    assert item["t_ns"] == onetake.load(folders[1]).video[0].times[4]
    with pytest.raises(IndexError):
        dataset[8]
