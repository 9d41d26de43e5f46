"""What needs no cluster: how shards are handed out, and how their files are put into the folder."""

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import splitbrain_ray as engine
from splitbrain_ray import Outcome, Stop

HERE = pathlib.Path(__file__).parent


class Tasks:
    """Tasks that end in the order in which they were begun: as `outcomes` of (shard, attempt) says, else with 0."""

    def __init__(self, outcomes=None):
        self.outcomes = outcomes or {}
        self.begun = []
        self.taken = []
        self.most = 0

    def submit(self, shard):
        self.begun.append(shard)
        return (shard, self.begun.count(shard))

    def wait(self, tasks):
        self.most = max(self.most, len(tasks))
        return tasks[0], self.outcomes.get(tasks[0], Outcome(0, "", "node"))

    def hand_out(self, shards, window=3, tries=3):
        take = lambda shard, outcome: self.taken.append(shard)  # noqa: E731
        return engine.hand_out(shards, self.submit, self.wait, take, window, tries)


class HandingOut(unittest.TestCase):
    def test_no_more_tasks_than_the_window_are_under_way_and_each_shard_is_taken_once(self):
        tasks = Tasks()
        self.assertEqual(tasks.hand_out(range(20)), 0)
        self.assertEqual((tasks.most, sorted(tasks.taken)), (3, list(range(20))))

    def test_what_is_lost_or_killed_is_tried_again(self):
        tasks = Tasks(
            {(4, 1): Outcome(None, "the node died"), (4, 2): Outcome(-9, ""), (6, 1): Outcome(6, "disk full")}
        )
        self.assertEqual(tasks.hand_out(range(8)), 3)
        self.assertEqual((sorted(tasks.taken), tasks.begun.count(4)), (list(range(8)), 3))

    def test_wrong_input_and_bugs_are_not_tried_again(self):
        for code in [2, 4]:
            tasks = Tasks({(1, 1): Outcome(code, "line 3: no such setting")})
            with self.assertRaisesRegex(Stop, "line 3: no such setting") as stopped:
                tasks.hand_out(range(8))
            self.assertEqual((stopped.exception.code, tasks.begun.count(1)), (code, 1))

    def test_what_is_lost_again_and_again_ends_the_sweep(self):
        tasks = Tasks({(1, attempt): Outcome(None, "lost") for attempt in range(9)})
        with self.assertRaisesRegex(Stop, "shard 1 was lost, 3 times") as stopped:
            tasks.hand_out(range(8))
        self.assertEqual((stopped.exception.code, tasks.begun.count(1)), (6, 3))


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_files_are_put_there_once_and_whole(self):
        rows = {"rows-0.jsonl": b"a", "rows-1.jsonl": b"b"}
        engine.gather(self.folder, list(rows), rows)
        engine.gather(self.folder, list(rows), rows)
        self.assertEqual({file.name: file.read_bytes() for file in self.folder.iterdir()}, rows)

    def test_a_file_that_comes_out_otherwise_is_a_bug_and_the_first_stays(self):
        engine.gather(self.folder, ["rows-0.jsonl"], {"rows-0.jsonl": b"a"})
        with self.assertRaisesRegex(Stop, "otherwise") as stopped:
            engine.gather(self.folder, ["rows-0.jsonl"], {"rows-0.jsonl": b"b"})
        self.assertEqual((stopped.exception.code, (self.folder / "rows-0.jsonl").read_bytes()), (4, b"a"))

    def test_a_shard_that_wrote_something_else_is_not_gathered(self):
        with self.assertRaises(Stop):
            engine.gather(self.folder, ["rows-0.jsonl"], {"rows-1.jsonl": b"a"})
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_pieces_of_all_shards_are_those_of_the_plan(self):
        pieces = [f"rows-{piece}" for piece in range(34)]
        for shards in [1, 7, 34]:
            parts = [engine.pieces_of(pieces, shard, shards) for shard in range(shards)]
            self.assertEqual([file for part in parts for file in part], pieces)


class OnANode(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = folder.name
        self.folder = pathlib.Path(folder.name)

    def job(self, script, sha256=None):
        binary = f"#!/bin/sh\n{script}\n".encode()
        sha256 = sha256 or hashlib.sha256(binary).hexdigest()
        return engine.Job(binary, None, sha256, {"deep/a.toml": b"x"}, "deep/a.toml", ["--seeds", "9"], 8, 2)

    def test_a_task_returns_its_rows_and_leaves_nothing(self):
        job = self.job(
            'mkdir ../rows; cat "$2" >../rows/rows-0.jsonl; echo "$@" >>../rows/rows-0.jsonl; touch ../rows/.rows-1~2'
        )
        rows = b"xexplore deep/a.toml --seeds 9 --shard 3/8 --out ../rows --jobs 2 --quiet\n"
        self.assertEqual(engine.play(job, 3, "n"), Outcome(0, "", "n", {"rows-0.jsonl": rows}))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_task_that_fails_says_why_and_returns_no_rows(self):
        told = engine.play(self.job("mkdir ../rows; echo x >../rows/rows-0.jsonl; echo why >&2; exit 2"), 0, "n")
        self.assertEqual(told, Outcome(2, "why", "n", {}))
        self.assertEqual(engine.play(self.job("kill -9 $$"), 0, "n").code, -signal.SIGKILL)

    def test_another_command_than_that_of_the_plan_is_not_started(self):
        with self.assertRaisesRegex(RuntimeError, "not the command that made the plan"):
            engine.play(self.job("exit 0", sha256="0" * 64), 0, "n")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_a_killed_task_left_is_removed_and_what_another_one_uses_is_not(self):
        script = (
            "import signal, splitbrain_ray\n"
            "with splitbrain_ray.task_folder() as place:\n    print(place, flush=True)\n    signal.pause()\n"
        )
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True
        ) as task:
            self.addCleanup(task.kill)
            used = pathlib.Path(task.stdout.readline().strip())
            with engine.task_folder() as mine:
                self.assertEqual(set(self.folder.iterdir()), {used, mine})
            task.kill()
        with engine.task_folder() as mine:
            self.assertEqual(list(self.folder.iterdir()), [mine])


if __name__ == "__main__":
    sys.exit(unittest.main())
