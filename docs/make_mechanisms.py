"""Make ``docs/mechanisms.md`` again from the sources: ``python docs/make_mechanisms.py``.

What every mechanism is made of, tested by and serves; then one section per mechanism: what its module says
(mathematics, neutral setting).  A test compares the file with what this program makes, so that it cannot drift.
"""

import ast
from pathlib import Path

from flywheel_sim.scenario.schema import MECHANISMS
from flywheel_sim.study.claims.table import claim_table
from flywheel_sim.study.explain import closed_forms_in

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "mechanisms.md"


def closed_forms(number: str, docstring: str) -> list[str]:
    """Closed forms a mechanism meets: those its module names, or else those its claims lean on."""
    named = set(closed_forms_in(docstring))
    if not named:
        named = {a for claim in claim_table().values() if number in claim.mechanisms for a in claim.anchors}
    return sorted(named, key=lambda a: int(a[1:]))


def page() -> str:
    """The whole page."""
    modules = {p.stem.split("_", 1)[1]: p for p in sorted((ROOT / "flywheel_sim/engine/mechanisms").glob("m*.py"))}
    lines = [
        "# Mechanisms",
        "",
        "Made by `docs/make_mechanisms.py` from the modules. Settings with their defaults, limits and evidence:",
        "[scenario reference](reference.md). A module stands in `engine/mechanisms`, its block under the same name in",
        "`scenario/blocks`, its test in `tests/mechanisms` with `test_` before the name. What every claim says:",
        "[claims](claims.md).",
        "",
        "| | mechanism | module | claims | closed forms |",
        "|---|---|---|---|---|",
    ]
    for number, block in MECHANISMS.items():
        stem = modules[block].stem
        text = ast.get_docstring(ast.parse(modules[block].read_text("utf-8"))) or ""
        served = [claim.number for claim in claim_table().values() if number in claim.mechanisms]
        lines.append(
            f"| [{number}](#{number.lower()}) | {block.replace('_', ' ')} | `{stem}.py` | {' '.join(served) or 'none'} "
            f"| {' '.join(closed_forms(number, text)) or 'none'} |"
        )
    for number, block in MECHANISMS.items():
        text = ast.get_docstring(ast.parse(modules[block].read_text("utf-8"))) or ""
        title, _, body = text.partition("\n")
        lines += ["", f'<a id="{number.lower()}"></a>', "", f"## {title.rstrip('.')}", "", body.strip(), ""]
        lines.append(f"Settings, with limits, defaults and evidence: [{block}](reference.md#set-{block}).")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
