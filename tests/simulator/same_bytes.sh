#!/usr/bin/env bash
# Same seed, same bytes: whatever the threads, the shards, the build, and whether signatures are computed.
#
# usage: same_bytes.sh PROBITY OTHER      two builds of the program, as a release and a debug one
set -euo pipefail
probity=$(realpath "$1")
other=$(realpath "$2")
scenarios=$(realpath "$(dirname "$0")/../../simulations/scenarios")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"

sed 's/^epochs = .*/epochs = 2/' "$scenarios/first.toml" > elided.toml
sed 's/^epochs = .*/epochs = 2\nmode = "verified"/' "$scenarios/first.toml" > verified.toml
axis='tasks.value=700,2000'
sweep() { "$1" --quiet sim sweep "$2" --param "$axis" --replicates 3 --epochs --seed same "${@:3}" > /dev/null; }
# What does not name the build that made it.
results='config.toml plan.json runs.csv runs.parquet epochs.csv epochs.parquet summary.json report.html'

sweep "$probity" elided.toml --jobs 1 --out one
sweep "$probity" elided.toml --jobs 3 --out threads
sweep "$other" elided.toml --jobs 2 --out build
"$probity" --quiet sim plan elided.toml --param "$axis" --replicates 3 --epochs --seed same --out shards > /dev/null
for shard in 3/4 1/4 4/4 2/4; do
  "$probity" --quiet sim run shards --shard "$shard" > /dev/null
done
"$probity" --quiet sim merge shards > /dev/null
for made in threads build shards; do
  for name in $results; do
    cmp "one/$name" "$made/$name"
  done
done

# With every signature computed the settings say so, and the numbers and roots are the same.
sweep "$probity" verified.toml --jobs 2 --out verified
cut -d, -f2- one/runs.csv > one.numbers
cut -d, -f2- verified/runs.csv > verified.numbers
cmp one.numbers verified.numbers
cmp one/epochs.csv verified/epochs.csv

"$probity" --quiet sim replay one --run 4 --on-node > /dev/null
echo "$(wc -l < one.numbers) lines of numbers, the same with 1 and 3 threads, in 1 and 4 shards, from two builds," \
  'elided and verified; and a node takes a run to its root'
