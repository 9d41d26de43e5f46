#!/usr/bin/env bash
# Puts real output into the README, docs/fidelity.md, docs/history.md, docs/check.md, docs/explore.md, docs/clients.md,
# docs/testing.md and docs/hosted.md; with --claims it makes docs/claims.md,
# with --detection the table of docs/detection.md. Run it after anything that changes a number or a table, and read the
# difference before committing it. `tests/tests/readme.rs` fails if the README's was forgotten, `tests/tests/clients_page.rs` if
# that of the client libraries was, `tests/tests/claims.rs` if what the claims say was.
# docs/explore-rows.md is made by `engines/rows/check.py --write`, which `.ci/engines` prepares.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
page=$(mktemp)
rows=$(mktemp -d)
trap 'rm -rf "$output" "$page" "$rows"' EXIT

# Runs the command into $output. A verdict other than "pass" is output as well; a wrong input or a bug is not.
splitbrain() {
  local status=0
  cargo run --release --quiet -- "$@" --color never >"$output" || status=$?
  if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then
    echo "the command ended with $status" >&2
    exit 1
  fi
}

# Puts $output between the marks of a page, without the closing line of `run` and the empty lines around it.
fill() {
  awk -v output="$output" '
    /<!-- output:begin -->/ {
      print; print "```text"
      while ((getline line < output) > 0) {
        if (line ~ /^[0-9]+ scenarios?: /) break
        if (line == "") { gap = gap "\n"; continue }
        print gap line; gap = ""
      }
      print "```"
      inside = 1
    }
    /<!-- output:end -->/ { inside = 0 }
    !inside && !/<!-- output:begin -->/ { print }
  ' "$1" >"$page"
  cat "$page" >"$1"
}

splitbrain run scenarios/classic/master-isolated.toml --quick --no-save
fill README.md
splitbrain history checker/tests/histories/split-brain-register.jsonl --text
fill docs/history.md
splitbrain check docs/examples/pair
fill docs/check.md
splitbrain explore scenarios/sweeps/stalls.toml --out "$rows"
fill docs/explore.md
splitbrain conform tests/recordings
fill docs/fidelity.md
SPLITBRAIN_REGENERATE=1 cargo test --release --quiet -p splitbrain-tests --test clients_page
SPLITBRAIN_REGENERATE=1 cargo test --release --quiet -p splitbrain-cli --test ci_recipes
(cd hosted/redis-rs && ./prepare.sh && SPLITBRAIN_REGENERATE=1 cargo test --quiet --test naive)

# The claims take five minutes, and are played where they are asked for.
if [ "${1:-}" = "--claims" ]; then
  cargo run --release --quiet -p splitbrain-tests --example claims >"$output"
  cat "$output" >docs/claims.md
fi

# The table of planted bugs takes a quarter of an hour, and is made where it is asked for.
if [ "${1:-}" = "--detection" ]; then
  cargo run --release --quiet --features planted -p splitbrain-tests --example detection >"$output"
  awk -v output="$output" '
    /<!-- detection:begin -->/ {
      print
      print "| bug | the slip | looked for in | noticed by | first | median | p90 | seeds |"
      print "|---|---|---|---|---|---|---|---|"
      while ((getline line < output) > 0) print line
      inside = 1
    }
    /<!-- detection:end -->/ { inside = 0 }
    !inside && !/<!-- detection:begin -->/ { print }
  ' docs/detection.md >"$page"
  cat "$page" >docs/detection.md
fi
