#!/usr/bin/env bash
# Plays a sweep with GNU parallel, and ends as `splitbrain merge` does. The same command goes on where it was interrupted.
set -euo pipefail

# Values to change, here or in the environment.
SPLITBRAIN=${SPLITBRAIN:-target/release/splitbrain}
SWEEP=${SWEEP:-scenarios/sweeps/stalls.toml}
ROWS=${ROWS:-runs/parallel}
SEEDS=${SEEDS:-}       # those of the file if empty
SHARDS=${SHARDS:-40}
TRIES=${TRIES:-3}      # of a shard that was killed
JOBS=${JOBS:-100%}     # at the same time: one for each processor

# What is wrong with the input is told here, and not by every shard.
"$SPLITBRAIN" explore "$SWEEP" ${SEEDS:+--seeds "$SEEDS"} --out "$ROWS" --plan >/dev/null
seq 0 "$((SHARDS - 1))" | parallel --quote --retries "$TRIES" --jobs "$JOBS" --joblog "$ROWS/parallel.log" \
    "$SPLITBRAIN" explore "$SWEEP" ${SEEDS:+--seeds "$SEEDS"} --out "$ROWS" --quiet --shard "{}/$SHARDS" --jobs 1 || true
# Strict: if shards failed for good, it says what is missing.
"$SPLITBRAIN" merge "$ROWS"
