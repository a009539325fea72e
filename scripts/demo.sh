#!/bin/bash
# demo.sh ONETAKE: records five seconds, with camera and microphone where there are any, else a test pattern and a tone.
set -euo pipefail

onetake=$1
take=(--duration 5 --name "demo-$(date +%Y%m%d-%H%M%S)")

if "$onetake" devices --json | grep -q '"path": "/dev/video'; then
    echo "Recording five seconds of your camera and microphone ..."
    code=0
    "$onetake" record "${take[@]}" || code=$?
    [ $code = 0 ] || [ $code = 3 ] && exit 0  # 3: done, with losses, which were printed
    echo "The camera could not be recorded; here is the test pattern instead."
    take=(--duration 5 --name "demo-$(date +%Y%m%d-%H%M%S)-pattern")
else
    echo "There is no camera here: recording five seconds of a test pattern and a tone ..."
fi
"$onetake" record "${take[@]}" --source test
