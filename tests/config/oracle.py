"""Asks the real redis-server and redis-sentinel 7.0.15 what they make of configuration files.

Used by `directives.py` (the table of directives) and `record.py` (the verdicts of the test files). Every start happens
in a fresh scratch directory and, where the system allows, in a network namespace of its own with the loopback only.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

STOP = "splitbrain-stop"


def isolated(argv):
    """The command in a network namespace with the loopback up, so that ports are free and names resolve to nothing."""
    return ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *argv]


def refusal(lines, kind="redis", options=(), scratch=None):
    """Line, quoted text and message with which a file of these lines is refused; None if it would start.

    A last line that nobody knows keeps the server from ever starting.
    """
    with scratch_directory(scratch) as folder:
        path = os.path.join(folder, "probe.conf")
        with open(path, "wb") as file:
            file.write("\n".join([*lines, STOP, ""]).encode("utf-8", "surrogateescape"))
        done = subprocess.run([f"redis-{kind if kind == 'sentinel' else 'server'}", path, *options],
                              cwd=folder, capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
        error = parse_error(done.stderr + done.stdout)
        if error and error["quoted"] == STOP:
            return None
        return error


def parse_error(output):
    """The FATAL CONFIG FILE ERROR in an output, or the last warning of the log."""
    text = output.decode("utf-8", "replace")
    line = quoted = None
    if "FATAL CONFIG FILE ERROR" in text:
        rest = text[text.index("FATAL CONFIG FILE ERROR"):].split("\n", 1)[1]
        if rest.startswith("Reading the configuration file"):
            first, rest = rest.split("\n", 1)
            line = int(first.rsplit(" ", 1)[1])
            # The quoted line may hold line ends of its own.
            quoted, rest = rest[len(">>> '"):].split("'\n", 1)
        return {"line": line, "quoted": quoted, "message": rest.split("\n", 1)[0]}
    warnings = [entry.split(" # ", 1)[1] for entry in text.split("\n") if " # " in entry]
    warnings = [entry for entry in warnings if not is_noise(entry)]
    return {"line": None, "quoted": None, "message": warnings[0]} if warnings else None


def is_noise(entry):
    """Log lines of every start."""
    inside = ("oO0OoO0OoO0Oo", "Redis version=", "overcommit_memory", "TCP backlog setting")
    return any(part in entry for part in inside) or entry.startswith((
        "WARNING", "Warning: ", "Sentinel ID is", "Configuration loaded", "Server initialized", "+monitor master",
        "You requested maxclients", "Server can't set maximum", "Current maximum open files",
        "Failed to resolve hostname", "Reading config from stdin",
    ))


class scratch_directory:
    """A scratch directory, or the one given."""

    def __init__(self, folder=None):
        self.given = folder

    def __enter__(self):
        self.folder = self.given or tempfile.mkdtemp(prefix="conf-oracle-")
        return self.folder

    def __exit__(self, *_):
        if not self.given:
            shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    """A server that was really started on a file; `None` answers if it did not come up."""

    def __init__(self, lines, kind="redis", folder=None, name="probe.conf", options=(), raw=None):
        self.scratch = scratch_directory(folder)
        self.folder = self.scratch.__enter__()
        self.path = os.path.join(self.folder, name)
        self.socket = os.path.join(self.folder, "oracle.sock")
        data = raw if raw is not None else "\n".join(lines).encode("utf-8", "surrogateescape")
        with open(self.path, "wb") as file:
            file.write(data)
        program = f"redis-{'sentinel' if kind == 'sentinel' else 'server'}"
        self.process = subprocess.Popen(isolated([program, self.path, *options]), cwd=self.folder,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.scratch.__exit__()

    def call(self, *words, path=None):
        """A command over the Unix socket; errors come back as text."""
        deadline = time.monotonic() + 5
        while True:
            try:
                link = socket.socket(socket.AF_UNIX)
                link.connect(path or self.socket)
                break
            except OSError:
                link.close()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    return None
                time.sleep(0.01)
        with link:
            words = [word if isinstance(word, bytes) else word.encode("utf-8", "surrogateescape") for word in words]
            try:
                link.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
                with link.makefile("rb") as answers:
                    return reply(answers)
            except (ConnectionError, ValueError):
                # It went down.
                return None


def reply(stream):
    """One RESP2 answer."""
    head = stream.readline().rstrip(b"\r\n")
    kind, rest = head[:1], head[1:]
    if kind in b"+-:":
        return head.decode() if kind == b"-" else rest.decode()
    size = int(rest)
    if kind == b"$":
        return None if size < 0 else stream.read(size + 2)[:-2].decode("utf-8", "replace")
    return [reply(stream) for _ in range(max(size, 0))]
