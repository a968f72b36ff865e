"""A weekly column is written where it is computed, under its own name."""

import ast
from pathlib import Path

import flywheel_sim
from flywheel_sim.engine.state import COUNTED, RUN
from flywheel_sim.scenario.columns import NAMES

ENGINE = Path(flywheel_sim.__file__).parent / "engine"


def names_of(node):
    """Return the column that a subscript names, if it is one."""
    parts = [x for x in ast.walk(node) if isinstance(x, ast.Attribute) and ast.unparse(x.value) == "COL"]
    return parts[0].attr if isinstance(node, ast.Subscript) and parts else None


def writings(path):
    """Yield (column, value) of every assignment to a column, tuples taken apart."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.AugAssign):
            yield names_of(node.target), node.value
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(map(names_of, target.elts), node.value.elts, strict=True)
            else:
                yield names_of(target), node.value


WRITTEN = [
    (f"{path.stem}: {column}", column, value)
    for path in sorted(ENGINE.rglob("*.py"))
    for column, value in writings(path)
    if column
]


def test_every_column_is_written_by_a_kernel_or_is_a_sum_over_customers():
    assert {column for _, column, _ in WRITTEN} | set(COUNTED) == set(NAMES)
    assert set(COUNTED) <= set(NAMES)


def test_a_number_of_the_company_that_becomes_a_column_has_the_name_of_one():
    numbers = [(at, column, value.attr) for at, column, value in WRITTEN if isinstance(value, ast.Attribute)]
    carried = [(at, column, name) for at, column, name in numbers if name in RUN.names]
    assert len(carried) > 10
    assert [(at, name) for at, _, name in carried if name not in NAMES] == []
