"""The list of faults, and sources with faults in them.

A fault is put into a copy of the sources as text.  Compiling the engine takes a minute, so all faults are put into one
copy, each behind a number that is chosen while the program runs:

    if FAULT[0] == 17:
        kick = math.sqrt(noise * dt)
    else:
        kick = math.sqrt(2.0 * noise * dt)

``FAULT`` is an array so large that numba reads it where it stands and does not freeze it.
"""

import ast
import hashlib
import json
import textwrap
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

__all__ = ["FAULTS", "ROOT", "Edit", "Fault", "place_of", "put_in", "read_faults"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FAULTS = HERE / "faults.yaml"
#: The module that is written beside the package's own; numba freezes arrays of up to a million bytes.
NUMBER = '''"""Which fault is in force: 0 for none."""

import numpy as np

FAULT = np.zeros(131_072, np.int64)
'''
IMPORT = "from flywheel_sim.fault_number import FAULT"


@dataclass(frozen=True)
class Edit:
    """Statements of a file, and what stands in their place; ``imports`` is what these need."""

    file: str
    old: str
    new: str
    imports: str = ""


@dataclass(frozen=True)
class Fault:
    """A deliberate fault, by its place in the list (1, 2, ...)."""

    number: int
    name: str
    what: str
    mechanism: str
    edits: tuple[Edit, ...]
    suspects: tuple[str, ...]

    @property
    def text(self) -> str:
        """Hash of what it changes, which a result belongs to: whatever the variables are called, and wherever it is."""
        told = sorted(repr([_nameless(edit.old, edit.new), edit.imports]) for edit in self.edits)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


def _nameless(*blocks: str) -> list[str]:
    """Blocks of statements with variables by number, in the order in which all blocks together first name them."""
    numbers: dict[str, str] = {}
    told = []
    for block in blocks:
        tree = ast.parse(block)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = numbers.setdefault(node.id, f"v{len(numbers)}")
        told.append(ast.unparse(tree))
    return told


def read_faults() -> list[Fault]:
    """Every fault of the list."""
    listed = YAML(typ="safe").load(FAULTS.read_text("utf-8"))
    return [
        Fault(
            n,
            name,
            entry["what"],
            entry["mechanism"],
            tuple(Edit(**{key: text.rstrip("\n") for key, text in edit.items()}) for edit in entry["edits"]),
            tuple(entry["suspects"]),
        )
        for n, (name, entry) in enumerate(listed.items(), 1)
    ]


def place_of(lines: list[str], block: str) -> tuple[int, int]:
    """First line and number of lines of the one place where some statements stand, at whatever indentation.

    Raises
    ------
    ValueError
        When they stand nowhere, or more than once.
    """
    wanted = block.split("\n")
    found = []
    for at in range(len(lines) - len(wanted) + 1):
        if lines[at].strip() == wanted[0]:
            here = lines[at : at + len(wanted)]
            if textwrap.dedent("\n".join(here)) == block:
                found.append(at)
    if len(found) != 1:
        raise ValueError(f"stands {len(found)} times: {wanted[0]}")
    return found[0], len(wanted)


def put_in(root: Path, faults: list[Fault], chosen_by_number: bool) -> None:
    """Write faults into a copy of the sources, behind their numbers or, for a single one, instead of what is right."""
    by_file: dict[str, list[tuple[int, Edit]]] = defaultdict(list)
    for fault in faults:
        for edit in fault.edits:
            by_file[edit.file].append((fault.number, edit))
    for name, edits in by_file.items():
        path = root / name
        path.write_text(_with(path.read_text("utf-8"), edits, chosen_by_number), "utf-8")
    if chosen_by_number:
        (root / "flywheel_sim" / "fault_number.py").write_text(NUMBER, "utf-8")


def _with(text: str, edits: list[tuple[int, Edit]], chosen_by_number: bool) -> str:
    lines = text.split("\n")
    first = next(node.lineno for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)) - 1
    places: dict[tuple[int, int], list[tuple[int, Edit]]] = defaultdict(list)
    for number, edit in edits:
        places[place_of(lines, edit.old)].append((number, edit))
    ends = 1 << 30
    for (at, count), here in sorted(places.items(), reverse=True):
        if at + count > ends:
            raise ValueError(f"faults overlap in line {at + 1}: {lines[at].strip()}")
        ends = at
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        written = here[0][1].new
        if chosen_by_number:
            told = [(f"if FAULT[0] == {number}:", edit.new) for number, edit in here] + [("else:", here[0][1].old)]
            written = "\n".join(f"{'el' * (0 < k < len(here))}{a}\n{_in(b, 4)}" for k, (a, b) in enumerate(told))
        lines[at : at + count] = textwrap.indent(written, margin).split("\n")
    needed = {edit.imports: None for _, edit in edits if edit.imports}
    lines[first:first] = [*([IMPORT] if chosen_by_number else []), *needed]
    return "\n".join(lines)


def _in(block: str, by: int) -> str:
    return textwrap.indent(block, " " * by)
