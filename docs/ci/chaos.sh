#!/bin/sh
# Chaos regression in CI, for any CI that has a shell.
#
#   chaos.sh pull-request    kept failures, seeds derived from the commit, and a comparison with the baseline
#   chaos.sh nightly         seeds derived from the date, for a time budget
#   chaos.sh baseline        writes the baseline that pull requests are compared with (run it on the main branch)
#
# Settings from the environment, with what holds if they are not there:
SPLITBRAIN=${SPLITBRAIN:-splitbrain}   # the command
SCENARIOS=${SCENARIOS:-scenarios}      # files and folders
KEPT=${KEPT:-kept}                     # failures that `splitbrain run` saved and somebody committed
BASELINE=${BASELINE:-baseline.json}    # what `chaos.sh baseline` wrote
SEEDS=${SEEDS:-200}                    # seeds of a commit
COMPARED=${COMPARED:-100}              # seeds of the comparison
BUDGET=${BUDGET:-30m}                  # time of a night
OUT=${OUT:-chaos-out}                  # reports and new failures
#
# Exits as splitbrain does: 1 an expectation was not met or a number has become worse, 2 wrong input, 3 undecided, 4 a bug of
# splitbrain, 5 a kept failure behaves otherwise than it did. Of several, the first in the order 4, 2, 1, 5, 3.
set -u
mkdir -p "$OUT"
seen=" "

# Runs a command and remembers how it ended.
ran() {
    status=0
    "$@" || status=$?
    seen="$seen$status "
}

worst() {
    for status in 130 4 2 1 5 3; do
        case $seen in *" $status "*) exit "$status" ;; esac
    done
    exit 0
}

case ${1:-} in
pull-request)
    # A kept failure has to show again (1), or it is no longer what it was (5): then somebody has to look at it, and either
    # delete it or keep the new one.
    for file in "$KEPT"/*.json; do
        test -e "$file" || continue
        status=0
        "$SPLITBRAIN" replay "$file" || status=$?
        case $status in 1) ;; 0) seen="${seen}5 " ;; *) seen="$seen$status " ;; esac
    done
    # Other seeds for every commit, the same for the same commit.
    commit=$(git rev-parse HEAD | cut -c1-10)
    first=$((0x$commit))
    ran "$SPLITBRAIN" run $SCENARIOS --seeds "$first..$((first + SEEDS))" --junit "$OUT/junit.xml" --save "$OUT/failures"
    if test -e "$BASELINE"; then
        ran "$SPLITBRAIN" run $SCENARIOS --seeds "$COMPARED" --quiet --no-save --compare "$BASELINE" >"$OUT/comparison.md"
        cat "$OUT/comparison.md"
    fi
    ;;
nightly)
    first=$(($(date -u +%Y%m%d) * 1000000))
    ran "$SPLITBRAIN" run $SCENARIOS --for "$BUDGET" --from "$first" --check-determinism 1% \
        --junit "$OUT/junit.xml" --save "$OUT/failures"
    ;;
baseline)
    ran "$SPLITBRAIN" run $SCENARIOS --seeds "$COMPARED" --quiet --no-save --json "$BASELINE" --runs
    ;;
*)
    sed -n '2,7p' "$0" >&2
    exit 2
    ;;
esac
worst
