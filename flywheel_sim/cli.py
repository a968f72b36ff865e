"""The command line: which command lives in which module; nothing else is loaded to print the help."""

import contextlib
import gc
import os
import sys
import threading

import click

from flywheel_sim.__about__ import __version__
from flywheel_sim.commands.command_output import INTERRUPTED
from flywheel_sim.commands.lazy import CommandLine

#: Command -> the line shown in the help.  Its module is ``flywheel_sim.commands.<command>``.
COMMANDS = {
    "demo": "Compare two shipped scenarios and leave report.html here.",
    "run": "Run one scenario.",
    "compare": "Compare scenarios under the same luck.",
    "worlds": "Draw what is not known of a company.",
    "report": "Write the HTML report of a result.",
    "scenario": "List, show, write and check scenarios.",
    "sweep": "Run a study file.",
    "resume": "Resume an interrupted sweep, search or calibration.",
    "status": "Show how far a sweep, search or fit is.",
    "sensitivity": "Rank parameters by influence.",
    "optimize": "Search for the best settings.",
    "calibrate": "Fit a scenario to data.",
    "claims": "Put the claims to the test.",
    "responses": "Pull one lever at a time and judge the company's response.",
    "facts": "Look for facts known of the world in a company.",
    "verify": "Check the engine against closed forms.",
    "bench": "Measure speed and memory.",
    "reproduce": "Run a result again and compare.",
    "explain": "Explain a mechanism, claim, closed form or setting.",
    "app": "Open the web app.",
    "completion": "Print completion code for a shell.",
}


@click.group(cls=CommandLine, commands_known=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="flywheel", message="%(prog)s %(version)s")
def flywheel() -> None:
    """Simulate a customer flywheel, and compare ways to run the company."""


def main() -> None:
    """Run ``flywheel`` and exit with its code."""
    gc.set_threshold(100_000)  # imports make a million objects that stay: no need to look at them again and again
    try:
        flywheel()
    except SystemExit as ended:
        # nobody waits for what was left behind: not for compiled code, nor for threads that wait for it in turn
        if ended.code == INTERRUPTED or any(thread.name == "flywheel-work" for thread in threading.enumerate()):
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            os._exit(ended.code if isinstance(ended.code, int) else 1)
        raise


if __name__ == "__main__":
    main()
