"""The faults of the product fit the sources and the tests, and each was caught (`python -m tests.faults.product`)."""

import ast
from collections import Counter
from functools import cache

import pytest

from tests.faults.product import failing, faulty, read_product_faults, results, without_folders
from tests.faults.sources import ROOT

FAULTS = read_product_faults()


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_fits_the_sources_and_its_tests_are_there(fault):
    """Each text stands once; what is changed is still a program; nothing changes a test."""
    for name, text in faulty(ROOT, fault).items():
        assert text != (ROOT / name).read_text("utf-8") and not name.startswith("tests/")
        if name.endswith(".py"):
            ast.parse(text)
    assert fault.tests and len(set(fault.tests)) == len(fault.tests)
    for test in fault.tests:
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in functions(file), test


def test_every_kind_has_two_members():
    assert [kind for kind in dict.fromkeys(fault.kind.number for fault in FAULTS)] == list(range(1, 33))
    few = {number: count for number, count in Counter(fault.kind.number for fault in FAULTS).items() if count < 2}
    assert few == {}
    assert max(Counter(fault.name for fault in FAULTS).values()) == 1


def test_every_fault_was_caught_by_each_of_its_tests():
    caught = {line["text"]: line["caught_by"] for line in results()}
    for fault in FAULTS:
        assert caught.get(fault.text) == list(fault.tests), f"run: python -m tests.faults.product {fault.name}"


def test_a_fault_that_stands_twice_is_refused(tmp_path):
    fault = next(fault for fault in FAULTS if len(fault.edits) == 1)
    path = tmp_path / fault.edits[0].file
    path.parent.mkdir(parents=True)
    for text, count in (("", 0), (fault.edits[0].old + "\n" + fault.edits[0].old, 2)):
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=f"stands {count} times"):
            faulty(tmp_path, fault)


def test_failing_tests_are_told_by_the_names_they_were_asked_by(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(
        "import pytest\n@pytest.mark.parametrize('k', [1, 2])\ndef test_a(k): assert k == 1\ndef test_ab(): pass\n"
        "class TestC:\n    def test_d(self): assert 0\n"
    )
    (tmp_path / "tests" / "test_y.py").write_text("import no_such_module\ndef test_e(): pass\n")
    asked = ["tests/test_x.py::test_a", "tests/test_x.py::test_a[1]", "tests/test_x.py::test_ab"]
    assert failing(tmp_path, asked, slow=False)[0] == asked[:1]
    assert failing(tmp_path, asked[1:], slow=False)[0] == []
    assert failing(tmp_path, ["tests/test_y.py::test_e"], slow=False)[0] == ["tests/test_y.py::test_e"]


def test_what_is_kept_of_a_failure_names_no_folder():
    assert without_folders("no file '/a/b-1/c/r.html', 1/2 of x/y.py") == "no file 'r.html', 1/2 of x/y.py"
