#!/bin/bash
# device_suite.sh ONETAKE TOOLS [PYTHON PYTHONPATH]: runs in the virtual machine, once per boot: takes from every kind of
# device, by the program and by the Python package, and device faults. Prints a line PASS or FAIL for each check and
# leaves takes, results and logs in /vmshare.
# run_device_suite.sh starts it and checks the takes.
set -u

onetake=$1
tools=$2
python=${3:-}
export PYTHONPATH=${4:-} PYTHONDONTWRITEBYTECODE=1
# In memory: while the guest waits for the host's files its clock keeps running, and recorders and devices are late.
takes=/dev/shm/takes
logs=/dev/shm/logs
mkdir -p "$takes" "$logs"
. "$(dirname "$0")/checks.sh"
trap 'kill $(jobs -p) 2> /dev/null; cp -r "$takes" "$logs" /vmshare/' EXIT

# A v4l2loopback device can be fed once only, so there are three.
first=/dev/video0 large=/dev/video10 small=/dev/video11 hdmi=/dev/video20 webcam=/dev/video21

# PortAudio has the same name for all sides of snd-aloop; these are distinct. The third stalls 2.5 s after each opening.
cat > /etc/asound.conf <<END
pcm_type.testmic { lib "$tools/../support/libasound_module_pcm_testmic.so" }
pcm.Stalling { type testmic freq 440 stall_at 2.5 }
pcm.MicA { type hw card MicA device 1 }
pcm.MicB { type hw card MicB device 1 }
pcm.!default { type plug slave.pcm MicB }
END

# take NAME ARGUMENT...: records, no MP4. Sets $code; the result is $logs/NAME.json, stderr $logs/NAME.err.
take() {
    local name=$1
    shift
    "$onetake" record --name "$name" --data-dir "$takes" --no-mp4 --json "$@" > "$logs/$name.json" 2> "$logs/$name.err"
    code=$?
    echo "$code" > "$logs/$name.code" # for a take in the background
}

# until_true SECONDS COMMAND...: waits until the command succeeds.
until_true() {
    local tries=$(($1 * 10))
    shift
    until "$@"; do
        [ $((tries--)) -gt 0 ] || return 1
        read -r -t 0.1 -u "$nothing" || true # sleeps without starting a program
    done
}
mkfifo /dev/shm/nothing
exec {nothing}<> /dev/shm/nothing

# Reads the programs and runs them once, so that they are in the page cache.
read_ahead() {
    local program
    for program in "$onetake" "$tools"/{v4l2_feed,aloop_feed} bash sleep stat grep v4l2-ctl amixer jq; do
        program=$(command -v "$program")
        cat "$program" $(ldd "$program" | grep -o '/[^ ]*')
    done > /dev/null
    "$onetake" devices > /dev/null 2>&1
    v4l2-ctl -d $hdmi --all > /dev/null
}

feed_camera() { # feed_camera DEVICE WIDTH HEIGHT
    "$tools/v4l2_feed" "$@" 30 600 > "$logs/camera_feed.json" &
    camera_feed=$!
    check "a camera of ${2}x$3 can be fed" until_true 10 is_feeding "$1"
}
is_feeding() { v4l2-ctl -d "$1" --get-fmt-video 2> /dev/null | grep -q MJPG; }

# feed_microphone CARD tone|beep [RATE_SHIFT]
feed_microphone() {
    amixer -q -c "$1" cset iface=PCM,name='PCM Rate Shift 100000',device=1 "${3:-100000}"
    "$tools/aloop_feed" "hw:$1,0,0" 600 "$2" "${3:-100000}" > "$logs/$1_feed.json" &
    microphone_feed=$!
}
end_feed() {
    kill "$1"
    wait "$1"
}

check_complete() { # check_complete TAKE VIDEO_SECONDS: checks of a take without losses
    check "$1 ends without a loss" [ "$code" = 0 ] || sed 's/^/    /' "$logs/$1.err"
    holds "$1 wrote every frame" "$logs/$1.json" \
        '.metrics | .dropped == 0 and (.books | length == 2) and all(.books[]; .expected == .written and .written > 0)' \
        '.metrics.books'
    holds "$1 has the requested length" "$logs/$1.json" ".metrics | (.frames / .effective_fps - $2 | fabs) < 0.2 and
        (.audio_samples / 48000 - $2 | fabs) < 0.3" '.metrics | [.frames, .effective_fps, .audio_samples]'
    holds "$1 has no overrun" "$logs/$1.json" '.metrics.audio_xruns == 0' .metrics.audio_xruns
}

balanced='all(.metrics.books[];
    .expected == .written + .dropped_queue + .dropped_driver + .corrupt + .dropped_disk)'

reports() { # reports WHAT TAKE PATTERN: its error or notes match
    check "$1" grep -Eiq "$3" "$logs/$2.err" "$logs/$2.json" || sed 's/^/    /' "$logs/$2.err"
}

has_the_cameras_rate() { # has_the_cameras_rate TAKE: compares with the rate reported by its feed, which is stopped
    end_feed "$camera_feed"
    holds "$1 has the camera's rate" "$logs/$1.json" \
        "(.metrics.effective_fps / $(jq .effective_fps "$logs/camera_feed.json") - 1 | fabs) < 0.005" .metrics.effective_fps
}

# The camera's JPEGs are stored unchanged, while the sound card runs 1000 ppm slow.
untouched_motion_jpeg() {
    feed_camera $large 1280 720
    feed_microphone MicA beep 100100
    take untouched --duration 6 --device $large --audio-device MicA --width 1280 --height 720 --fps 30 \
        --no-convert-rgb
    check_complete untouched 6
    holds "untouched measures the card's drift" "$logs/untouched.json" '.metrics.soundcard_drift_ppm + 1000 | fabs < 80' \
        .metrics.soundcard_drift_ppm
    images=$(sha256sum "$takes"/untouched/frames/*.jpg | cut -d' ' -f1 | sort -u | wc -l)
    check "untouched keeps the camera's own JPEGs ($images different images)" [ "$images" = 11 ]
    end_feed "$microphone_feed"
    has_the_cameras_rate untouched
}

# Decoded and encoded again: from here on with sizes that the one emulated processor can handle quickly.
motion_jpeg() {
    feed_camera $small 320 240
    feed_microphone MicA beep
    take mjpg --duration 6 --device $small --audio-device MicA --width 320 --height 240 --fps 30
    check_complete mjpg 6
    holds "mjpg measures no drift" "$logs/mjpg.json" '.metrics.soundcard_drift_ppm | fabs < 20' \
        .metrics.soundcard_drift_ppm
    end_feed "$microphone_feed"
}

uncompressed() {
    v4l2-ctl -d $hdmi --set-dv-bt-timings cvt,width=640,height=480,fps=30 > /dev/null 2>&1
    feed_microphone MicB tone 100100
    take hdmi --duration 6 --device $hdmi --fourcc YUYV --audio-device MicB --width 640 --height 480 --fps 30
    check_complete hdmi 6
}

devices_are_listed() {
    "$onetake" devices > "$logs/devices" 2>&1
    local device
    for device in $small $hdmi $webcam MicA MicB; do
        check "$device is listed" grep -q "$device" "$logs/devices"
    done
}

unavailable_cameras() {
    take absent --duration 2 --device /dev/video99 --no-audio
    check "a missing camera fails the take" [ "$code" = 1 ]
    reports "and is named" absent '/dev/video99'
    check "and leaves no take behind" [ ! -e "$takes/absent" ]

    v4l2-ctl -d $webcam --stream-mmap --stream-count=0 > "$logs/holder" 2>&1 &
    local holder=$!
    until_true 10 grep -q '<' "$logs/holder"
    take busy --duration 2 --device $webcam --fourcc YUYV --no-audio
    check "a camera in use fails the take" [ "$code" = 1 ]
    reports "and is reported as busy" busy "$webcam.*busy"
    kill "$holder"
    wait "$holder" 2> /dev/null

    take grey --duration 2 --device $small --fourcc GREY --no-audio
    check "a format that the camera lacks fails the take" [ "$code" = 1 ]
    reports "and both are named" grey "$small.*GREY|GREY.*$small"
    take nonsense --duration 2 --device $small --fourcc XYZW --no-audio
    check "an unknown format is wrong usage" [ "$code" = 2 ]
}

missing_microphone() {
    take mute --duration 2 --device $small --width 320 --height 240 --audio-device NoSuchMicrophone
    check "a take without its microphone succeeds" [ "$code" = 0 ]
    holds "and is video only, with a note" "$logs/mute.json" \
        '.metrics | .frames > 50 and .audio_samples == 0 and any(.notes[]; test("NoSuchMicrophone"))' .metrics.notes
}

frames_that_the_driver_drops() {
    v4l2-ctl -d $webcam -c percentage_of_dropped_buffers=20
    take dropping --duration 6 --device $webcam --fourcc YUYV --width 320 --height 180 --fps 25 --audio-device MicB
    v4l2-ctl -d $webcam -c percentage_of_dropped_buffers=0
    check "a take with driver drops ends with losses" [ "$code" = 3 ]
    holds "every driver drop is counted" "$logs/dropping.json" '.metrics.books[] | select(.kind == "video") |
        .expected == .written + .dropped_driver and .dropped_driver > 10 and
        (.dropped_driver / .expected - 0.2 | fabs) < 0.12 and (.expected - 150 | fabs) <= 5' '.metrics.books[0]'
    holds "and no audio is missing" "$logs/dropping.json" \
        '.metrics.books[] | select(.kind == "audio") | .expected == .written' '.metrics.books[1]'
}

microphone_that_stalls() {
    take stalling --duration 7 --device $small --width 320 --height 240 --fps 30 --audio-device Stalling
    check "a take whose microphone stalls ends with losses" [ "$code" = 3 ]
    reports "and reports it" stalling 'no audio from microphone.*Stalling'
    holds "and has every frame" "$logs/stalling.json" '(.metrics.frames / .metrics.effective_fps - 7 | fabs) < 0.2 and
        (.metrics.books[] | select(.kind == "video") | .expected == .written)' '.metrics.books[0]'
    holds "and the audio before and after, the outage counted" "$logs/stalling.json" "$balanced and
        (.metrics.books[] | select(.kind == \"audio\") |
        .written / 48000 > 3.5 and .dropped_driver / 48000 > 1.5 and (.expected / 48000 - 7 | fabs) < 0.5)" '.metrics.books[1]'
}

# The documented program of av_recorder, by its script, with a camera and a microphone.
python_module() {
    "$python" -m av_recorder --name scripted --data-dir "$takes" --duration 4 --device $small --audio-device MicB \
        --width 320 --height 240 --fps 30 --no-mp4 > "$logs/scripted.txt" 2> "$logs/scripted.err"
    code=$?
    check "av_recorder's script records from devices" [ $code = 0 ] || sed 's/^/    /' "$logs/scripted.err"
    jq '{metrics}' "$takes/scripted/manifest.json" > "$logs/scripted.json"
    holds "and wrote every frame and sample" "$logs/scripted.json" \
        '.metrics | (.frames / .effective_fps - 4 | fabs) < 0.2 and (.audio_samples / 48000 - 4 | fabs) < 0.3 and
        (.books | length == 2) and all(.books[]; .expected == .written and .written > 0)' .metrics.books
    check "and prints the metrics" grep -q '^soundcard_drift_ppm' "$logs/scripted.txt"
    check "and lists the microphone" eval '"$python" -m av_recorder --list-audio 2> /dev/null | grep -q MicB'

    local other_feed=$camera_feed
    feed_camera $first 640 480
    "$python" "$(dirname "$0")/documented_blocks_on_devices.py" /dev/shm/blocks > "$logs/blocks.json" 2> "$logs/blocks.err"
    check "the documented programs run with camera and microphone" [ $? = 0 ] || sed 's/^/    /' "$logs/blocks.err"
    holds "and keep every frame" "$logs/blocks.json" \
        'length == 4 and all(.[]; .frames > 0 and .frames == .jpegs and .balanced and .dropped == 0 and .wav)' .
    holds "and render what they are asked to" "$logs/blocks.json" '.["start and stop"].mp4 and .with.mp4' 'map(.mp4)'
    end_feed "$camera_feed"
    camera_feed=$other_feed
}

audio_beyond() { [ "$(stat -c %s "$takes/$1/audio.wav" 2> /dev/null || echo 0)" -gt "$2" ]; }
has_frame() { [ -e "$takes/$1/frames/f_$(printf %06d "$2").jpg" ]; }
frames_in() { ls "$takes/$1/frames" | wc -l; }

camera_that_returns() {
    take returned --duration 14 --device $webcam --fourcc YUYV --width 320 --height 180 --fps 25 --audio-device MicB &
    local subshell=$! had audio_bytes
    check "the take that will lose its camera for a while is running" until_true 20 has_frame returned 50
    echo vivid.0 > /sys/bus/platform/drivers/vivid/unbind
    audio_bytes=$(stat -c %s "$takes/returned/audio.wav")
    until_true 10 audio_beyond returned $((audio_bytes + 3 * 96000))
    had=$(frames_in returned)
    echo vivid.0 > /sys/bus/platform/drivers/vivid/bind
    check "a camera that returns is recorded again (after $had frames)" until_true 8 has_frame returned $((had + 50))
    wait "$subshell"
    code=$(cat "$logs/returned.code")
    check "and the take ends with losses" [ "$code" = 3 ]
    reports "and reports what happened" returned "$webcam"
    holds "and accounts for the gap" "$logs/returned.json" "$balanced and (.metrics.books[] | select(.kind == \"video\") |
        .dropped_driver > 60 and (.expected / 25 - 14 | fabs) < 0.5)" '.metrics.books[0]'
    holds "and no audio is missing" "$logs/returned.json" \
        '.metrics.books[] | select(.kind == "audio") | .expected == .written' '.metrics.books[1]'
}

# What the program prints with --progress json is what on_event gets.
told() { grep -q "\"event\":\"$1\".*\"track\":$2" "$logs/told.err"; }

what_goes_wrong_is_told() {
    local disk=/dev/shm/disk recorder
    mkdir -p $disk && mount -t tmpfs -o size=64m none $disk
    "$onetake" record --name told --data-dir $disk --no-mp4 --json --progress json --device $webcam --fourcc YUYV \
        --width 320 --height 180 --fps 25 --audio-device Stalling > "$logs/told.json" 2> "$logs/told.err" &
    recorder=$!
    check "an event tells of a microphone that stalls" until_true 20 told stall '"a1"'
    echo vivid.0 > /sys/bus/platform/drivers/vivid/unbind
    check "and of a camera that is gone" until_true 10 told device_lost '"v1"'
    echo vivid.0 > /sys/bus/platform/drivers/vivid/bind
    check "and of its return" until_true 10 told resumed '"v1"'
    head -c 64m /dev/zero > $disk/filler 2> /dev/null
    wait "$recorder"
    check "a full disk ends the take" [ $? = 4 ]
    check "and events tell of that, too" told ended_early null
    grep '^{' "$logs/told.err" | jq -s 'map(select(.event))' > "$logs/told.events"
    holds "every event comes once, each track's in order" "$logs/told.events" '(unique | length) == length and
        ([.[] | select(.event == "ended_early")] | length) == 1 and (group_by(.track) | all(map(.t) | . == sort))' \
        'map([.event, .track])'
    grep -a '"k":"event"' $disk/told/timeline.jsonl |
        jq -s 'map(select(.event != "note") | [.event, .track, .text])' > "$logs/told.journal"
    jq 'map(select(.event == ("stall", "resumed", "device_lost")) | [.event, .track, .text])' "$logs/told.events" \
        > "$logs/told.outages"
    check "and the journal has the same outages" cmp -s "$logs/told.journal" "$logs/told.outages"
    umount $disk
}

camera_that_is_unplugged() {
    take unplugged --device $webcam --fourcc YUYV --width 320 --height 180 --fps 25 --audio-device MicB &
    local subshell=$! recorder audio_bytes watchdog started took
    check "the take that will lose its camera is running" until_true 20 has_frame unplugged 50
    recorder=$(pgrep -P "$subshell")
    echo vivid.0 > /sys/bus/platform/drivers/vivid/unbind
    audio_bytes=$(stat -c %s "$takes/unplugged/audio.wav")
    check "a take continues without its camera" until_true 10 audio_beyond unplugged $((audio_bytes + 3 * 96000))
    (until_true 30 false || kill -KILL "$recorder") &
    watchdog=$!
    started=${EPOCHREALTIME/./}
    kill -INT "$recorder"
    wait "$subshell"
    took=$(((${EPOCHREALTIME/./} - started) / 1000))
    kill "$watchdog"
    check "and stops within 2 s ($took ms)" [ "$took" -lt 2000 ]
    code=$(cat "$logs/unplugged.code")
    check "and ends with losses" [ "$code" = 3 ]
    holds "and reports it, and its counters add up" "$logs/unplugged.json" \
        "$balanced and any(.metrics.notes[]; test(\"$webcam\"))" '.metrics | [.notes, .books]'
}

no_sound_card() {
    modprobe -r snd-aloop
    rm /etc/asound.conf
    take deaf --duration 2 --device $small --width 320 --height 240
    check "a take on a machine without microphones succeeds" [ "$code" = 0 ]
    holds "and has a note" "$logs/deaf.json" '.metrics | .frames > 50 and .audio_samples == 0 and (.notes | length > 0)' \
        .metrics.notes
}

read_ahead
untouched_motion_jpeg
motion_jpeg
uncompressed
devices_are_listed
unavailable_cameras
missing_microphone
[ -z "$python" ] || python_module
frames_that_the_driver_drops
microphone_that_stalls
camera_that_returns
what_goes_wrong_is_told
camera_that_is_unplugged
end_feed "$microphone_feed"
no_sound_card
has_the_cameras_rate mjpg # its camera was fed during the other takes, too
finish_checks
