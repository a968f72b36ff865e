"""Make ``docs/reference.md`` again from the schema: ``python docs/make_reference.py``.

Everything a scenario file may hold: one section a block, one row a setting, with what may stand there and between which
limits, its default, unit, evidence mark and source, and what it means.  A test compares the file with what this program
makes, so that they cannot drift.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flywheel_sim.scenario.fields import EVIDENCE
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel
from flywheel_sim.scenario.shapes import NAME, Shape, root
from flywheel_sim.scenario.writing import one_line

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "reference.md"

HEAD = """\
# Scenario reference

Made by `docs/make_reference.py` from the schema. Everything a scenario file may hold: what may stand there, what stands
there when a file and its parents say nothing, and how well that is known. `<name>` stands for a name of your choice
(`teams.sales.headcount`). How a file is written: [scenarios](scenarios.md); the equations behind a block:
[mechanisms](mechanisms.md). In the terminal, `flywheel explain market.churn.mean` says one line of this page, and
`flywheel scenario show b2b-saas` what a shipped company says instead.

Evidence of a default: EVIDENCE;
then the source, by its number among claims (C), closed forms (A) and facts (S). Switches, choices and names carry no
evidence: they say what is simulated, not how the world is.
"""

TOP = """\
Lines without a block, at the top of a file; besides these `extends`: the name of a shipped scenario, or a path beside
this file, that this one changes."""

COLUMNS = "| setting | what may stand there | default | unit | evidence | meaning |"


def rows(shape: Shape, path: str, default: Any) -> Iterator[str]:
    """Rows of everything inside a block; ``default`` is an instance of it, or None inside named things."""
    assert shape.block is not None
    for name in shape.names:
        below = shape.child(name)
        assert below is not None and below.field is not None
        here = f"{path}{name}"
        given = getattr(default, name, None) if default is not None else None
        if below.block is not None:
            yield from rows(below, f"{here}.", given if given is not None else below.field.default)
            continue
        yield row(below, here)
        if below.entries is not None and below.entries.block is not None:
            yield from rows(below.entries, f"{here}.{NAME}.", None)


def row(shape: Shape, path: str) -> str:
    """One setting."""
    field = shape.field
    assert field is not None
    default = "required" if field.is_required() else f"`{one_line(field.default)}`"
    numeric = any("number" in kind for kind in shape.kinds)
    mark, source = str(shape.extra.get("evidence", "")) if numeric else "", str(shape.extra.get("source", ""))
    known = f"{mark} ({source})" if mark and source else mark or source
    expected = shape.expected().removesuffix(f" ({shape.unit})").replace("'", "`")
    meaning = f"**{shape.label}.** {shape.text}" if shape.label else shape.text
    cells = (f"`{path}`", expected, default, shape.unit, known, meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def section(title: str, about: str, anchor: str, body: Iterator[str]) -> list[str]:
    """One block."""
    return ["", f'<a id="{anchor}"></a>', "", f"## {title}", "", about, "", COLUMNS, "|---|---|---|---|---|---|", *body]


def page() -> str:
    """The whole page."""
    whole = root(ScenarioModel)
    numbers = {block: number for number, block in MECHANISMS.items()}
    shapes = {name: whole.child(name) for name in whole.names}
    plain = [name for name, shape in shapes.items() if shape is not None and not shape.block and not _named(shape)]
    lines = [HEAD.replace("EVIDENCE", ", ".join(f"**{mark}** {text}" for mark, text in EVIDENCE.items()))]
    lines += ["| block | what it is |", "|---|---|", "| [top](#set-top) | the file itself |"]
    for name, shape in shapes.items():
        if name not in plain:
            assert shape is not None and shape.field is not None
            lines.append(f"| [{name}](#set-{name}) | {(shape.field.description or '').rstrip('.')} |")
    top = (row(shape, name) for name in plain if (shape := shapes[name]) is not None)
    lines += section("The file itself", TOP, "set-top", top)
    for name, shape in shapes.items():
        if name in plain:
            continue
        assert shape is not None and shape.field is not None
        inner = shape if shape.block is not None else shape.entries
        assert inner is not None and inner.block is not None
        number = numbers.get(name)
        about = " ".join((inner.block.__doc__ or "").split())
        if number:
            about += f" Equations: [{number}](mechanisms.md#{number.lower()})."
        path = f"{name}." if shape.block is not None else f"{name}.{NAME}."
        body = rows(inner, path, shape.field.default if shape.block is not None else None)
        lines += section(f"{name} ({number})" if number else name, about, f"set-{name}", body)
    return "\n".join(lines) + "\n"


def _named(shape: Shape) -> bool:
    """Whether this is a mapping from names to blocks."""
    return shape.entries is not None and shape.entries.block is not None


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
