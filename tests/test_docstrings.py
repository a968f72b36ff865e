"""The first line of a function's docstring says what it does: a verb, then of what."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import flywheel_sim

PACKAGE = Path(flywheel_sim.__file__).parent
#: Fewer characters than these say nothing that the name does not say.
SHORTEST = 26
#: Verbs that begin a docstring; a new one is added here, a noun is not.
VERBS = frozenset(
    re.findall(
        r"\w+",
        """
    Add Analyze Answer Ask Average Begin Boil Build Calibrate Call Change Check Choose Clear Close Collect Compare
    Compile Complain Compute Copy Count Declare Download Draw Drop Estimate Expand Fill Find Fit Follow Format Give
    Go Hand Import Join Judge Keep Lay Leave Let List Load Log Look Make Mark Measure Merge Move Name Note Number
    Offer Open Print Pull Put Raise Rank Read Refuse Register Release Remember Remove Render Replace Report Return
    Run Save Say Search Send Serve Set Share Show Simulate Solve Spend Split Start Step Stop Sum Take Tell Turn
    Unpickle Validate Warn Work Write Yield
        """,
    )
)


def docstrings() -> Iterator[tuple[str, str, bool]]:
    """Yield where a function stands, its docstring's first paragraph, and whether it is read like an attribute."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] in ("engine", "_shipped"):  # a law's docstring is its equation
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
                marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
                first = " ".join(text.strip().split("\n\n")[0].split())
                yield (
                    f"{'/'.join(parts)}:{node.lineno} {node.name}",
                    first,
                    bool(marks & {"property", "cached_property"}),
                )


def begins_with_verb(first: str) -> bool:
    """Tell whether a sentence begins with a verb: "Name a file" does, "Name of a file" does not."""
    words = re.split(r"[\s,.:;]+", first)
    return words[0] in VERBS and words[1:2] != ["of"]


def test_every_first_line_begins_with_a_verb():
    """An attribute is a noun, as is its docstring."""
    assert [
        f"{where}: {first}" for where, first, noun in docstrings() if not noun and not begins_with_verb(first)
    ] == []


def test_no_first_line_is_too_short_to_say_anything():
    assert [f"{where}: {first}" for where, first, _ in docstrings() if len(first) < SHORTEST] == []


def test_a_noun_is_told_from_a_verb():
    assert begins_with_verb("Name every team.") and begins_with_verb("Return: nothing.")
    assert not begins_with_verb("Name of every team.") and not begins_with_verb("How far it is.")
