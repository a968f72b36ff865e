"""What docs/extending.md prints can be put in as it stands, touches few files, and works."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: The first line of a block: a file, and where in it the other lines go.
PLACE = re.compile(r"# (\S+\.py), (new|at the end|below: (?P<below>.+)|instead of: (?P<old>.+))")
COPIED = ("flywheel_sim", "tests", "scenarios", "experiments", "docs", "pyproject.toml")


def sections():
    """Return the blocks of code of each section: {heading: [(file, where, line, code)]}."""
    found = {}
    for part in re.split(r"^## ", (ROOT / "docs" / "extending.md").read_text("utf-8"), flags=re.M)[1:]:
        heading, _, text = part.partition("\n")
        for code in re.findall(r"```python\n(.*?)```", text, flags=re.S):
            first, _, rest = code.partition("\n")
            place = PLACE.fullmatch(first)
            assert place, f"the first line of a block says where it goes, as in '# FILE.py, below: LINE', got {first!r}"
            line = place["below"] or place["old"]
            found.setdefault(heading, []).append((place[1], place[2].partition(":")[0], line, rest))
    return found


def put_in(root, blocks):
    """Put blocks of code where they say."""
    for file, where, line, code in blocks:
        path = root / file
        if where == "new":
            assert not path.exists(), file
            path.write_text(code, "utf-8")
            continue
        lines = path.read_text("utf-8").splitlines(keepends=True)
        at = [n for n, text in enumerate(lines) if line and text.strip().startswith(line)] or [len(lines)]
        assert len(at) == 1 and (at[0] < len(lines)) == bool(line), (
            f"{file} has {len(at)} lines that begin with {line!r}"
        )
        lines[at[0] + (where == "below") : at[0] + 1] = [code]
        path.write_text("".join(lines), "utf-8")


def files(blocks):
    return {file for file, *_ in blocks}


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_mechanism_takes_seven_files_and_a_column_three():
    printed = sections()
    assert len(files(printed["A mechanism"])) <= 7
    assert len(files(printed["A weekly column"])) <= 3


def test_what_is_printed_fits_the_sources(copy):
    for blocks in sections().values():
        put_in(copy, blocks)
        for file in files(blocks):
            ast.parse((copy / file).read_text("utf-8"))
    columns = (copy / "flywheel_sim" / "scenario" / "columns.py").read_text("utf-8")
    assert columns.count('("season", ') == columns.count('("leavers", ') == 1


TESTS = (
    "tests/mechanisms/test_m28_seasons.py", "tests/mechanisms/test_names.py", "tests/scenario/test_roles.py",
    "tests/scenario/test_idle.py::test_what_is_named_does_nothing[seasons.peak_week]",
    "tests/scenario/test_later_block.py", "tests/engine/test_rows.py", "tests/test_layers.py",
)  # fmt: skip
LEAVERS = """
import replica
from flywheel_sim.scenario import load
busy = load("everything-on").with_({"horizon_weeks": 20, "market.accounts": 200, "market.initial_customers": 90})
assert replica.compare_with_engine(busy.with_({"seasons.enabled": True}), tolerance=0.0) is None
assert 0.0 < replica.run(busy, weeks=3)[2][replica.compare.NAMES.index("leavers")] < 0.1
"""


@pytest.mark.slow
def test_what_is_printed_works(copy):
    for blocks in sections().values():
        put_in(copy, blocks)
    paths = os.pathsep.join((str(copy), str(copy / "tests")))
    environment = os.environ | {"FLYWHEEL_CACHE": str(copy / "cache"), "PYTHONPATH": paths}
    for command in (["-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS], ["-c", LEAVERS]):
        done = subprocess.run([sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
