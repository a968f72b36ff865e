"""Put back faults of the product that were mended, and see that the tests that hold them notice.

    python -m tests.faults.product [NAME ...]

The faults of run.py are faults of the science, in engine and replica alike.  These are of what is told, kept, drawn and
refused: each was there once, and stands in product.yaml as a small edit of today's sources with the tests that must
fail while it is in force.  The command works on a copy of this checkout in a temporary folder: it first runs the tests
of all chosen faults without any, then puts in one fault at a time, runs its tests, and adds a line to
product.jsonl.  A fault whose line is there for the same text and tests is not tried again; names, or ``--again``, try
in any case.
"""

import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.faults.sources import ROOT

HERE = Path(__file__).resolve().parent
LISTED, RESULTS = HERE / "product.yaml", HERE / "product.jsonl"
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")


@dataclass(frozen=True)
class Edit:
    """Text of a file, which stands there once, and what stood there before it was mended."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Kind:
    """Faults of one kind, by its number."""

    number: int
    what: str


@dataclass(frozen=True)
class ProductFault:
    """A fault of the product, and the tests that must fail while it is there."""

    name: str
    kind: Kind
    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    @property
    def text(self) -> str:
        """Hash of what it changes and of the tests that are to notice, which a result belongs to."""
        told = [[edit.file, edit.old, edit.new] for edit in self.edits]
        return hashlib.sha256(json.dumps([told, self.tests]).encode()).hexdigest()[:12]


def without_folders(text: str) -> str:
    """Return a message without the folders of its paths: they are those of one machine and one run."""
    return re.sub(r"(?<![\w.])/(?:[^/\s'\"]+/)+", "", text)


def read_product_faults() -> list[ProductFault]:
    """Every fault of the list, kind by kind."""
    found = []
    for number, kind in YAML(typ="safe").load(LISTED.read_text("utf-8")).items():
        for name, entry in kind["faults"].items():
            edits = tuple(
                Edit(edit["file"], edit["old"].rstrip("\n"), edit["new"].rstrip("\n")) for edit in entry["edits"]
            )
            found.append(ProductFault(name, Kind(number, kind["what"]), entry["what"], edits, tuple(entry["tests"])))
    return found


def faulty(root: Path, fault: ProductFault) -> dict[str, str]:
    """Return the files that a fault changes, as they are with it.

    Raises
    ------
    ValueError
        When a text does not stand in its file exactly once.
    """
    texts: dict[str, str] = {}
    for edit in fault.edits:
        text = texts.get(edit.file) or (root / edit.file).read_text("utf-8")
        if text.count(edit.old) != 1:
            raise ValueError(f"{fault.name}: stands {text.count(edit.old)} times in {edit.file}: {edit.old}")
        texts[edit.file] = text.replace(edit.old, edit.new)
    return texts


def results() -> list[dict[str, Any]]:
    """Every recorded trial, oldest first."""
    return [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()] if RESULTS.exists() else []


def failing(copy: Path, tests: tuple[str, ...] | list[str], slow: bool = True) -> tuple[list[str], str]:
    """Run some tests in a copy; return those that failed, in the words of the list, and what was said."""
    env = os.environ | {"PYTHONPATH": f"{copy}{os.pathsep}{copy / 'tests'}", "NO_COLOR": "1", "MPLBACKEND": "Agg"}
    env.setdefault("FLYWHEEL_CACHE", str(copy.parent / "cache"))
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", "--tb=short"]
    ran = subprocess.run(
        [*words, *(["--slow"] if slow else []), *tests], env=env, cwd=copy, capture_output=True, text=True
    )
    said = ran.stdout[-20_000:] + ran.stderr[-4000:]
    if ran.returncode not in (0, 1, 2) and "not found:" in ran.stdout + ran.stderr and "ERROR tests/" not in ran.stdout:
        sys.exit(f"{said}\nno such test")
    return [test for test in tests if _failed(test, ran.stdout)], said


def _failed(test: str, said: str) -> bool:
    """Tell whether pytest's summary names a test, one of its cases, or its module, which could not be read."""
    module = re.escape(test.partition("::")[0])
    return bool(re.search(rf"^(FAILED|ERROR) ({re.escape(test)}(\[|::| - |$)|{module}( - |$))", said, re.MULTILINE))


def go(chosen: list[ProductFault], control: bool) -> int:
    """Try some faults in one copy; return how many were not caught by all of their tests."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        if control:
            lost, said = failing(copy, list(dict.fromkeys(test for fault in chosen for test in fault.tests)))
            if lost:
                sys.exit(f"{said}\nthese tests fail without any fault: {', '.join(lost)}")
        for fault in chosen:
            for name, text in faulty(copy, fault).items():
                (copy / name).write_text(text, "utf-8")
            lost, said = failing(copy, fault.tests)
            for name in {edit.file for edit in fault.edits}:
                shutil.copy(ROOT / name, copy / name)
            blind = [test for test in fault.tests if test not in lost]
            missed += bool(blind)
            print(
                f"{fault.kind.number:2d} {fault.name}: {'caught' if not blind else f'not seen by {blind}'}", flush=True
            )
            if blind:
                print(said)
            why = next((text[1:].strip() for text in said.splitlines() if text.startswith("E ")), "")
            line = {"fault": fault.name, "text": fault.text, "on": datetime.date.today().isoformat(), "caught_by": lost}
            line["why"] = without_folders(why)[:160]
            with RESULTS.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
    return missed


def main() -> None:
    """Choose, and try."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", help="faults to try, or numbers of kinds; without any, what has no result yet"
    )
    parser.add_argument("--again", action="store_true", help="try what has been caught already, too")
    parser.add_argument("--no-control", action="store_true", help="do not run the tests without a fault first")
    asked = parser.parse_args()
    faults = read_product_faults()
    known = {fault.name for fault in faults} | {str(fault.kind.number) for fault in faults}
    if unknown := set(asked.names) - known:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    done = {line["text"]: set(line["caught_by"]) for line in results()}
    chosen = [
        fault
        for fault in faults
        if ({fault.name, str(fault.kind.number)} & set(asked.names) if asked.names
            else asked.again or done.get(fault.text, set()) != set(fault.tests))
    ]  # fmt: skip
    sys.exit(1 if chosen and go(chosen, not asked.no_control) else 0)


if __name__ == "__main__":
    main()
