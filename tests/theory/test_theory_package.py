"""The package's surface: loads lazily, says the same in code, stub and table of anchors."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from flywheel_sim import theory

FOLDER = Path(theory.__file__).parent
MODULES = sorted(path for path in FOLDER.glob("*.py") if path.name not in ("__init__.py", "arguments.py"))


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_loads_no_scipy_and_no_stats_later_either():
    code = (
        "import sys; from flywheel_sim import theory; before = 'scipy' in sys.modules;"
        "[getattr(theory, name) for name in theory.__all__];"
        "theory.gibbs_order(3, 2, 1.0); theory.sbg_fit(theory.SBG_REGULAR);"
        "theory.mean_field(theory.B2B_MARKET, weeks=2);"
        "print(before, 'scipy.special' in sys.modules, 'scipy.stats' in sys.modules)"
    )
    assert _run(code) == "False True False"


def test_theory_imports_nothing_above_itself():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert all(not alias.name.startswith("flywheel_sim") for alias in node.names), path.name
            elif isinstance(node, ast.ImportFrom):
                inside = node.level == 1 or (node.level == 0 and not (node.module or "").startswith("flywheel_sim"))
                assert inside, f"{path.name}: {ast.unparse(node)}"


def test_stub_and_package_name_the_same_things():
    stub = ast.parse((FOLDER / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {
        (node.module, alias.name) for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    listed = next(ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign))
    assert imported == {(module, name) for name, module in theory._MODULE_OF.items()}
    assert sorted(listed) == theory.__all__


def test_every_public_name_of_a_module_is_a_name_of_the_package():
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = next(
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "__all__"
        )
        missing = set(names) - set(theory.__all__) - {"ticks"}  # shared by the modules of ticked curves
        assert not missing, f"{path.name}: {missing}"


def test_no_name_is_also_a_module():
    # Importing a module binds its name on the package, where it would hide a function of the same name.
    assert not set(theory.__all__) & {path.stem for path in FOLDER.glob("*.py")}


def test_unknown_names_are_refused_and_known_ones_listed():
    with pytest.raises(AttributeError, match="no attribute 'bas'"):
        _ = theory.bas
    assert set(theory.__all__) <= set(dir(theory))


def test_anchors_are_complete_and_name_functions():
    assert list(theory.ANCHORS) == [f"A{number}" for number in range(1, 31)]
    for anchor in theory.ANCHORS.values():
        assert anchor.title and anchor.reduces_when and "\n" not in anchor.reduces_when
        assert all(callable(getattr(theory, name)) for name in anchor.functions)


def test_every_function_belongs_to_an_anchor():
    functions = {name for name in theory.__all__ if inspect.isfunction(getattr(theory, name))}
    anchored = {name for anchor in theory.ANCHORS.values() for name in anchor.functions}
    assert functions == anchored


@pytest.mark.parametrize("name", [n for n in theory.__all__ if inspect.isfunction(getattr(theory, n))])
def test_docstrings_say_what_they_must(name):
    text = inspect.getdoc(getattr(theory, name)) or ""
    for part in ("Parameters\n", "Returns\n", "Raises\n", "Notes\n", "Examples\n", ">>> "):
        assert part in text, f"{name}: no {part.strip()}"
    notes = text.partition("Notes\n")[2].partition("Examples\n")[0]
    source = notes + (inspect.getmodule(getattr(theory, name)).__doc__ or "")
    assert any(mark in source for mark in ("[V", "[M", "[X")), f"{name}: no evidence mark"
    for parameter in inspect.signature(getattr(theory, name)).parameters:
        assert parameter in text.partition("Parameters\n")[2], f"{name}: {parameter} is not described"


def test_files_stay_short():
    for path in FOLDER.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.name
