#!/usr/bin/env python3
"""room_rtsp_check.py PROGRAM [--down S]: `onetake room` with two cameras of real RTSP servers, of which one is away for S
seconds (1.5): the room goes on, and the gap is in the result and in the file."""

import argparse
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

SERVER = pathlib.Path(__file__).with_name("rtsp_server.py")
LONGEST_WAIT_S = 60


def serve(port):
    server = subprocess.Popen([SERVER, str(port)], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline().strip() == "ready", "the server did not start"
    return server


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def newest_frames(folder):
    """By participant: the stamps of the video that is stored so far, in s."""
    names, stamps = {}, {}
    for journal in folder.glob(".*.take/timeline.jsonl"):
        for line in journal.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # being written
            if record["k"] == "track":
                names[record["track"]] = record.get("name", "").removesuffix(" (video)")
            if record["k"] == "f":
                stamps.setdefault(names[record["v"]], []).append(record["t"] * 1e-9)
    return stamps


def wait_for(room, folder, condition, what):
    until = time.monotonic() + LONGEST_WAIT_S
    while not condition(newest_frames(folder)):
        assert room.poll() is None, "the room ended"
        assert time.monotonic() < until, f"no {what} within {LONGEST_WAIT_S} s"
        time.sleep(0.1)


def check(program, folder, down_s):
    ports = [free_port(), free_port()]
    servers = [serve(port) for port in ports]
    tracks = [f"--track={name}=rtsp://viewer:s3cret@127.0.0.1:{port}/cam" for name, port in zip(["ana", "bo"], ports)]
    room = subprocess.Popen([program, "room", *tracks, "--layout", "tracks", "--format", "mkv", "--out", folder, "--json"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(room, folder, lambda seen: len(seen.get("ana", [])) > 15 and len(seen.get("bo", [])) > 15, "media")
        servers[0].kill()
        servers[0].wait()
        gone = time.clock_gettime(time.CLOCK_MONOTONIC)
        time.sleep(down_s)  # the outage itself
        back = time.clock_gettime(time.CLOCK_MONOTONIC)
        servers[0] = serve(ports[0])
        wait_for(room, folder, lambda seen: seen["ana"][-1] > back and seen["bo"][-1] > back, "return of a camera")
        stamps = newest_frames(folder)
        room.send_signal(signal.SIGINT)
        out, err = room.communicate(timeout=LONGEST_WAIT_S)
    finally:
        for process in [*servers, room]:
            if process.poll() is None:
                process.kill()
            process.wait()
    assert any(gone < t < back for t in stamps["bo"]), "the other camera was not recorded during the outage"
    assert "s3cret" not in out + err, "a password is shown"
    result = json.loads(out)
    videos = {t["participant"]: t for t in result["tracks"] if t["media"] == "video"}
    longest = max((end - begin for begin, end in videos["ana"]["gaps"]), default=0)
    assert longest >= down_s, f"gaps of the camera that was away: {videos['ana']['gaps']}"
    probed = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of",
                             "csv=p=0", result["path"]], capture_output=True, text=True, check=True)
    assert not probed.stderr, probed.stderr
    times = [float(t.strip(",")) for t in probed.stdout.split()]
    in_file = max(b - a for a, b in zip(times, times[1:]))
    assert in_file >= down_s and len(times) == videos["ana"]["written"], f"{len(times)} frames, gap {in_file} s"
    print(f"away for {down_s} s: gap of {longest:.3f} s in the result, {in_file:.3f} s in the file; "
          f"{len(times)} and {videos['bo']['written']} frames")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--down", type=float, default=1.5)
    options = parser.parse_args()
    needed = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run(["/usr/bin/python3", "-c", needed], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("no GStreamer RTSP server (gir1.2-gst-rtsp-server-1.0): not tested")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        check(options.program, pathlib.Path(folder), options.down)
    return 0


if __name__ == "__main__":
    sys.exit(main())
