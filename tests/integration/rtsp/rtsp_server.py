#!/usr/bin/python3
"""rtsp_server.py PORT [VIDEO]: plays a moving picture of 30 frames/s and a tone at rtsp://127.0.0.1:PORT/cam until
killed, with GStreamer's RTSP server. Prints "ready" once it listens. VIDEO: "jpeg" (default) or "vp8"."""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PAYLOADS = {
    "jpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
    "vp8": "vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay name=pay0 pt=96",
}

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_shared(True)
video = PAYLOADS[sys.argv[2] if len(sys.argv) > 2 else "jpeg"]
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=30/1 ! videoconvert ! "
    f"video/x-raw,format=I420 ! {video} audiotestsrc is-live=true samplesperbuffer=441 ! "
    "audio/x-raw,rate=44100,channels=1 ! audioconvert ! rtpL16pay name=pay1 pt=97 )"
)
server.get_mount_points().add_factory("/cam", factory)
if server.attach(None) == 0:
    sys.exit("the port is taken")
print("ready", flush=True)
GLib.MainLoop().run()
