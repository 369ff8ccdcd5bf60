#!/usr/bin/env bash
# Plants each bug of tests/sim/planted in a scratch clone and demands that a seed finds it.
# Usage: tests/sim/planted.sh [NAME...], or tests/sim/planted.sh --check, which builds nothing and
# only demands that each bug can still be planted; SEEDS (2000), STEPS (3000), PROFILE (release or
# dev) and RUN (what runs the seeds, as in RUN='nice -n 19') may be set. Bugs named marks-* are looked
# for with --marks. The scratch clone and its build stay in target/planted, so that a second run is
# faster.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
scratch=${SCRATCH:-$here/target/planted}
seeds=${SEEDS:-2000} steps=${STEPS:-3000} profile=${PROFILE:-release}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$scratch/build}
folder=$([ "$profile" = dev ] && echo debug || echo "$profile")

if [ "${1:-}" = --check ]; then
  cd "$here"
  for patch in tests/sim/planted/*.patch; do
    git apply --check --unidiff-zero "$patch" || { echo "$patch: make it anew" >&2; exit 1; }
  done
  exit
fi

rm -rf "$scratch/clone"
mkdir -p "$scratch"
git clone --quiet "$here" "$scratch/clone"
cd "$scratch/clone"

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for patch in tests/sim/planted/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

missed=0
for name in "${names[@]}"; do
  git checkout --quiet .
  git apply --unidiff-zero "$here/tests/sim/planted/$name.patch"
  cargo build --quiet --locked --profile "$profile" --workspace --bin probity-sim-network 2> "$scratch/$name.build" ||
    { echo "$name: does not build, see $scratch/$name.build"; missed=$((missed + 1)); continue; }
  marks=()
  case $name in marks-*) marks=(--marks) ;; esac
  if ${RUN:-} "$CARGO_TARGET_DIR/$folder/probity-sim-network" "${marks[@]}" \
    --seeds "0..$seeds" --steps "$steps" --first > "$scratch/$name.run"; then
    echo "$name: NOT caught within $seeds seeds"
    missed=$((missed + 1))
  else
    echo "$name: caught after $(sed -n 's/^\([0-9]*\) seeds passed.*/\1/p' "$scratch/$name.run") seeds:" \
      "$(grep -m1 FAILED "$scratch/$name.run" | cut -c1-160)"
  fi
done
exit $((missed > 0))
