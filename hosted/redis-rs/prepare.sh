#!/bin/sh
# Copies redis-rs from Cargo's registry into vendor/ and changes what it takes to have its own Sentinel client in the
# simulation; prints the difference. The copy is no part of this repository (redis-rs is BSD-3-Clause). Needs no network once
# `cargo fetch` has run in ../.
set -eu
cd "$(dirname "$0")"
# The version that ../Cargo.toml names; Cargo knows where it lies, and fetches it if it is not there.
from=$(cd .. && cargo metadata --format-version 1 --locked |
    grep -o '"manifest_path":"[^"]*/redis-[0-9][^"/]*/Cargo.toml"' | head -n 1 | cut -d '"' -f 4)
from=$(dirname "$from")
test -d "$from/src" || { echo "redis-rs is not in Cargo's registry" >&2; exit 1; }
rm -rf vendor
mkdir -p vendor/redis
cp -r "$from/src" "$from/LICENSE" vendor/redis/

# tokio is renamed. Of the manifest go what is for wasm and for its own tests, examples and benches, which are not copied.
awk '
    /^\[/ { gone = /^\[\[(example|test|bench)\]\]/ || /dev-dependencies/ || /^\[target.*wasi/ }
    /^\[/ { tokio = $0 == "[dependencies.tokio]" }
    tokio && /^version = / { print "package = \"splitbrain-tokio\"\npath = \"../../../tokio\""; next }
    !gone { print }
' "$from/Cargo.toml" >vendor/redis/Cargo.toml

# The socket goes by way of std to have its options set. A simulated one is none of the system's; it has the one option itself.
sed -i -e 's|let std_socket = socket.into_std()?;|socket.set_nodelay(tcp_settings.nodelay())?;|' \
    -e '/let std_socket = crate::io::tcp::stream_with_settings/d' \
    -e 's|TcpStreamTokio::from_std(std_socket)|Ok(socket)|' vendor/redis/src/aio/tokio.rs

diff -ru "$from/src" vendor/redis/src || true
