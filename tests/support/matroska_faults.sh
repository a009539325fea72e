#!/bin/bash
# matroska_faults.sh FILE...: prints what mkvmerge and MediaConch find wrong with Matroska files, and fails if there is
# anything. Programs that are not installed are left out; exit code 77 if neither is.
set -uo pipefail

command -v mkvmerge > /dev/null || command -v mediaconch > /dev/null || {
    echo "matroska_faults.sh: neither mkvmerge (package mkvtoolnix) nor mediaconch is installed"
    exit 77
}
bad=0
for file in "$@"; do
    faults=
    if command -v mkvmerge > /dev/null; then
        faults+=$(mkvmerge -J "$file" | jq -c 'if .container.recognized then (.errors + .warnings)[] else "not recognized" end' 2>&1)
    fi
    if command -v mediaconch > /dev/null; then
        report=$(mediaconch -mc -fx "$file" 2>&1)
        checks=$(grep -o '<implementationChecks [^>]*' <<< "$report" | head -1)
        # Of something that is no Matroska file no check is run.
        grep -q 'pass_count="[1-9]' <<< "$checks" || faults+=" MediaConch checked nothing: $checks"
        grep -q 'fail_count="0" warn_count="0"' <<< "$checks" ||
            faults+=" MediaConch: $(grep -oE '<check [^>]*(fail|warn)_count="[1-9][^>]*' <<< "$report" | tr '\n' ' ')"
    fi
    if [ -n "$faults" ]; then
        echo "$file: $faults"
        bad=1
    fi
done
exit $bad
