#!/usr/bin/env python3
"""Records in an asyncio program: calls that block run in threads, events come to the loop."""

import asyncio
import sys

import onetake


async def main(seconds: float = 2.0, source: str = "test") -> None:
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[onetake.Event] = asyncio.Queue()
    recorder = onetake.AVRecorder(
        source=source, on_event=lambda event: loop.call_soon_threadsafe(events.put_nowait, event)
    )

    async def show_events() -> None:
        while True:
            event = await events.get()
            print(f"{event.kind}: {event.text}")

    shown = asyncio.create_task(show_events())
    await asyncio.to_thread(recorder.start, "async-{n}")
    await asyncio.sleep(seconds)  # the program's own work
    result = await asyncio.to_thread(recorder.stop)
    shown.cancel()
    print(f"{result.mp4_path}: {result.metrics.frames} frames")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))
