"""The engine's version follows the code, not its prose."""

import ast
import shutil
from pathlib import Path

import pytest

import flywheel_sim as fs
from flywheel_sim.engine import fingerprint
from flywheel_sim.engine.fingerprint import code_hash
from flywheel_sim.execute import versions

PACKAGE = Path(fs.__file__).parent
SOURCE = '''"""What the module is for."""

from flywheel_sim.scenario.fields import Block, param


class Rates(Block):
    """Rates of a block."""

    rate: float = param(0.3, "How fast it goes.", unit="1/week", evidence="a", source="C1", ge=0)


def law(x: float) -> float:
    """Return three x."""
    return 3.0 * x  # three
'''


@pytest.fixture
def hash_of(tmp_path):
    def hash_of(text):
        (tmp_path / "law.py").write_text(text, encoding="utf-8", newline="")
        return code_hash([tmp_path / "law.py"], tmp_path)

    return hash_of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What the module is for.", "What this module is for."),
        ("Rates of a block.", "Some rates."),
        ("Return three x.", "Return x three times.\n\n    At length.\n    "),
        ('    """Return three x."""\n', ""),
        ("  # three", ""),
        ("3.0 * x", "(3.0\n            * x)"),
        ("How fast it goes.", "How quickly it goes."),
        (' unit="1/week", evidence="a", source="C1",', ' evidence="V", source="S2",'),
        ("\n", "\r\n"),
    ],
)
def test_prose_and_layout_are_free(hash_of, old, new):
    assert old in SOURCE
    assert hash_of(SOURCE.replace(old, new)) == hash_of(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("3.0 * x", "3.1 * x"), ("3.0 * x", "3 * x"), ("0.3,", "0.4,"), ("ge=0", "gt=0"), ("rate:", "speed:"),
     ("x: float", "x: int"), ("(Block)", "(Block, frozen=True)")],
)  # fmt: skip
def test_code_is_not(hash_of, old, new):
    assert old in SOURCE
    assert hash_of(SOURCE.replace(old, new)) != hash_of(SOURCE)


def test_a_string_that_does_something_counts(hash_of):
    assert hash_of("x = 'a'\n") != hash_of("x = 'b'\n")
    assert hash_of("def f():\n    return 'a'\n") != hash_of("def f():\n    return 'b'\n")


def test_where_nothing_can_be_kept_the_hash_is_the_same(hash_of, monkeypatch, tmp_path):
    kept = hash_of(SOURCE)
    monkeypatch.setenv("FLYWHEEL_CACHE", "off")
    assert hash_of(SOURCE) == kept
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FLYWHEEL_CACHE", str(tmp_path / "file" / "cache"))
    assert hash_of(SOURCE) == kept


def test_it_is_kept_and_what_is_kept_is_read(hash_of, monkeypatch, tmp_path):
    monkeypatch.setenv("FLYWHEEL_CACHE", str(tmp_path / "cache"))
    made = hash_of(SOURCE)
    (file,) = (tmp_path / "cache" / "hashes").iterdir()
    assert file.read_text() == made
    monkeypatch.setattr(fingerprint.ast, "parse", None)
    assert hash_of(SOURCE) == made


def reworded(path):
    """Change every docstring of a file."""
    text = path.read_text("utf-8")
    lines = text.split("\n")
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    for node in nodes:
        if ast.get_docstring(node, clean=False) is not None:
            at = node.body[0].lineno - 1
            lines[at] = lines[at].replace('"""', '"""Otherwise: ', 1)
    path.write_text("\n".join(lines), "utf-8")


def test_docstrings_of_the_whole_package_may_change_and_every_saved_sweep_goes_on(tmp_path, monkeypatch):
    """What a store, a saved state and a cache of compiled code are held against stays what it is."""
    copy = tmp_path / "flywheel_sim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "__file__", str(copy / "engine" / "fingerprint.py"))
    monkeypatch.setattr(versions, "__file__", str(copy / "execute" / "versions.py"))

    def now():
        fingerprint.engine_hash.cache_clear()
        versions._outcomes_hash.cache_clear()
        return versions.code()

    try:
        before = now()
        for path in [*copy.rglob("engine/**/*.py"), *copy.rglob("blocks/*.py"), copy / "execute" / "rows.py"]:
            reworded(path)
        assert "Otherwise: " in (copy / "engine" / "tick.py").read_text("utf-8")
        assert now() == before
        tick = copy / "engine" / "tick.py"
        tick.write_text(tick.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
        assert now()["engine"] != before["engine"]
    finally:
        monkeypatch.undo()
        now()


def test_a_block_that_no_run_reads_may_change_and_one_that_a_run_reads_may_not(tmp_path, monkeypatch):
    """What is drawn of `doubt` stands in the scenarios that are run."""
    copy = tmp_path / "flywheel_sim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "__file__", str(copy / "engine" / "fingerprint.py"))
    found = []
    try:
        for name in ("", "doubt", "frozen", "observed", "m17_cadence"):
            if name:
                path = copy / "scenario" / "blocks" / f"{name}.py"
                path.write_text(path.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
            fingerprint.engine_hash.cache_clear()
            found.append(fingerprint.engine_hash())
    finally:
        monkeypatch.undo()
        fingerprint.engine_hash.cache_clear()
    assert len(set(found[:4])) == 1 and found[4] != found[0]


def test_blocks_that_are_not_hashed_change_no_run():
    small = {"market.accounts": 200, "market.initial_customers": 40, "horizon_weeks": 12}
    company = fs.load("b2b-saas").with_(small)
    observed = {"series": {"customers": {"column": "n", "quantity": "customers"}}, "file": "n.csv", "date": "day"}
    otherwise = company.with_({"doubt": {"widths": {"a": 3}}, "frozen": None, "observed": observed})
    one, other = (fs.run(each).weekly for each in (company, otherwise))
    assert one.equals(other) and otherwise.model.frozen != company.model.frozen
