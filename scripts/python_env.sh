#!/bin/bash
# python_env.sh: makes the virtual environment that the Python package is built and tested with, build/python-env, from
# tests/python/requirements.txt. Does nothing where it is there already. Where packages come from is pip's own
# configuration.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=build/python-env
wanted=$(sha256sum < tests/python/requirements.txt)
[ "$(cat $folder/made-from 2> /dev/null)" != "$wanted" ] || exit 0

python3 -m venv --clear $folder
$folder/bin/python -m pip install --quiet --disable-pip-version-check -r tests/python/requirements.txt
echo "$wanted" > $folder/made-from
