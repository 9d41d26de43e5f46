#!/usr/bin/env python3
"""Plays a sweep on a Ray cluster: `splitbrain_ray.py SWEEP --out FOLDER`, and ends as `splitbrain merge FOLDER` does.

A task is a shard. It brings the command and the sweep's files with it, plays in a folder of its own, and returns its
row files; nodes share nothing. The driver keeps a bounded number of tasks under way, tries again what was lost, puts
each file under its name when it is whole, so that the same command goes on where an earlier one ended.

Exit codes: those of `merge`; 2 and 4 of a shard; 6 if something failed for good that the sweep has no part in; 130.
"""

import argparse
import collections
import contextlib
import ctypes
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import uuid

# Exit codes of a shard that it would have anywhere: wrong input, a bug. Whatever else is not 0 may be the machine.
FINAL = {2, 4}
BUG = 4
MACHINE = 6
INTERRUPTED = 130


class Stop(Exception):
    """The sweep cannot go on: an exit code, and why."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


@dataclasses.dataclass(frozen=True)
class Job:
    """What a node needs to play shards of a sweep."""

    binary: bytes | None  # the command itself, or
    installed: str | None  # where it is on every node
    sha256: str
    files: dict[str, bytes]
    sweep: str
    seeds: list[str]
    shards: int
    threads: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a task. Without an exit code it was lost, with its worker or node."""

    code: int | None
    said: str
    node: str = ""
    rows: dict[str, bytes] = dataclasses.field(default_factory=dict)


# --- on a node


@contextlib.contextmanager
def task_folder():
    """A folder for a task. What killed tasks left on this machine is removed first: nobody holds its lock any more."""
    for lock in pathlib.Path(tempfile.gettempdir()).glob("splitbrain-task-*/lock"):
        with contextlib.suppress(OSError), open(lock) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)
    with tempfile.TemporaryDirectory(prefix="splitbrain-task-") as path:
        place = pathlib.Path(path)
        with open(place / "new", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.rename(place / "new", place / "lock")
            yield place


def install(job, place):
    """The command, if it is the one that made the plan."""
    path = pathlib.Path(job.installed) if job.installed else place / "splitbrain"
    if job.binary is not None:
        path.write_bytes(job.binary)
        path.chmod(0o755)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != job.sha256:
        raise RuntimeError(f"{path} is not the command that made the plan: sha256 {found}, and not {job.sha256}")
    return path


def die_with_parent():
    """In a child: SIGKILL when the worker ends, however it ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def play(job, shard, node):
    """Plays a shard."""
    with task_folder() as place:
        binary = install(job, place)
        for name, content in job.files.items():
            (place / "sweep" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "sweep" / name).write_bytes(content)
        command = [binary, "explore", job.sweep, *job.seeds, "--shard", f"{shard}/{job.shards}", "--out", "../rows"]
        command += ["--jobs", str(job.threads), "--quiet"]
        done = subprocess.run(
            command, cwd=place / "sweep", stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=die_with_parent
        )
        said = done.stderr.decode(errors="replace").strip()[-2000:]
        files = (place / "rows").glob("rows-*.jsonl") if done.returncode == 0 else []
        return Outcome(done.returncode, said, node, {file.name: file.read_bytes() for file in files})


# --- where the rows go


def pieces_of(pieces, shard, shards):
    """The files of a shard, as `explore --plan` lists those of the whole plan."""
    return pieces[len(pieces) * shard // shards : len(pieces) * (shard + 1) // shards]


def gather(folder, expected, rows):
    """Puts the files of a shard into a folder, each whole and once. One that is there has to be the same."""
    if sorted(rows) != sorted(expected):
        raise Stop(BUG, f"a shard wrote {sorted(rows)}, and not {sorted(expected)}")
    for name, content in sorted(rows.items()):
        path = folder / name
        if path.exists():
            if path.read_bytes() != content:
                raise Stop(
                    BUG,
                    f"{path} came out otherwise when it was played again: a bug, or another build wrote it",
                )
            continue
        hidden = folder / f".{name}~{uuid.uuid4().hex}"
        with open(hidden, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(hidden, path)


def hand_out(shards, submit, wait, take, window, tries):
    """Plays shards with at most `window` tasks under way, each up to `tries` times. How many tasks were tried again."""
    waiting = collections.deque((shard, 1) for shard in shards)
    under_way = {}
    again = 0
    while waiting or under_way:
        while waiting and len(under_way) < window:
            shard, attempt = waiting.popleft()
            under_way[submit(shard)] = (shard, attempt)
        task, outcome = wait(list(under_way))
        shard, attempt = under_way.pop(task)
        if outcome.code == 0:
            take(shard, outcome)
            continue
        what = "was lost" if outcome.code is None else f"ended with {outcome.code} on {outcome.node}"
        if outcome.code in FINAL:
            raise Stop(outcome.code, f"shard {shard} {what}: {outcome.said}")
        if attempt == tries:
            raise Stop(MACHINE, f"shard {shard} {what}, {tries} times: {outcome.said}")
        note(f"shard {shard} {what}, and is tried again: {outcome.said}")
        again += 1
        waiting.append((shard, attempt + 1))
    return again


# --- the driver


def seeds_of(given):
    """As words of `explore`."""
    return ["--seeds", given.seeds] if given.seeds else []


def job_of(given, plan):
    """Everything that is sent to the nodes."""
    binary = pathlib.Path(given.binary).read_bytes()
    files = [os.path.abspath(file) for file in plan["files"]]
    root = os.path.commonpath([os.path.dirname(file) for file in files])
    return Job(
        binary=None if given.installed else binary,
        installed=given.installed,
        sha256=hashlib.sha256(binary).hexdigest(),
        files={os.path.relpath(file, root): pathlib.Path(file).read_bytes() for file in files},
        sweep=os.path.relpath(given.sweep, root),
        seeds=seeds_of(given),
        shards=min(given.shards or len(plan["pieces"]), len(plan["pieces"])),
        threads=given.cpus,
    )


def on_ray(given, job, shards, take):
    """Hands out shards to the nodes of a Ray cluster. How many tasks were tried again."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    ray.init(address=given.address, log_to_driver=False, configure_logging=False)
    # SIGTERM as Ctrl-C, and not as Ray would have it: who ends commands so wants to go on later. Only noted here: an exception
    # that comes up in one of Ray's callbacks is lost there.
    stops = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stops.append(number))
    # Ray's own retries would hide what was lost.
    remote = ray.remote(num_cpus=given.cpus, max_retries=0, scheduling_strategy="SPREAD")(on_node)
    shipped = ray.put(job)
    under_way = set()

    def submit(shard):
        task = remote.remote(shipped, shard)
        under_way.add(task)
        return task

    def wait(tasks):
        ended = []
        while not ended:
            if stops:
                raise KeyboardInterrupt
            ended = ray.wait(tasks, num_returns=1, timeout=0.1)[0]
        task = ended[0]
        under_way.discard(task)
        try:
            return task, ray.get(task)
        except ray.exceptions.RayError as error:
            return task, Outcome(None, str(error).strip().splitlines()[-1])

    window = given.window or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)) // given.cpus)
    try:
        return hand_out(shards, submit, wait, take, window, given.tries)
    finally:
        # Whoever is interrupted ends the command and removes its folder.
        for task in under_way:
            ray.cancel(task)
        if under_way:
            ray.wait(list(under_way), num_returns=len(under_way), timeout=10)
        ray.shutdown()


def on_node(job, shard):
    """The task."""
    import ray

    return play(job, shard, ray.get_runtime_context().get_node_id())


def positive(text):
    """A number of the command line."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def arguments(given=None):
    """The command line."""
    whole = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def add(name, metavar, told, **more):
        whole.add_argument(name, metavar=metavar, help=told, **more)

    built = shutil.which("splitbrain") or "target/release/splitbrain"
    add("sweep", "SWEEP", "the sweep")
    add("--out", "FOLDER", "for the rows; what is there is not played again", required=True, type=pathlib.Path)
    add("--seeds", "N|A..B", "as of `splitbrain explore`")
    add("--binary", "FILE", f"the command that is sent to the nodes; {built} if not given", default=built)
    add("--installed", "PATH", "do not send it: it is there on every node, and has to be the same")
    add("--address", "HOST:PORT", "of the cluster; the one of this machine, or a new one, if not given")
    add("--shards", "N", "tasks; one for each piece of the plan (at most 1024) if not given", type=positive)
    add("--cpus", "N", "processors, and threads, of a task", type=positive, default=1)
    add("--window", "N", "tasks under way; two for each that fits into the cluster if not given", type=positive)
    add("--tries", "N", "how often a task is tried, unless it ends with 0, 2 or 4", type=positive, default=5)
    return whole.parse_args(given)


def note(text):
    """For whoever waits."""
    print(f"splitbrain_ray: {text}", file=sys.stderr, flush=True)


def main(given):
    """The command; its exit code."""
    planning = [given.binary, "explore", given.sweep, *seeds_of(given), "--out", given.out, "--plan"]
    planned = subprocess.run(planning, stdout=subprocess.PIPE)
    if planned.returncode != 0:
        return planned.returncode
    plan = json.loads(planned.stdout)
    if plan["rounds"] > 1:
        note("this sweep has rounds, each made of the rows before it: `splitbrain explore SWEEP --shard I/N --round R` plays one")
        return 2
    job = job_of(given, plan)
    expected = [pieces_of(plan["pieces"], shard, job.shards) for shard in range(job.shards)]
    missing = [shard for shard, files in enumerate(expected) if not all((given.out / file).exists() for file in files)]
    note(f"{plan['runs']} runs in {job.shards} shards, {job.shards - len(missing)} of them there already")
    played = collections.Counter()

    def take(shard, outcome):
        gather(given.out, expected[shard], outcome.rows)
        played[outcome.node] += 1

    try:
        again = on_ray(given, job, missing, take) if missing else 0
    except Stop as stop:
        note(str(stop))
        return stop.code
    except KeyboardInterrupt:
        note(f"interrupted; the same command goes on from {given.out}")
        return INTERRUPTED
    nodes = ", ".join(f"{count} on {node[:8]}" for node, count in sorted(played.items()))
    note(f"{played.total()} shards played ({nodes or 'none'}), {again} tried again")
    return subprocess.run([given.binary, "merge", given.out]).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(arguments()))
    except Exception as error:  # 1 would be a verdict
        if not isinstance(error, (OSError, ImportError)):
            traceback.print_exc()
        note(str(error))
        sys.exit(MACHINE)
