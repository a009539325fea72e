#!/bin/bash
# av_offset.sh FILE: where a video of v4l2_feed and aloop_feed turns white and where its sound beeps, by the program ffmpeg.
# Prints one line of JSON: how many of each, and the worst distance of a flash from the beep next to it, in ms. The beep
# that belongs to a flash at the edge may lie outside, so those within 0.2 s of an edge don't count.
set -euo pipefail

# The frames' mean luma jumps at a flash; the tone before a beep stays far below a quarter of full scale.
ffprobe -v error -f lavfi -i "movie=$1,signalstats" -show_entries frame=pts_time:frame_tags=lavfi.signalstats.YAVG \
    -of csv=p=0 | awk -F, '{ if ($2 > 180 && last <= 180 && NR > 1) print "flash", $1; last = $2 } END { print "end", $1 }' |
    cat - <(ffmpeg -v error -i "$1" -af aresample=48000:first_pts=0 -f s16le -ac 1 - | od -An -v -t d2 -w2 | awk '
        $1 > 8000 || $1 < -8000 { if (!heard || NR - heard > 4800) print "beep", (NR - 1) / 48000; heard = NR }
        END { print "end", NR / 48000 }') | awk '
    $1 == "flash" { flash[++flashes] = $2 }
    $1 == "beep" { beep[++beeps] = $2 }
    $1 == "end" { if (!end || $2 < end) end = $2 }
    END {
        for (i = 1; i <= flashes; ++i) {
            if (flash[i] < 0.2 || flash[i] > end - 0.2) continue
            nearest = 1e9
            for (j = 1; j <= beeps; ++j) {
                distance = (beep[j] - flash[i]) * 1000
                if (distance * distance < nearest * nearest) nearest = distance
            }
            ++pairs
            if (nearest * nearest >= worst * worst) worst = nearest
        }
        printf "{\"flashes\": %d, \"beeps\": %d, \"pairs\": %d, \"worst_ms\": %.3f}\n", flashes, beeps, pairs, worst
    }'
