"""Writes `tests/config/verdicts.jsonl`: what the real redis-server and redis-sentinel 7.0.15 make of configurations of our
own. A line has the files, the words behind the program's name, and the verdict; bytes stand as characters U+0000 to U+00FF.

    python3 tests/config/record.py > tests/config/verdicts.jsonl

Only what does not depend on the machine is recorded: files lie in a directory of their own, shown as `<DIR>`.
"""

import json
import os
import re
import subprocess

from cases import CASES
from oracle import isolated, parse_error, scratch_directory

SHOWN = ("name", "ip", "port", "quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs", "num-slaves",
         "num-other-sentinels", "config-epoch")


def run(kind, files, words, folder):
    """Starts the program; the answers of a server that is up, or the error of one that is not."""
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode("latin1"))
    program = "redis-sentinel" if kind == "sentinel" else "redis-server"
    process = subprocess.Popen(isolated([program, *words]), cwd=folder, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        output, _ = process.communicate(timeout=0.7)
    except subprocess.TimeoutExpired:
        return ask(kind, files, words, folder, process)
    if process.returncode == -11:
        return {"accepted": False, "line": None, "quoted": None, "message": "crashed with signal 11"}
    error = parse_error(output)
    return {"accepted": False, **error}


def ask(kind, files, words, folder, process):
    """What a running server says of itself, from inside its network."""
    inside = ["nsenter", "-t", str(process.pid), "-n"]
    port = 26379 if kind == "sentinel" else 6379

    def call(*command):
        asked = [*inside, "redis-cli", "-p", str(port), "--no-raw", "--json", "-3", *command]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            return None
        return answer if isinstance(answer, (dict, list)) else None

    try:
        if kind == "redis":
            # Nothing is told to those without a password.
            return {"accepted": True, "values": call("CONFIG", "GET", "*")}
        masters = call("SENTINEL", "MASTERS")
        masters = masters and sorted(({key: master[key] for key in SHOWN} for master in masters), key=lambda one: one["name"])
        with open(os.path.join(folder, words[0]), encoding="latin1") as file:
            after = file.read().replace(folder, "<DIR>")
        if "sentinel myid" not in files[words[0]]:
            after = re.sub("(?m)^sentinel myid .*$", "sentinel myid <MYID>", after)
        return {"accepted": True, "masters": masters, "after": after}
    finally:
        process.kill()
        process.communicate()


def main():
    with scratch_directory() as folder:
        defaults = run("redis", {"a.conf": ""}, ["a.conf"], folder)["values"]
    for kind, files, words in CASES:
        with scratch_directory() as folder:
            verdict = run(kind, files, words, folder)
            if values := verdict.pop("values", None):
                changed = {name: value for name, value in values.items() if name != "dir" and value != defaults[name]}
                verdict["changed"] = changed
            text = json.dumps({"kind": kind, "files": files, "words": words, **verdict}, ensure_ascii=True)
            print(text.replace(folder, "<DIR>"))


main()
