#!/bin/bash
# models_command_test.sh ONETAKE MODEL_SERVER MAKE_TOY_MODEL: `onetake models` as a user runs it, against a server of
# this
# machine that breaks off.
set -uo pipefail

onetake=$(realpath "$1")
server=$(realpath "$2")
make_model=$(realpath "$3")
folder=$(mktemp -d)
cd "$folder" || exit 1
failures=0
"$make_model" toy.onnx || exit 1
mkfifo port
python3 "$server" toy.onnx > port &
serving=$!
trap 'kill $serving 2> /dev/null; rm -rf "$folder"' EXIT
read -r port < port
from=http://127.0.0.1:$port

# expect CODE ARGS...: runs onetake models ARGS; its output is in out and err.
expect() {
    local wanted=$1 code=0
    shift
    asked=$*
    "$onetake" models "$@" --folder models > out 2> err < /dev/null || code=$?
    [ "$code" = "$wanted" ] || complain "exit code $code instead of $wanted"
}
complain() {
    echo "onetake models $asked: $1"
    sed 's/^/  out: /' out
    sed 's/^/  err: /' err
    failures=$((failures + 1))
}
expect_in() { grep -qF -- "$2" "$1" || complain "$1 lacks: $2"; }
check() { "$@" || complain "not so: $*"; }

# A download that breaks off keeps what came, and the next one goes on there: a mark left in the first half would be
# missing had it started again.
half=$(($(stat -c %s toy.onnx) / 2))
expect 1 download dpdfnet2 --url "$from/cut"
expect_in err 'the part already downloaded is kept'
check test "$(stat -c %s models/dpdfnet2.onnx.part)" = $half
check test ! -e models/dpdfnet2.onnx
printf '\377' | dd of=models/dpdfnet2.onnx.part conv=notrunc status=none
expect 1 download dpdfnet2 --url "$from/cut"
expect_in err 'is not an ONNX model'
check test ! -e models/dpdfnet2.onnx.part

expect 1 download dpdfnet4 --url "$from/norange"
expect 0 download dpdfnet4 --url "$from/norange"
check cmp -s toy.onnx models/dpdfnet4.onnx
expect_in out '16000 Hz'
expect_in out "$(sha256sum < toy.onnx | cut -d ' ' -f 1)"
expect_in out 'an unknown version'

expect 0 download dpdfnet2 --url "$from/complete" --json
check jq -e '.downloaded and .sample_rate == 16000 and (.path | endswith("/dpdfnet2.onnx"))' out > jq.out
expect 0 download dpdfnet2 --url "$from/missing"  # is here already
expect 0 list --json
check jq -e 'map(select(.path != null).variant) == ["dpdfnet2", "dpdfnet4"]' out > jq.out

zeros=$(printf '0%.0s' {1..64})
expect 1 download dpdfnet8 --url "$from/complete" --sha256 "$zeros"
expect_in err "$zeros was requested"
expect_in err "$(sha256sum < toy.onnx | cut -d ' ' -f 1)"
check test ! -e models/dpdfnet8.onnx
expect 1 download dpdfnet8 --url "$from/html"
expect_in err 'is a web page'
expect 1 download dpdfnet8 --url "$from/nothing-here"
expect_in err 'returned status 404'
expect 1 download dpdfnet8 --url http://127.0.0.1:1/model.onnx
expect_in err 'Check the network'
expect 1 download dpdfnet8 --url http://no-such-host.invalid/model.onnx
expect_in err 'Check the network'

expect 0 verify
expect_in out dpdfnet2.onnx
expect_in out dpdfnet4.onnx
truncate -s $half models/dpdfnet4.onnx
expect 1 verify
expect_in err 'models/dpdfnet4.onnx is truncated'
expect 0 verify dpdfnet2 "$folder/toy.onnx"

exit $((failures > 0))
