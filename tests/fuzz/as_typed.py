"""Trials as a user makes them: a command in a process of its own, and a link asked of an app that is served."""

import contextlib
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from chromium import served

from flywheel_sim.commands.command_output import BAD_INPUT, INTERNAL_ERROR, OK

ROOT = Path(__file__).resolve().parents[2]
#: Seconds by the clock after which nothing comes any more, however busy the machine is with other things.
LOST = 600
#: Where a link may stand.
PAGES = ("/?scenario={}", "/?baseline={}", "/?with={}", "/compare?s={}", "/compare?s=b2b-saas&s={}", "/watch?s={}",
         "/watch?seed={}", "/explain?m={}", "/compare?s=b2b-saas&runs={}", "/report/{}")  # fmt: skip
#: Exit code, what it said if that was a fault of ours, and seconds.
Judged = tuple[int, str, float]


def command(words: Sequence[str], patience: float) -> Judged:
    """Type a command; it is ended by the system when it has worked longer than it may."""

    def bounded() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_CPU, (int(patience), int(patience) + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    typed = [os.fsencode(word.replace("\0", "").encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"))
             for word in words]  # fmt: skip
    before = _worked()
    child = subprocess.Popen(
        [sys.executable, "-m", "flywheel_sim", *typed], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths}, preexec_fn=bounded,
    )  # fmt: skip
    try:
        out, talk = (text.decode("utf-8", "replace") for text in child.communicate(timeout=LOST))
    except subprocess.TimeoutExpired:
        child.kill()
        out, talk = (text.decode("utf-8", "replace") for text in child.communicate())
        talk += f"\nno end after {LOST} s"
        return INTERNAL_ERROR, talk, LOST
    fault = child.returncode not in (0, 1, 2) or "Traceback" in talk + out or "internal error:" in talk + out
    code = INTERNAL_ERROR if fault and child.returncode in (0, 1, 2) else child.returncode
    return code, f"{talk}\n{' '.join(words)} ended with {child.returncode}" if fault else "", _worked() - before


def _worked() -> float:
    """Seconds of processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class App:
    """An app that is served as soon as a link is asked of it."""

    def __init__(self) -> None:
        self._ending = contextlib.ExitStack()
        self._place = ""

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _start(self) -> None:
        self._told = Path(self._ending.enter_context(tempfile.TemporaryDirectory())) / "said"
        errors = self._ending.enter_context(self._told.open("w"))
        address, _ = self._ending.enter_context(served(errors=errors))
        self._place = urlsplit(address).netloc
        host, port = self._place.split(":")
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                return
            time.sleep(0.1)  # not listening yet
        raise TimeoutError(address)

    def said(self) -> str:
        """Return what the app has said on standard error."""
        return self._told.read_text("utf-8", "replace")

    def asked(self, link: str, page: str, patience: float) -> Judged:
        """Ask for a page with a link in it."""
        if not self._place:
            self._start()
        before, begun = len(self.said()), time.monotonic()
        word = page.format(quote(link.encode("utf-8", "surrogatepass"), safe=""))
        connection = http.client.HTTPConnection(self._place, timeout=LOST)
        try:
            connection.request("GET", word)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return INTERNAL_ERROR, f"no answer to {word[:200]}: {error!r}\n{self.said()[before:]}", LOST
        finally:
            connection.close()
        seconds, talk = time.monotonic() - begun, self.said()[before:]
        if status >= 500 or "Traceback" in talk or "Traceback" in text or seconds > patience:
            return INTERNAL_ERROR, f"{talk}\n{status} after {seconds:.1f} s: {word[:200]}", seconds
        return (OK if status < 400 else BAD_INPUT), "", seconds
