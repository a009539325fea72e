#!/bin/bash
# run_device_suite.sh FOLDER ONETAKE TOOLS AVSYNC_CHECK [PYTHON PYTHONPATH]: prepares the device lab if needed, runs
# device_suite.sh in it, renders its takes on the host and checks them. FOLDER is emptied, and contains takes and logs
# afterwards. Without Python where $CI is set: it adds three minutes of a processor.
set -u

here=$(cd "$(dirname "$0")" && pwd)
folder=$1 onetake=$2 tools=$3 avsync_check=$4
. "$here/checks.sh"

"$here/vm_prepare.sh" || exit 1
rm -rf "${folder:?}"
mkdir -p "$folder"
cd "$here" || exit 1
check "the devices in the virtual machine" "$here/vm_run.sh" -M warp -s "$folder" -t 900 \
    -m "v4l2loopback devices=3 exclusive_caps=1,1,1 video_nr=0,10,11" \
    -m "vivid n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=3,0 vid_cap_nr=20,21" \
    -m "snd-aloop enable=1,1 index=0,1 id=MicA,MicB pcm_substreams=1,1" \
    -- "$here/device_suite.sh" "$onetake" "$tools" $([ -n "${CI:-}" ] || echo "${@:5}")

# pcm FILE: its audio, without the start and end, where an encoder may not have settled.
pcm() { ffmpeg -v error -ss 0.5 -t 5 -i "$1" -f s16le -ac 1 -ar 48000 -; }

render() {
    "$onetake" process "$1" --data-dir "$folder/takes" --processed-dir "$folder/mp4" --json \
        > "$folder/logs/$1.process.json" 2> "$folder/logs/$1.process.err"
}

for take in mjpg untouched hdmi; do
    check "$take renders" render "$take" || { sed 's/^/    /' "$folder/logs/$take.process.err" && continue; }
    packets=$(ffprobe -v error -select_streams v -count_packets -show_entries stream=nb_read_packets -of csv=p=0 \
        "$folder/mp4/$take.mp4")
    holds "$take's MP4 has every frame ($packets)" "$folder/logs/$take.json" ".metrics.frames == ${packets:-0}" \
        .metrics.frames
done

for take in mjpg untouched; do
    "$avsync_check" --json "$folder/mp4/$take.mp4" > "$folder/logs/$take.offset.json"
    holds "$take's flashes and beeps come within 1 ms" "$folder/logs/$take.offset.json" \
        '.pairs >= 5 and (.worst_ms | fabs) < 1' '[.pairs, .worst_ms]'
done

# The card that receives the tone runs 999 ppm slow: the WAV has 443 Hz by the card's clock; the true pitch is lower by
# 0.44 Hz. In six seconds a pitch within 0.09 Hz (200 ppm) is a place within 0.6 ms at either end.
pcm "$folder/takes/hdmi/audio.wav" | "$tools/tone_check" 48000 > "$folder/logs/wav_tone.json"
holds "hdmi's WAV is one continuous tone" "$folder/logs/wav_tone.json" \
    '(.hz - 443 | fabs) < 0.005 and .worst_jump_samples < 0.5' .
pcm "$folder/mp4/hdmi.mp4" | "$tools/tone_check" 48000 > "$folder/logs/mp4_tone.json"
holds "hdmi's MP4 has the true pitch" "$folder/logs/mp4_tone.json" \
    '(.hz - 443 * 100000 / 100100 | fabs) < 0.09 and .worst_jump_samples < 24' .
finish_checks
