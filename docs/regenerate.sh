#!/usr/bin/env bash
# Puts the real output of the README's first command into the README. Run it after anything that changes a verdict, a
# number or the table, and read the difference before committing it.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
page=$(mktemp)
trap 'rm -f "$output" "$page"' EXIT

cargo build --release --quiet
# A verdict other than "pass" is output as well; a wrong input or a bug is not.
status=0
cargo run --release --quiet -- run scenarios --color never --no-save >"$output" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 1 ] && [ "$status" -ne 3 ]; then
  echo "the command ended with $status" >&2
  exit 1
fi

awk -v output="$output" '
  /<!-- output:begin -->/ {
    print; print "```text"
    while ((getline line < output) > 0) print line
    print "```"
    inside = 1
  }
  /<!-- output:end -->/ { inside = 0 }
  !inside && !/<!-- output:begin -->/ { print }
' README.md >"$page"
cat "$page" >README.md
