#!/usr/bin/env bash
# Puts the real output of one scenario into the README. Run it after anything that changes a number or the table, and
# read the difference before committing it. `tests/tests/readme.rs` fails if it was forgotten.
set -euo pipefail
cd "$(dirname "$0")/.."

scenario=scenarios/classic/master-isolated.toml
output=$(mktemp)
page=$(mktemp)
trap 'rm -f "$output" "$page"' EXIT

# A verdict other than "pass" is output as well; a wrong input or a bug is not.
status=0
cargo run --release --quiet -- run "$scenario" --quick --color never --no-save >"$output" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then
  echo "the command ended with $status" >&2
  exit 1
fi

# The block of the scenario, without the closing line and the empty lines around it.
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
' README.md >"$page"
cat "$page" >README.md
