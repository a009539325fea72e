#!/bin/bash
# memory_test.sh ENHANCE_WAV MAKE_TOY_MODEL SHORT LONG: enhancing LONG minutes of audio takes at most 5 MB more memory than
# SHORT minutes, here and in the worker. By hand for two hours: memory_test.sh ... 2 120
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$2" "$folder/toy.onnx"
for minutes in "$3" "$4"; do
    mkdir "$folder/$minutes"
    "$1" "$folder/$minutes" "$folder/toy.onnx" "$minutes" > "$folder/$minutes.figures"
    rm -r "${folder:?}/$minutes"
    read -r own worker factor < "$folder/$minutes.figures"
    echo "$minutes min: $own kB here, $worker kB in the worker, real-time factor $factor"
done
read -r own worker _ < "$folder/$3.figures"
read -r long_own long_worker _ < "$folder/$4.figures"
most=5120
[ $((long_own - own)) -le $most ] && [ $((long_worker - worker)) -le $most ]
