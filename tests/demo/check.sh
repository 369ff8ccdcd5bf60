#!/usr/bin/env bash
# Runs the demonstration from end to end and holds its document against what must be true.
#
#     check.sh [PROGRAM] [DOCUMENT]
#
# PROGRAM is the probity binary, target/release/probity if none is named. DOCUMENT is where the
# demonstration's JSON stays for other checks. Listens on loopback only.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
program="${1:-${PROBITY:-$here/../../target/release/probity}}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
document="${2:-$work/demo.json}"

# The demonstration takes about a minute; one that hangs is a failure and not a wait.
if ! timeout 300 "$program" demo --home "$work/home" --output json >"$document" 2>"$work/talk"; then
  tail -n 40 "$work/talk" >&2
  echo 'the demonstration did not end well' >&2
  exit 1
fi
python3 "$here/check.py" --probity "$program" "$document"
