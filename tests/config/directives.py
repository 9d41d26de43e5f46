"""Writes `model/src/conf/directives/table.rs`: what every directive of redis.conf takes, its default and its other name,
asked from the real redis-server 7.0.15 (`redis-server` in the PATH).

    python3 tests/config/directives.py > model/src/conf/directives/table.rs
"""

import concurrent.futures
import re
import subprocess
import sys

from oracle import Server, isolated, refusal

# Kinds that have rules of their own, and which cannot be told from their messages.
SPECIAL = {
    "appenddirname": "DirName", "appendfilename": "FileName", "bind": "Bind", "client-output-buffer-limit": "OutputBuffers",
    "cluster-announce-hostname": "Hostname", "dbfilename": "FileName", "dir": "Dir",
    "latency-tracking-info-percentiles": "Percentiles", "notify-keyspace-events": "Events",
    "oom-score-adj-values": "OomValues", "proc-title-template": "TitleTemplate", "replicaof": "ReplicaOf", "save": "Save",
}
HUGE = ("-9223372036854775808", "9223372036854775807", "99999999999999999999", "-1", "0", "1", "2147483648", "4294967296")


def names():
    """All directives: those that CONFIG GET lists, and the hidden ones, which it gives to those who know the name."""
    words = set(re.findall(r"^[a-z][a-z0-9_-]{2,45}$", subprocess.run(
        ["strings", "-n", "2", "/usr/bin/redis-check-rdb"], capture_output=True, text=True).stdout, re.M))
    with Server(["port 0", "unixsocket oracle.sock"]) as server:
        pairs = server.call("CONFIG", "GET", "*")
        known = dict(zip(pairs[::2], pairs[1::2]))
        words = sorted(words - set(known))
        for start in range(0, len(words), 500):
            pairs = server.call("CONFIG", "GET", *words[start:start + 500])
            known.update(zip(pairs[::2], pairs[1::2]))
    hidden = sorted(set(known) & set(words))
    known.update({"port": "6379", "unixsocket": "", "dir": ""})
    return known, hidden


def is_immutable(name, default):
    with Server(["port 0", "unixsocket oracle.sock"]) as server:
        answer = server.call("CONFIG", "SET", name, default)
        return "can't set immutable config" in answer


def message(name, value):
    error = refusal([f'{name} "{value}"'])
    return error["message"] if error else ""


def kind_of(name):
    """The kind as Rust, and a value other than the default for looking at what else changes."""
    first = message(name, "no such thing")
    if name in SPECIAL:
        return SPECIAL[name]
    if first == "argument must be 'yes' or 'no'":
        return "Bool" if not message(name, "yes") else "BoolNotYes"
    if first.startswith("argument(s) must be one of"):
        words = first.split(": ", 1)[1].split(", ")
        several = not message(name, f"{words[1]} {words[1]}")
        if several:
            return "ShutdownFlags"
        if name.startswith("tls-"):
            # Without certificates a server with these does not start; none of their words stand for another.
            same = words
        else:
            same = [readback(name, word) for word in words]
        shown = ", ".join(f'"{word}"' if word == back else f'"{word}={back}"' for word, back in zip(words, same))
        return f"Enum(&[{shown}])"
    if "octal" in first:
        return "Octal"
    number = {"argument couldn't be parsed into an integer": "Int", "argument must be a memory value": "Memory",
              "argument must be a memory or percent value": "MemoryOrPercent"}.get(first)
    if number == "MemoryOrPercent":
        return number
    if number:
        for value in HUGE:
            found = re.match(r"argument must be between (-?\d+) and (\d+) inclusive", message(name, value))
            if found:
                bounds = f"{rust(found[1])}, {rust(found[2])}"
                return f"{number}({bounds.replace('LONG', 'BYTES') if number == 'Memory' else bounds})"
        # Whatever fits is in range.
        return f"{number}({'0, u64::MAX' if number == 'Memory' else 'i64::MIN, i64::MAX'})"
    if first:
        raise SystemExit(f"{name}: unknown kind: {first}")
    return "Text"


def rust(number):
    names = {2**63 - 1: "LONG", 2**64 - 1: "u64::MAX", 2**31 - 1: "INT", 2**32 - 1: "UINT", 65535: "PORT", -2**31: "-INT - 1"}
    return names.get(int(number), number)


def readback(name, value):
    with Server(["port 0", "unixsocket oracle.sock", f'{name} "{value}"']) as server:
        answer = server.call("CONFIG", "GET", name)
        return answer[1] if answer else value


def other_name(name, known):
    """The name that means the same: it takes the same value at the same time."""
    swaps = [("slave", "replica"), ("replica", "slave"), ("ziplist", "listpack"), ("listpack", "ziplist")]
    for old, new in [*swaps, ("lua-time-limit", "busy-reply-threshold"), ("busy-reply-threshold", "lua-time-limit")]:
        other = name.replace(old, new)
        if other != name and other in known:
            return other
    return ""


def primary_names(known):
    """Of two names for one directive, the one that CONFIG REWRITE writes."""
    pairs = sorted({tuple(sorted((name, other_name(name, known)))) for name in known if other_name(name, known)})
    secondary = set()
    for pair in pairs:
        value = {"yes": "no", "no": "yes", "": "x 1"}.get(known[pair[0]], "77")
        if pair[0].endswith("-ip"):
            value = "x"
        with Server(["port 0", "unixsocket oracle.sock", f"{pair[0]} {value}", ""]) as server:
            answer = server.call("CONFIG", "GET", pair[1])
            assert answer and answer[1] == value, (pair, answer)
            server.call("CONFIG", "REWRITE")
            written = open(server.path).read()
            primary = next(name for name in pair if re.search(rf"^{name} ", written, re.M))
            secondary.add(pair[0] if primary == pair[1] else pair[1])
    return secondary


def empty_is_none(name, kind):
    """Whether an empty text is nothing at all: then CONFIG REWRITE leaves no line of it."""
    if kind != "Text" or name in ("unixsocket",):
        return False
    with Server(["port 0", "unixsocket oracle.sock", f'{name} ""', ""]) as server:
        if server.call("CONFIG", "REWRITE") != "OK":
            return False
        return not re.search(rf'^{name} ""', open(server.path).read(), re.M)


def main():
    known, hidden = names()
    secondary = primary_names(known)
    print(f"{len(known)} directives, hidden: {hidden}", file=sys.stderr)

    def row(name):
        kind = kind_of(name if name not in ("slaveof",) else "replicaof")
        flags = []
        if name in hidden:
            flags.append("HIDDEN")
        if is_immutable(name, known[name]):
            flags.append("IMMUTABLE")
        if name in secondary:
            flags.append("SECOND_NAME")
        if empty_is_none(name, kind):
            flags.append("EMPTY_IS_NONE")
        return name, kind, other_name(name, known), known[name], " | ".join(flags) or "0"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(row, sorted(known)))
    print("//! Generated by `tests/config/directives.py` from the real redis-server 7.0.15: name, other name, what it takes,")
    print("//! default, flags. In alphabetical order.")
    print()
    print("use super::{EMPTY_IS_NONE, HIDDEN, IMMUTABLE, Kind, SECOND_NAME};")
    print("use Kind::*;")
    print()
    print("const INT: i64 = i32::MAX as i64;\nconst UINT: i64 = u32::MAX as i64;\nconst PORT: i64 = u16::MAX as i64;")
    print("const LONG: i64 = i64::MAX;\nconst BYTES: u64 = i64::MAX as u64;\n")
    print("/// Name, other name or nothing, kind, default, flags.")
    print("pub(super) type Row = (&'static str, &'static str, Kind, &'static str, u8);\n")
    print("#[rustfmt::skip]\npub(super) const TABLE: &[Row] = &[")
    for name, kind, other, default, flags in rows:
        print(f'    ("{name}", "{other}", {kind}, "{default}", {flags}),')
    print("];")


main()
