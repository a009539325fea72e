"""The documented programs of av_recorder, as they stand."""

BLOCKS = {
    "one call": """
from av_recorder import AVRecorder
rec = AVRecorder(width=640, height=360, fps=30)
result = rec.record(duration=60, name="interview", make_mp4=False, enhance=False); rec.record(60, name="clean")
""",
    "start and stop": """
from av_recorder import AVRecorder
rec = AVRecorder(); rec.start(name="session"); assert rec.is_recording(); rec.stop()
rec.start(); result = rec.stop(make_mp4=True, enhance=True); assert not rec.is_recording()
""",
    "with": """
from av_recorder import AVRecorder
with AVRecorder(fps=30) as rec: assert rec.is_recording()
result = rec.last_result
""",
    "later": """
from av_recorder import AVRecorder
rec = AVRecorder(); rec.record(1, "interview", make_mp4=False)
rec.process("interview"); rec.process("interview", enhance=False); result = rec.process("interview", make_mp4=False)
""",
    "pushed": """
from av_recorder import AVRecorder
rec = AVRecorder(source="external", audio=True)
rec.start("pushed")
for t in stamps:
    rec.push_video(bgr_ndarray, t=t)
    rec.push_audio(int16_or_float, t=t)
rec.push_video(jpeg_bytes, t=None)
result = rec.stop()
""",
}
