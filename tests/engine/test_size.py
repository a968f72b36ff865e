"""No function of the engine is so long, or branches so often, that a page does not hold it."""

import ast
from pathlib import Path

import pytest

import flywheel_sim

ENGINE = Path(flywheel_sim.__file__).parent / "engine"
LINES, BRANCHES = 80, 25
BRANCH = (ast.If, ast.IfExp, ast.For, ast.While, ast.ExceptHandler, ast.comprehension, ast.Assert, ast.match_case)
#: What is still longer or branches more often: (lines, cyclomatic complexity) it must not exceed; the list may only
#: shrink.
LARGER: dict[str, tuple[int, int]] = {}


def complexity(function):
    """One more than the branches: McCabe's number, with ``and`` and ``or`` counted."""
    nodes = list(ast.walk(function))
    return (
        1
        + sum(isinstance(n, BRANCH) for n in nodes)
        + sum(len(n.values) - 1 for n in nodes if isinstance(n, ast.BoolOp))
    )


def functions():
    for path in sorted(ENGINE.rglob("*.py")):
        module = ".".join(path.relative_to(ENGINE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield pytest.param(f"{module}.{node.name}", node, id=f"{module}.{node.name}")


@pytest.mark.parametrize(("name", "function"), list(functions()))
def test_a_function_fits_on_a_page(name, function):
    lines, branches = LARGER.get(name, (LINES, BRANCHES))
    assert function.end_lineno - function.lineno + 1 <= lines
    assert complexity(function) <= branches


def test_what_is_larger_is_still_there_and_still_larger():
    found = {param.values[0]: param.values[1] for param in functions()}
    for name in LARGER:
        node = found[name]
        assert node.end_lineno - node.lineno + 1 > LINES or complexity(node) > BRANCHES, (
            f"{name} has become small: take it out"
        )


def test_complexity_counts_what_mccabe_counts():
    told = "def f(x):\n    for y in x:\n        if y and x or not y:\n            return 1 if y else 2\n    return 0\n"
    assert complexity(ast.parse(told).body[0]) == 1 + 1 + 1 + 2 + 1
