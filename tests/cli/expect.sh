# What the tests of the program share: expectations of what $onetake, the program, does in the current folder. Those that
# are not met are counted in $failures.
failures=0

# expect CODE ARGS...: runs the program; its output is in out and err.
expect() {
    local wanted=$1 code=0
    shift
    asked=$*
    "$onetake" "$@" > out 2> err < /dev/null || code=$?
    [ "$code" = "$wanted" ] || complain "exit code $code instead of $wanted"
}
complain() {
    echo "onetake $asked: $1"
    sed 's/^/  out: /' out | head -40
    sed 's/^/  err: /' err | head -20
    failures=$((failures + 1))
}
check() { "$@" > check.out 2>&1 || complain "not so: $*"; }
expect_in() { grep -qF -- "$2" "$1" || complain "$1 lacks: $2"; }
expect_not_in() { ! grep -qF -- "$2" "$1" || complain "$1 has: $2"; }
# so FILTER: whether jq finds it true of the output.
so() { jq -e "$1" out > check.out 2>&1 || complain "not so: $1"; }
