# Sourced by both parts of the device suite: each check prints a line PASS or FAIL.
checks=0
failures=0

check() { # check WHAT COMMAND...
    local what=$1
    shift
    checks=$((checks + 1))
    if "$@"; then
        echo "PASS $what"
    else
        failures=$((failures + 1))
        echo "FAIL $what"
        return 1
    fi
}

holds() { # holds WHAT JSON_FILE JQ_CONDITION JQ_DETAIL
    local detail
    detail=$(jq -c "$4" "$2" 2>&1)
    check "$1: $detail" jq_true "$3" "$2"
}
# Not jq -e, which succeeds for a file without any JSON.
jq_true() { [ "$(jq "$1" "$2" 2> /dev/null)" = true ]; }

finish_checks() {
    echo "$checks checks, $failures failed"
    [ "$failures" = 0 ]
}
