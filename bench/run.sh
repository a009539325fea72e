#!/bin/bash
# run.sh FOLDER: runs the benchmark programs of a build and prints their figures as one table.
set -euo pipefail
folder=$1

model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "$(nproc) x ${model:-$(uname -m)}, load $(cut -d ' ' -f 1-3 /proc/loadavg) before"
echo
printf '%-58s %9s %-9s %23s %s\n' figure median "" "quartiles" target
for program in "$folder"/*_bench; do
    "$program"
done
python=$folder/../python
if [ -e "$python/onetake/py.typed" ]; then  # ONETAKE_PYTHON=ON
    for program in "$(dirname "$0")"/python_*_bench.py; do
        PYTHONPATH=$python "$folder/../../python-env/bin/python" "$program" "$folder"
    done
fi
echo
echo "load $(cut -d ' ' -f 1-3 /proc/loadavg) after (the benchmarks themselves cause about 2)"
