"""The commented file that ``flywheel scenario new`` writes."""

from collections.abc import Iterator, Mapping
from typing import Any

from flywheel_sim.scenario.fields import EVIDENCE
from flywheel_sim.scenario.hashing import WORDS
from flywheel_sim.scenario.scenario import Scenario
from flywheel_sim.scenario.shapes import Shape, root
from flywheel_sim.scenario.writing import one_line, to_yaml

__all__ = ["template"]

_HEAD = """\
# Lines that start with '# ' show what {base} says. To change a value, take the '# ' (blank included) away from its
# line and from the names of the blocks around it; everything else stays as it is there.
# After a value: what it means, [its unit], (evidence: {evidence}; then
# the source).
"""


def template(title: str, extends: str, base: Scenario) -> str:
    """Return a scenario file that extends ``base``, with every usual parameter as a comment.

    Parameters
    ----------
    title : str
        Title of the new scenario.
    extends : str
        What to write after ``extends:``.
    base : Scenario
        Where the values in the comments come from.
    """
    head = to_yaml({"version": base.get("version"), "extends": extends, "title": title})
    values = {name: value for name, value in base.resolved().items() if name != "version" and name not in WORDS}
    body = "\n".join(_lines(values, root(type(base.model)), ""))
    marks = ", ".join(f"{mark} {text}" for mark, text in EVIDENCE.items())
    return f"{head}\n{_HEAD.format(base=extends, evidence=marks)}\n{body}\n"


def _lines(values: Mapping[str, Any], shape: Shape, indent: str) -> Iterator[str]:
    for name, value in values.items():
        below = shape.child(name)
        if below is None or below.extra.get("advanced"):
            continue
        key = to_yaml({name: 0}).partition(": 0")[0]
        note = _note(below)
        if isinstance(value, Mapping) and value and not (below.entries is not None and below.entries.kinds):
            if not indent:
                yield "#"
            yield f"# {indent}{key}:{note}"
            yield from _lines(value, below, indent + "  ")
        else:
            yield f"# {indent}{key}: {one_line(value)}{note}"


def _note(shape: Shape) -> str:
    if shape.field is None or not shape.field.description:
        return ""
    said = ", ".join(str(shape.extra[part]) for part in ("evidence", "source") if shape.extra.get(part))
    unit = f" [{shape.unit}]" if shape.unit else ""
    return f"  # {shape.field.description}{unit}" + (f" ({said})" if said and not shape.block else "")
