#!/usr/bin/env python3
"""chunk_kill_check.py PROGRAM [--kills N] [--seed N]: kills `onetake chunk` at random instants. What `recover` makes of it
has every frame and sample that was stored, decodes with ffmpeg, merges, and lacks at most a second before the kill."""

import json
import signal
import subprocess
import sys
import time

import kill_runs

RATE = 15
SAMPLE_RATE = 16000


def output_of(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True)
    assert done.returncode == 0 and not done.stderr, f"{command[0]} {command[1]}: {done.returncode} {done.stderr.decode()}"
    return done.stdout


def stored(take):
    """Stamps of the frames, and samples, that the journal names."""
    frames, samples = [], 0
    for line in (take / "timeline.jsonl").read_text().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last one may be cut off
        if record.get("k") == "f":
            frames.append(record["t"])
        elif record.get("k") == "a":
            samples += record["n"]
    return frames, samples


def check_file(path, frames, samples):
    seen = output_of("ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
                     "stream=nb_read_frames", "-of", "csv=p=0", path).decode().strip().rstrip(",")
    assert int(seen) == frames, f"{seen} of {frames} frames"
    output_of("ffmpeg", "-v", "error", "-i", path, "-f", "null", "-")
    if samples == 0:
        return
    audio = output_of("ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-")
    # The audio clock may place the first block before the origin, and its rate is fitted.
    assert abs(len(audio) // 2 - samples) < SAMPLE_RATE // 10, f"{len(audio) // 2} of {samples} samples"


def kill_one(program, folder, seconds, codec, audio):
    """Returns the loss in s and the chunks that were finished, or None where the kill came before the first frame; raises
    AssertionError."""
    rig = folder / "rig"
    child = subprocess.Popen(
        [program, "chunk", "--source", "test", "--width", "160", "--height", "120", "--fps", str(RATE), "--sample-rate",
         str(SAMPLE_RATE), "--codec", codec, "--out", str(rig), "--chunk-length", "0.4", "--quiet",
         *([] if audio else ["--no-audio"])], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    assert child.poll() is None, f"it ended by itself with {child.returncode}"
    child.send_signal(signal.SIGKILL)
    killed = time.clock_gettime(time.CLOCK_MONOTONIC)
    child.wait()
    take = rig / ".rig.take"
    if not (take / "timeline.jsonl").exists():
        return None
    frames, samples = stored(take)
    finished = len(list(rig.glob("*.mkv")))
    output_of(program, "recover", rig, "--quiet")
    left = sorted(p.name for p in rig.iterdir())
    assert all(name.endswith(".mkv") for name in left), f"left behind: {left}"
    if not frames:
        assert not left, f"left behind: {left}"
        return None
    merged = folder / "merged.mkv"
    output_of(program, "merge", rig, "-o", merged, "--quiet")
    check_file(merged, len(frames), samples)
    assert not output_of(program, "recover", rig, "--quiet"), "a second recovery finds something to do"
    return killed - frames[-1] * 1e-9, finished


finished_chunks = []  # of each run, the number at its kill


def choose_one(choose):
    codec = choose.choice(["libx264", "ffv1", "mpeg4", "libx265"])
    audio = choose.random() < 0.5
    seconds = choose.uniform(0.5, 3.0)

    def kill(program, folder):
        result = kill_one(program, folder, seconds, codec, audio)
        if result is None:
            return None
        finished_chunks.append(result[1])
        return result[0]

    return f"after {seconds:.3f} s, {codec}{' with audio' if audio else ''}", kill


if __name__ == "__main__":
    sys.exit(kill_runs.run(choose_one, "the first frame", lambda: f"{sum(finished_chunks)} chunks finished before, "))
