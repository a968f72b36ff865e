"""Make the tables of ``docs/odd.md`` again from the sources: ``python docs/make_odd.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``: the order of events,
state variables, weekly columns and mechanisms come from the code.  A test compares, so they cannot drift.
"""

import ast
import re
from pathlib import Path

from flywheel_sim.scenario.columns import COLUMNS
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "odd.md"
ENGINE = ROOT / "flywheel_sim" / "engine"


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


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
        block = ScenarioModel.model_fields[name].annotation
        assert isinstance(block, type) and issubclass(block, Block)
        said = (block.__doc__ or "").strip().splitlines()[0].partition(": ")[2].rstrip(".")
        found = re.search(r"Neutral setting:? (.*?)(?:\n\n|$)", text, re.S)
        neutral = (
            re.sub(r"\s+", " ", found.group(1)).replace("``", "`").strip() if found else "a readout; causes nothing"
        )
        forms = sorted(set(re.findall(r"\bA\d+\b", text)), key=lambda a: int(a[1:]))
        stem = files[name].stem
        rows.append(f"| {number} | {said} | {neutral} | {', '.join(forms)} | `{stem}` |")
    return "\n".join(rows)


PARTS = {"order": order, "state": state, "columns": columns, "mechanisms": mechanisms}


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
