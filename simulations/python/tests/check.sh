#!/usr/bin/env bash
# Builds the wheel, installs it in an environment of its own, and holds it against the program.
#
# usage: check.sh PROBITY FOLDER      the program, and where the environment and the wheel go
#
# The wheel is a debug build in the workspace's target folder: most of what it links is there once the
# tests are built, and what it is held against is that numbers do not depend on the build. Ends within
# twenty-five minutes, or fails; two or three are usual.
set -euo pipefail
probity=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/../../.."

python3 -m venv "$folder/venv"
timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  -r simulations/python/tests/requirements.txt
rm -f "$folder"/*.whl
CARGO_TARGET_DIR=target timeout 900 "$folder/venv/bin/maturin" build --quiet --locked \
  --manifest-path simulations/python/Cargo.toml --out "$folder"
timeout 60 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall \
  "$folder"/*.whl
timeout 240 "$folder/venv/bin/python" simulations/python/tests/check.py "$probity" \
  simulations/scenarios/default.toml
