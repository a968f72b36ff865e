"""No file is longer than a reader's patience, and no function than a page, unless its docstring says why."""

import ast
from pathlib import Path

import flywheel_sim

PACKAGE = Path(flywheel_sim.__file__).parent
FILE, FUNCTION = 500, 80
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    if "_shipped" not in path.parts
}


def defended(node, limit):
    """Whether a docstring says why its file or function is longer than the limit."""
    return f"Longer than {limit} lines" in " ".join((ast.get_docstring(node) or "").split())


def lines_of(function):
    """Lines of code of a function: its docstring is not counted."""
    whole = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return whole
    return whole - (function.body[0].end_lineno - function.body[0].lineno + 1)


def long_files():
    return {name for name, text in SOURCES.items() if len(text.splitlines()) > FILE}


def long_functions():
    for name, text in SOURCES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > FUNCTION:
                yield f"{name}:{node.name}", node


def test_a_long_file_says_why():
    assert {name for name in long_files() if not defended(ast.parse(SOURCES[name]), FILE)} == set()


def test_a_file_that_defends_its_length_is_long():
    assert {name for name, text in SOURCES.items() if defended(ast.parse(text), FILE)} == long_files()


def test_a_long_function_says_why():
    assert {name for name, node in long_functions() if not defended(node, FUNCTION)} == set()


def test_docstrings_are_not_counted():
    function = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n').body[0]
    assert lines_of(function) == 2
