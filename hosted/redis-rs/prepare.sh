#!/bin/sh
# Copies redis-rs from Cargo's registry into vendor/ and changes what it takes to have its own Sentinel client in the
# simulation: one renamed dependency, and the three lines in which it goes from tokio's socket to std's and back to set
# options (a simulated socket is none of the system's).
set -eu
cd "$(dirname "$0")"
version=1.8.1
# The registry has it as soon as anything depends on it.
(cd .. && cargo fetch --quiet)
from=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -maxdepth 2 -type d -name "redis-$version" | head -n 1)
test -n "$from" || { echo "redis-$version is not in Cargo's registry" >&2; exit 1; }
rm -rf "vendor/redis-$version"
mkdir -p vendor
cp -r "$from" "vendor/redis-$version"
cd "vendor/redis-$version"
rm -f Cargo.lock
sed -i -e '/^\[dependencies\.tokio\]$/,/^$/ s|^version = .*|package = "splitbrain-tokio"\npath = "../../../tokio"|' \
    -e '/^\[target.*dependencies\.tokio\]$/,/^$/d' -e '/^\[dev-dependencies\.tokio\]$/,/^$/d' Cargo.toml
sed -i -e '/socket\.into_std()/d' -e '/stream_with_settings(std_socket/d' \
    -e 's|TcpStreamTokio::from_std(std_socket)|Ok(socket)|' src/aio/tokio.rs
diff -ru "$from" . | grep -E '^[-+]' || true
