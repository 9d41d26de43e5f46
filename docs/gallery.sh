#!/usr/bin/env bash
# Makes the pictures of docs/gallery.md: the pages that the command writes, as Debian's Chromium shows them. CHROMIUM names
# another browser.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Exit codes 1 and 3 are verdicts.
splitbrain() {
  local status=0
  cargo run --release --quiet -- "$@" --quiet >/dev/null || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 1 ] || [ "$status" -eq 3 ]
}

# A page as a picture so many pixels high, light or dark.
picture() {
  local dark=()
  [ "$3" = light ] || dark=(--blink-settings=preferredColorScheme=0)
  "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$folder/profile" --virtual-time-budget=5000 \
    "${dark[@]}" --window-size="1200,$2" --screenshot="$PWD/docs/gallery/$1.png" "file://$folder/$1.html" 2>/dev/null
}

mkdir -p docs/gallery
splitbrain run scenarios/classic/master-isolated.toml --seed 3 --no-save --html "$folder/run.html"
picture run 1000 light
cp "$folder/run.html" "$folder/run-dark.html"
picture run-dark 760 dark
splitbrain run scenarios/classic/master-isolated.toml scenarios/classic/master-killed.toml --quick --no-save --html "$folder/scenarios.html"
picture scenarios 1000 light
splitbrain explore scenarios/sweeps/stalls.toml --out "$folder/rows" --html "$folder/sweep.html"
picture sweep 1750 light
splitbrain check docs/examples/pair --html "$folder/check.html"
picture check 1900 light
splitbrain conform tests/recordings --html "$folder/conform.html"
picture conform 1000 light
splitbrain history checker/tests/histories/split-brain-register.jsonl --html "$folder/history.html"
picture history 1000 light
