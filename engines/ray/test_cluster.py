"""Of two nodes on this machine one is killed in the middle, and the driver is interrupted: the rows stay the same.

The command is that of SPLITBRAIN, or target/release/splitbrain.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
from ray.cluster_utils import Cluster  # noqa: E402

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("SPLITBRAIN", str(ROOT / "target/release/splitbrain"))
SWEEP = str(ROOT / "scenarios/sweeps/stalls.toml")
SEEDS = os.environ.get("SEEDS", "12")
PATIENCE = 120
NODE = {"num_cpus": 1, "object_store_memory": 150_000_000}


def rows(folder):
    return sorted(folder.glob("rows-*.jsonl"))


def digest(folder):
    told = subprocess.run([BINARY, "merge", folder, "--json", "-"], capture_output=True, check=True)
    return json.loads(told.stdout)["digest"]


class OnTwoNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Short: the names of Ray's sockets are paths.
        cls.scratch = pathlib.Path(tempfile.mkdtemp(prefix="sb-"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        # Nodes hand their environment on to tasks.
        os.environ.update(TMPDIR=str(cls.scratch / "tasks"), RAY_TMPDIR=str(cls.scratch))
        (cls.scratch / "tasks").mkdir()
        cls.serial = cls.scratch / "serial"
        subprocess.run([BINARY, "explore", SWEEP, "--seeds", SEEDS, "--out", cls.serial, "--quiet"], check=True)
        cls.cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
        cls.addClassCleanup(cls.cluster.shutdown)

    def start(self, sweep, out):
        words = [sweep, "--seeds", SEEDS, "--out", out, "--binary", BINARY, "--address", self.cluster.address]
        command = [sys.executable, HERE / "splitbrain_ray.py", *words]
        driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(driver.kill)
        return driver

    def wait_until(self, what, told):
        until = time.monotonic() + PATIENCE
        while not what():
            self.assertLess(time.monotonic(), until, told)
            time.sleep(0.02)

    def when_there_are(self, pieces, out):
        self.wait_until(lambda: len(rows(out)) >= pieces, f"{pieces} pieces")

    def assert_as_serial(self, out):
        self.assertEqual(digest(out), digest(self.serial))
        for file in rows(self.serial):
            self.assertEqual((out / file.name).read_bytes(), file.read_bytes(), file.name)

    def test_a_node_is_killed_and_nothing_is_lost(self):
        out = self.scratch / "killed"
        second = self.cluster.add_node(**NODE)
        self.cluster.wait_for_nodes()
        driver = self.start(SWEEP, out)
        self.when_there_are(3, out)
        # One for each node's processor.
        self.wait_until(lambda: len(os.listdir(os.environ["TMPDIR"])) == 2, "both nodes have a task")
        self.cluster.remove_node(second, allow_graceful=False)
        at_the_kill = len(rows(out))
        told, said = driver.communicate(timeout=PATIENCE)
        print(said, flush=True)
        self.assertEqual(driver.returncode, 0, said)
        self.assertIn("recommended:", told)
        self.assertLess(at_the_kill, len(rows(self.serial)), "the node was killed in the middle")
        played, again = map(int, re.search(r"(\d+) shards played .*, (\d+) tried again", said).groups())
        self.assertEqual(played, len(rows(self.serial)), "each once")
        self.assertGreaterEqual(again, 1, "something was lost with the node")
        self.assert_as_serial(out)
        self.assertEqual(os.listdir(os.environ["TMPDIR"]), [], "what the killed tasks left is removed")

    def test_ctrl_c_leaves_what_the_same_command_goes_on_from(self):
        out = self.scratch / "interrupted"
        driver = self.start(SWEEP, out)
        self.when_there_are(3, out)
        driver.send_signal(signal.SIGINT)
        said = driver.communicate(timeout=PATIENCE)[1]
        self.assertEqual(driver.returncode, 130, said)
        found = len(rows(out))
        self.assertLess(found, len(rows(self.serial)))
        self.assertEqual(os.listdir(os.environ["TMPDIR"]), [], "interrupted tasks clear up")
        driver = self.start(SWEEP, out)
        said = driver.communicate(timeout=PATIENCE)[1]
        self.assertEqual(driver.returncode, 0, said)
        self.assertIn(f"{found} of them there already", said)
        self.assert_as_serial(out)

    def test_wrong_input_ends_at_once(self):
        sweep = self.scratch / "wrong.toml"
        sweep.write_text("scenario = 7\n")
        driver = self.start(sweep, self.scratch / "wrong")
        said = driver.communicate(timeout=PATIENCE)[1]
        self.assertEqual(driver.returncode, 2, said)
        self.assertIn("wrong.toml:1:", said)


if __name__ == "__main__":
    unittest.main()
