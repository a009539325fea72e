#!/bin/bash
# fault_check.sh ONETAKE FAIL_NTH_LIBRARY: lets every n-th file operation of a short take fail, for every n (in CI,
# where $CI is set, for every third one, another third each day). Each run must end by itself, in a reported error, or in a
# take that checks as complete or with losses; and recovery repairs every take.
set -uo pipefail

onetake=$(realpath "$1")
library=$(realpath "$2")
folder=$(realpath "$(mktemp -d)")
trap 'rm -rf "$folder"' EXIT
export onetake library folder
ENOSPC=28 EIO=5

# one KIND ERRNO STICKY FSYNC N: a take whose n-th operation fails. Prints what is wrong, one line each.
one() {
    local run=$folder/$1-$5 code=0 checked=0
    mkdir -p "$run/data"
    FAIL_BELOW=$run/data FAIL_NTH=$5 FAIL_ERRNO=$2 FAIL_STICKY=$3 FAIL_LOG=$run/fault ONETAKE_LOG=off \
        LD_PRELOAD=$library timeout -s KILL 30 "$onetake" record --source test --width 64 --height 48 --fps 10 --warmup 0 \
        --blocksize 4800 --duration 0.25 --preset ultrafast --name t --data-dir "$run/data/takes" \
        --processed-dir "$run/data/rendered" --json $4 > "$run/out" 2> "$run/err" < /dev/null || code=$?
    local what
    what="$1, $(cat "$run/fault" 2> /dev/null || echo "operation $5")"
    case $code in
        0) ;;
        1) [ -s "$run/err" ] || echo "$what: failed without a word" ;;
        3 | 4) ;;
        137) echo "$what: hangs" ;;
        *) echo "$what: ended with $code: $(head -c 300 "$run/err")" ;;
    esac
    if [ -e "$run/data/takes/t" ]; then
        "$onetake" check t --data-dir "$run/data/takes" --json > "$run/check" 2> "$run/check-err" || checked=$?
        case $checked in
            0 | 3) ;;
            *) echo "$what: the take can't be read (exit code was $code): $(cat "$run/check-err")" ;;
        esac
        # A take that is reported as done is closed.
        if [ $code = 0 ] && [ $checked != 0 ]; then
            echo "$what: exit code 0, but the check reports $(jq -c '[.losses, .findings]' "$run/check")"
        fi
        "$onetake" recover t --data-dir "$run/data/takes" --json > "$run/recover" 2> "$run/recover-err" || checked=$?
        jq -e '.needs_recovery | not' "$run/recover" > "$run/jq" ||
            echo "$what: it can't be recovered: $(cat "$run/recover-err") $(cat "$run/recover")"
    elif [ $code = 0 ]; then
        echo "$what: exit code 0, but there is no take"
    fi
    local mp4=$run/data/rendered/t.mp4
    [ ! -e "$mp4" ] || ffprobe -v error "$mp4" > "$run/probe" 2>&1 || echo "$what: the MP4 can't be read"
    [ -z "$(find "$run/data" -name '*.tmp' -o -name '.reserve' -o -name '*.part*')" ] ||
        echo "$what: left behind: $(find "$run/data" -name '*.tmp' -o -name '.reserve' -o -name '*.part*')"
    echo "$(cat "$run/fault" 2> /dev/null || echo none)" >> "$folder/$1.faults"
    rm -rf "$run"
}
export -f one

problems=0 first=1 step=1
[ -z "${CI:-}" ] || { step=3 && first=$((1 + $(date +%s) / 86400 % 3)); }
# every KIND ERRNO STICKY FSYNC: all n of one kind.
every() {
    local count
    mkdir -p "$folder/count/data"
    FAIL_BELOW=$folder/count/data FAIL_LOG=$folder/fault LD_PRELOAD=$library "$onetake" record --source test --width 64 \
        --height 48 --fps 10 --warmup 0 --blocksize 4800 --duration 0.25 --preset ultrafast --name t \
        --data-dir "$folder/count/data/takes" --processed-dir "$folder/count/data/rendered" --quiet $4 < /dev/null ||
        { echo "the take without a fault failed"; exit 1; }
    count=$(sed -nE 's/^([0-9]+) operations.*/\1/p' "$folder/fault")
    rm -rf "$folder/count" "$folder/fault"
    seq $first $step $((count + 5)) | xargs -P "${JOBS:-2}" -I N bash -c "one '$1' $2 $3 '$4' N" > "$folder/$1.problems"
    echo "$1: $count operations, $(grep -vc none "$folder/$1.faults") of them failed one by one," \
        "$(wc -l < "$folder/$1.problems") problems"
    cat "$folder/$1.problems"
    problems=$((problems + $(wc -l < "$folder/$1.problems")))
}

every full-from-then-on $ENOSPC 1 ""
every io-error-encoded $EIO 0 "--store libx264"
if [ "${ALL:-0}" != 0 ]; then
    every full-for-a-moment $ENOSPC 0 ""
    every io-error $EIO 0 ""
    every io-error-with-fsync $EIO 0 --fsync
    every full-for-a-moment-encoded $ENOSPC 0 "--store libx264"
fi
exit $((problems > 0))
