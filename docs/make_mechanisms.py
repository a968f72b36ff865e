"""Make ``docs/mechanisms.md`` again from the sources: ``python docs/make_mechanisms.py``.

One section per mechanism: what its module says (mathematics, neutral setting) and its parameters with unit, default and
evidence mark.  A test compares the file with what this program makes, so that it cannot drift.
"""

import ast
from pathlib import Path

from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "mechanisms.md"


def parameters(block: type[Block], path: str) -> list[str]:
    """Rows of the parameter table of a block, nested blocks included."""
    rows = []
    for name, field in block.model_fields.items():
        here = f"{path}.{name}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Block):
            rows += parameters(kind, here)
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = "" if field.is_required() else str(field.default)
        mark = str(extra.get("evidence", "")) + (f" ({extra['source']})" if extra.get("source") else "")
        text = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{here}` | {default} | {extra.get('unit', '')} | {mark} | {text} |")
    return rows


def page() -> str:
    """The whole page."""
    modules = {p.stem.split("_", 1)[1]: p for p in sorted((ROOT / "flywheel_sim/engine/mechanisms").glob("m*.py"))}
    lines = [
        "# Mechanisms",
        "",
        "Made by `docs/make_mechanisms.py` from the modules and the schema. Evidence marks: V primary source, V2",
        "secondary page, M from memory, X computed, a assumption.",
        "",
        "| | block | kernel | test |",
        "|---|---|---|---|",
    ]
    for number, block in MECHANISMS.items():
        stem = modules[block].stem
        lines.append(
            f"| [{number}](#{number.lower()}) | `scenario/blocks/{stem}.py` | `engine/mechanisms/{stem}.py` "
            f"| `tests/mechanisms/test_{stem}.py` |"
        )
    for number, block in MECHANISMS.items():
        text = ast.get_docstring(ast.parse(modules[block].read_text("utf-8"))) or ""
        title, _, body = text.partition("\n")
        kind = ScenarioModel.model_fields[block].annotation
        assert isinstance(kind, type) and issubclass(kind, Block)
        lines += ["", f'<a id="{number.lower()}"></a>', "", f"## {title.rstrip('.')}", "", body.strip(), ""]
        lines += ["| parameter | default | unit | evidence | meaning |", "|---|---|---|---|---|"]
        lines += parameters(kind, block)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
