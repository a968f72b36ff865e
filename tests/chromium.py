"""An app of its own and a Chromium that can reach nothing else: for the tests in a browser and for `app_latency.py`."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
#: The machine's own browser; none is ever downloaded.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
OFFLINE = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
PATIENCE = 400_000  # ms: the first start may compile, on a busy machine for minutes


@contextlib.contextmanager
def served(*options: str, errors: IO[str] | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Address and process of an app on a port that the machine chose; what it says goes to ``errors``."""
    command = [sys.executable, "-m", "flywheel_sim.cli", "app", "--no-browser", "--port", "0", *options]
    env = {name: value for name, value in os.environ.items() if "PYTEST" not in name and "NICEGUI" not in name}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH", "")]))
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, env=env,
        # a shell's background jobs are deaf to Ctrl-C until the server listens to it itself
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip(), server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(20)
        server.stdout.close()


@contextlib.contextmanager
def chromium():
    """A browser in which every host but this machine is unknown."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=list(OFFLINE))
        try:
            yield browser
        finally:
            browser.close()


def reached(page, address: str) -> None:
    """Open an address as soon as the app answers there."""
    from playwright.sync_api import Error

    for _ in range(600):
        try:
            page.goto(address)
            return
        except Error:
            page.wait_for_timeout(100)
    raise TimeoutError(address)
