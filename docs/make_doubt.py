"""Make the tables of ``docs/doubt.md`` again: ``python docs/make_doubt.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``, which come from
``docs/measured/reliability.json``, as ``python docs/make_doubt.py --measure`` puts it there.
"""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent / "doubt.md"
MEASURED = TARGET.parent / "measured" / "reliability.json"

COMPANY, WEEKS = "b2b-saas", 120
#: Draws that answer, truths that are asked about, and truths of another structure.
DRAWS, TRUTHS, OTHERS = 300, 200, 100
#: Share of the draws that answer where a line is fitted to those nearest alone.
NEAREST = 0.5
DECISIONS = (
    "churn-pay", "nps-pay", "mbo-pay", "relationship-pay", "profit-share", "flywheel-group", "listening",
    "mission-statement", "loyalty-programme", "self-service-push",
)  # fmt: skip
#: A structure that no world has: circles of very different sizes without any order, and customers who remember only
#: what surprised them.
STRUCTURE = {"market.network.kind": "configuration", "relationship.law": "surprise"}


def measure() -> dict[str, Any]:
    """Measure how well probabilities hold; about three minutes on an idle machine."""
    import numpy as np

    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.scenario import load

    sys.path.insert(0, str(TARGET.parents[1] / "experiments" / "calibration"))
    from reliability import reliability, see

    base = load(COMPANY).with_({"horizon_weeks": WEEKS}).settled()
    ends = np.cumsum([0, DRAWS, TRUTHS, OTHERS])
    prior, truths = (see(base, DECISIONS, np.arange(*ends[k : k + 2])) for k in (0, 1))
    others = see(base, DECISIONS, np.arange(*ends[2:4]), structure=STRUCTURE)
    return {
        "engine": engine_hash(),
        "company": base.hash,
        "own": reliability(prior, truths).to_dict(),
        "other": reliability(prior, others).to_dict(),
        "own nearer": reliability(prior, truths, nearest=NEAREST).to_dict(),
        "other nearer": reliability(prior, others, nearest=NEAREST).to_dict(),
    }


def table(found: dict[str, Any]) -> str:
    """Return both checks side by side."""
    own, other = found["own"], found["other"]
    nearer = found["own nearer"], found["other nearer"]

    def chance(one: dict[str, Any]) -> str:
        from scipy.stats import chi2

        return f"{chi2.sf(one['chi2'], len(one['ranks']) - 1):.2g}"

    rows = [
        ("truths", own["truths"], other["truths"]),
        ("decisions about each", own["decisions"], other["decisions"]),
        ("calibration slope (1 is right)", *(f"{x['slope']:.2f} ± {x['error']:.2f}" for x in (own, other))),
        ("the same, a line through the nearer half", *(f"{x['slope']:.2f} ± {x['error']:.2f}" for x in nearer)),
        ("Brier score", *(f"{x['brier']:.3f}" for x in (own, other))),
        ("the same, a line through the nearer half", *(f"{x['brier']:.3f}" for x in nearer)),
        ("Brier score of the base rates", *(f"{x['base']:.3f}" for x in (own, other))),
        ("ranks in tenths", *(" ".join(map(str, x["ranks"])) for x in (own, other))),
        ("chance of ranks as uneven, by truths", f"{own['chance']:.2g}", f"{other['chance']:.2g}"),
        ("the same, had every decision a truth of its own", chance(own), chance(other)),
        ("chance by truths, a line through the nearer half", *(f"{x['chance']:.2g}" for x in nearer)),
    ]
    lines = ["| | truths of the prior | truths of another structure |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {one} | {two} |" for name, one, two in rows)])


def curve(found: dict[str, Any]) -> str:
    """Return what was said and what came true, by tenths of what was said."""
    lines = ["| said, mean of the tenth | came true | of another structure: said | came true |", "|---|---|---|---|"]
    own, other = found["own"], found["other"]
    for row in zip(own["said"], own["came"], other["said"], other["came"], strict=True):
        lines.append("| " + " | ".join("" if x is None or math.isnan(x) else f"{100 * x:.0f} %" for x in row) + " |")
    return "\n".join(lines)


def page(text: str, found: dict[str, Any]) -> str:
    """Return the page with its made parts as they were measured."""
    made = {"reliability": table(found), "curve": curve(found)}

    def put(match: re.Match[str]) -> str:
        return f"<!-- made: {match[1]} -->\n{made[match[1]]}\n<!-- end -->" if match[1] in made else match[0]

    return re.sub(r"<!-- made: (\w+) -->\n.*?<!-- end -->", put, text, flags=re.DOTALL)


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        MEASURED.write_text(json.dumps(measure(), indent=1) + "\n", "utf-8")
    TARGET.write_text(page(TARGET.read_text("utf-8"), json.loads(MEASURED.read_text("utf-8"))), "utf-8")
