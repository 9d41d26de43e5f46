#!/usr/bin/env bash
# GNU parallel on this machine, with a shard that dies once: the digest of the serial run.
# SPLITBRAIN is the command, SEEDS those to play, DIGEST what has to come out.
set -euo pipefail
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export SCRATCH=$scratch COMMAND=$SPLITBRAIN
# The first attempt at shard 3 of 8 is killed in the middle.
cat >"$scratch/splitbrain" <<'COMMAND'
#!/usr/bin/env bash
if [[ " $* " == *" --shard 3/8 "* ]] && mkdir "$SCRATCH/died" 2>/dev/null; then kill -9 $$; fi
exec "$COMMAND" "$@"
COMMAND
chmod +x "$scratch/splitbrain"

told=$(SPLITBRAIN=$scratch/splitbrain SHARDS=8 ROWS=$scratch/rows engines/parallel/sweep.sh)
test -d "$scratch/died"
grep -q "digest $DIGEST" <<<"$told"

# Wrong input is told once, and not tried.
status=0
SWEEP=$scratch/nowhere.toml ROWS=$scratch/none engines/parallel/sweep.sh 2>"$scratch/said" || status=$?
test "$status" -eq 2 && test "$(grep -c nowhere.toml "$scratch/said")" -eq 1
echo "parallel: 8 shards, one of which died once, give $DIGEST"
