"""Sync as judged by the Python package av-drift-detector (pip install av-drift-detector==0.6.1), which makes videos whose
frames and sounds carry their numbers, and finds each frame's sound. Where it is not installed, the program that imports
this ends with exit code 77."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

try:
    import av_drift_detector as detector
except ImportError:
    print("av-drift-detector is not installed")
    sys.exit(77)


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


def make_clip(path, fps, seconds):
    detector.generate(str(path), fps=fps, duration=seconds, width=640, height=360, audio_codec="pcm")


def drift(path, fps, trusted, duration=None):
    """Mean and worst of the drift in ms, and the frames that were measured, of which there must be a share."""
    summary = detector.analyze(str(path), fps=fps, duration=duration, capture="file")["summary"]
    assert summary["measured"] >= trusted * summary["frames"], f"{path.name}: {summary}"
    return summary["mean_ms"], max(abs(summary["min_ms"]), abs(summary["max_ms"])), summary["measured"]


def judged(judge, seconds):
    """Runs judge(program, folder, seconds), which returns the number of problems, as the command line says: PROGRAM
    [--seconds S] [--keep DIR]. Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(options.keep or name)
        folder.mkdir(exist_ok=True)
        return 1 if judge(options.program, folder, options.seconds) else 0
