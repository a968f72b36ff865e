"""Put deliberate faults into engine and replica, and see which check notices.

    python -m tests.faults.run [NAME ...]

It works on a copy of this checkout in a temporary folder, with a compile cache of its own, and adds a line per fault to
results.jsonl.  A fault whose line is there already, for the same text, and caught, is not tried again, so that a run
that was interrupted goes on where it was; names, or ``--again``, try in any case.  ``python docs/make_verification.py``
then writes the table.

It is a script beside the tests and no command of the package, because it needs the sources of both.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.faults.sources import ROOT, Fault, put_in, read_faults

#: Name of the trial of the engine as it is.
CONTROL = "none"
RESULTS = Path(__file__).resolve().parent / "results.jsonl"
COPIED = ("flywheel_sim", "tests", "scenarios", "experiments", "pyproject.toml")


def lines_of(path: Path = RESULTS) -> list[dict[str, Any]]:
    """Every recorded trial, oldest first."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def last_trials(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The last trial of every fault, in the order of the list."""
    found = {line["fault"]: line for line in lines_of(path)}
    return {fault.name: found[fault.name] for fault in read_faults() if fault.name in found}


def first_trials(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The first trial of every fault, in the order of the list: what the checks of that day noticed."""
    found = {line["fault"]: line for line in reversed(lines_of(path))}
    return {fault.name: found[fault.name] for fault in read_faults() if fault.name in found}


def control_of(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The last trial without any fault."""
    return next(line for line in reversed(lines) if line["fault"] == CONTROL)


def copy_sources(target: Path) -> None:
    """Copy what a trial needs of this checkout."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target / name)


def engine_of_checkout() -> str:
    """Hash of the engine as it is, without faults."""
    code = "from flywheel_sim.engine.fingerprint import engine_hash; print(engine_hash())"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def go(faults: list[Fault], by_number: bool, rest: bool, results: Path, logs: Path) -> None:
    """Try some faults in one copy."""
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        copy = Path(folder) / "checkout"
        copy.mkdir()
        copy_sources(copy)
        put_in(copy, [fault for fault in faults if fault.edits], by_number)
        told = {
            "faults": [
                {"name": f.name, "text": f.text, "number": f.number if by_number else 0, "suspects": f.suspects}
                for f in faults
            ],
            "by_number": by_number, "rest": rest, "results": str(results.resolve()), "logs": str(logs.resolve()),
            "engine": engine_of_checkout(), "on": datetime.date.today().isoformat(),
        }  # fmt: skip
        task = Path(folder) / "faults.json"
        task.write_text(json.dumps(told))
        env = os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{copy / 'tests'}", "NO_COLOR": "1"}
        env["FLYWHEEL_CACHE"] = "off" if by_number else str(Path(folder) / "cache")
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.trials", str(task)], env=env, cwd=copy, check=True
        )


def main() -> None:
    """Choose, and try."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", help=f"faults to try, '{CONTROL}' for no fault at all; without any, what has no result yet"
    )
    parser.add_argument("--again", action="store_true", help="try what has been caught already, too")
    parser.add_argument("--apart", action="store_true", help="compile an engine for each fault, instead of one for all")
    parser.add_argument("--suspects", action="store_true", help="only the checks that are suspected to notice")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--logs", type=Path, default=Path(tempfile.gettempdir()) / "faults-logs")
    asked = parser.parse_args()
    faults = read_faults()
    if not asked.suspects:  # without a fault there is no suspect
        faults.append(Fault(0, CONTROL, "the engine as it is: nothing may be caught", "", (), ()))
    unknown = set(asked.names) - {fault.name for fault in faults}
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    done = {
        (line["fault"], line["text"])
        for line in lines_of(asked.results)
        if line.get("caught_by") or line["fault"] == CONTROL
    }
    chosen = [
        fault
        for fault in faults
        if (fault.name in asked.names if asked.names else asked.again or (fault.name, fault.text) not in done)
    ]
    if asked.apart:
        for fault in chosen:
            go([fault], False, not asked.suspects, asked.results, asked.logs)
    elif chosen:
        go(chosen, True, not asked.suspects, asked.results, asked.logs)


if __name__ == "__main__":
    main()
