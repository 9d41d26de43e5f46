#!/usr/bin/env bash
# Plays a sweep as a Slurm array, and merges it when the array has ended. Prints the id of the job that merges; what it tells is in
# $ROWS/merge.log. The same command goes on where an array was cancelled or failed.
set -euo pipefail

# Values to change, here or in the environment. All nodes have to see these paths.
export SPLITBRAIN=${SPLITBRAIN:-$PWD/target/release/splitbrain}
export SWEEP=${SWEEP:-$PWD/scenarios/sweeps/stalls.toml}
export ROWS=${ROWS:-$PWD/runs/slurm}
export SEEDS=${SEEDS:-}     # those of the file if empty
export SHARDS=${SHARDS:-8}  # at most the MaxArraySize of the cluster, which is 1001 if nobody has set it
export TRIES=${TRIES:-3}    # of a shard that was killed
CPUS=${CPUS:-1}             # processors, and threads, of a shard

# What is wrong with the input is told here, and not by every shard.
"$SPLITBRAIN" explore "$SWEEP" ${SEEDS:+--seeds "$SEEDS"} --out "$ROWS" --plan >/dev/null
array=$(sbatch --parsable --array="0-$((SHARDS - 1))" --cpus-per-task="$CPUS" --output="$ROWS/shard-%a.log" "$(dirname "$0")/shard.sbatch")
# After any end of the array: `merge` is strict, and names what is missing.
sbatch --parsable --job-name=splitbrain-merge --dependency="afterany:$array" --output="$ROWS/merge.log" \
    --wrap '"$SPLITBRAIN" merge "$ROWS"'
