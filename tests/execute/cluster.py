"""A Dask scheduler and its workers on loopback, as processes of their own."""

import os
import subprocess
import sys
import threading


def until(what, seconds: float = 120.0):
    ended = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if found := what():
            return found
        ended.wait(0.02)
    raise AssertionError("it did not come")


class Cluster:
    """The two terminals of the documentation."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "scheduler.json"
        path = os.pathsep.join(p for p in sys.path if p)
        self.env = os.environ | {
            "PYTHONPATH": path,
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            "TRACES": str(folder / "traces"),
        }
        (folder / "traces").mkdir()
        self.running = []
        self.start("scheduler", "--port", "0", "--scheduler-file", str(self.file), "--host", "127.0.0.1")
        until(self.file.exists)

    def start(self, *words):
        words = (sys.executable, "-m", "dask", *words, "--no-dashboard")
        log = (self.folder / f"log-{len(self.running)}").open("w")
        with log:
            self.running.append(
                subprocess.Popen(words, env=self.env, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
            )
        return self.running[-1]

    def worker(self, *more):
        """A worker of one thread."""
        return self.start("worker", "--scheduler-file", str(self.file), "--nthreads", "1", *more)

    def close(self):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
