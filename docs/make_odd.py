"""Make the tables of ``docs/odd.md`` again from the sources: ``python docs/make_odd.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``: the order of events,
state variables, weekly columns, mechanisms and parameters come from the code.  A test compares, so they cannot drift.
"""

import ast
import re
from pathlib import Path
from typing import Any

from flywheel_sim.scenario.columns import COLUMNS
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel, Segment, Team

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "odd.md"
ENGINE = ROOT / "flywheel_sim" / "engine"


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


def _fields(block: type[Block]) -> dict[str, Any]:
    return dict(block.model_fields)


def _block(annotation: Any) -> type[Block] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Block) else None


def _entry(annotation: Any) -> type[Block] | None:
    """The block of a mapping of named things."""
    return _block(annotation.__args__[1]) if getattr(annotation, "__origin__", None) is dict else None


def order() -> str:
    """The order of events, as tick.py states it."""
    text = _docstring(ENGINE / "tick.py")
    rows = [line for line in text.splitlines() if re.match(r"\s*\d+\s\s", line)]
    cells = [re.split(r"\s{2,}", line.strip()) for line in rows]
    return "\n".join(["| | step | modules |", "|---|---|---|"] + [f"| {' | '.join(row)} |" for row in cells])


def state() -> str:
    """Arrays of the engine's state by group, with their comments."""
    source = (ENGINE / "state.py").read_text("utf-8")
    body = source[source.index("class State(NamedTuple)") :].split("\n\n\n")[0]
    lines, group = ["| variable | type | belongs to | meaning |", "|---|---|---|---|"], ""
    for line in body.splitlines():
        head = re.match(r"    # (.+)", line)
        item = re.match(r"    (\w+): NDArray\[(?:np\.)?(\w+)\](?:\s+# (.+))?", line)
        if head:
            group = head.group(1)
        elif item:
            lines.append(f"| `{item.group(1)}` | {item.group(2)} | {group} | {(item.group(3) or '').strip()} |")
    return "\n".join(lines)


def columns() -> str:
    """The weekly columns."""
    rows = [f"| `{name}` | {unit} | {meaning} |" for name, unit, meaning in COLUMNS]
    return "\n".join(["| column | unit | meaning |", "|---|---|---|", *rows])


def mechanisms() -> str:
    """One row a mechanism: what it says, where it vanishes, closed forms."""
    files = {p.stem.split("_", 1)[1]: p for p in sorted((ENGINE / "mechanisms").glob("m*.py"))}
    rows = ["| | submodel | neutral setting | closed forms | module |", "|---|---|---|---|---|"]
    for number, name in MECHANISMS.items():
        text = _docstring(files[name])
        block = _block(ScenarioModel.model_fields[name].annotation)
        assert block is not None
        said = (block.__doc__ or "").strip().splitlines()[0].partition(": ")[2].rstrip(".")
        found = re.search(r"Neutral setting:? (.*?)(?:\n\n|$)", text, re.S)
        neutral = (
            re.sub(r"\s+", " ", found.group(1)).replace("``", "`").strip() if found else "a readout; causes nothing"
        )
        forms = sorted(set(re.findall(r"\bA\d+\b", text)), key=lambda a: int(a[1:]))
        stem = files[name].stem
        rows.append(f"| {number} | {said} | {neutral} | {', '.join(forms)} | `{stem}` |")
    return "\n".join(rows)


def _rows(block: type[Block], path: str) -> list[str]:
    rows = []
    for name, field in _fields(block).items():
        here = f"{path}{name}"
        inner, entry = _block(field.annotation), _entry(field.annotation)
        if inner is not None:
            rows += _rows(inner, f"{here}.")
            continue
        if entry is not None:
            rows += _rows(entry, f"{here}.<name>.")
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = "required" if field.is_required() else str(field.default)
        rows.append(
            f"| `{here}` | {default} | {extra.get('unit', '')} | {extra.get('evidence', '')} "
            f"| {extra.get('source', '')} |"
        )
    return rows


def parameters() -> str:
    """Every parameter with its default, unit, evidence mark and source."""
    lines = ["| parameter | default | unit | evidence | source |", "|---|---|---|---|---|"]
    lines += _rows(Team, "teams.<name>.") + _rows(Segment, "segments.<name>.")
    for name in MECHANISMS.values():
        block = _block(ScenarioModel.model_fields[name].annotation)
        assert block is not None
        lines += _rows(block, f"{name}.")
    return "\n".join(lines)


PARTS = {"order": order, "state": state, "columns": columns, "mechanisms": mechanisms, "parameters": parameters}


def page(text: str) -> str:
    """The page with its made parts made anew."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end -->)", re.S)
        assert pattern.search(text), name
        made = make()
        text = pattern.sub(lambda m, made=made: f"{m.group(1)}{made}\n{m.group(2)}", text)
    return text


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
