"""Make the tables of ``docs/responses.md`` again: ``python docs/make_responses.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``, which come from
``docs/measured/responses.json``: the answers of ``flywheel responses --json``, one for each company, as
``python docs/make_responses.py --measure`` puts them there.  Levers with a curve that stays open are measured once more
with more pairs and another seed (``--measure-closely``), into ``responses-closely.json`` beside it.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from flywheel_sim.present.responses import told
from flywheel_sim.results.responses import VERDICTS, CurvePoint, Response
from flywheel_sim.study.responses.table import COMPANIES, response_table

TARGET = Path(__file__).resolve().parent / "responses.md"
MEASURED = TARGET.parent / "measured" / "responses.json"
CLOSELY = MEASURED.with_name("responses-closely.json")
#: Pairs and seed of the closer look at what stays open.
PAIRS, SEED = 200, 2


def answers(path: Path = MEASURED) -> list[dict[str, Any]]:
    """Return the answers as they were written, one for each company."""
    return list(json.loads(path.read_text("utf-8")))


def curves(path: Path = MEASURED) -> list[Response]:
    """Return every curve that was measured."""
    found = []
    for answer in answers(path):
        for entry in answer["data"]["responses"]:
            points = tuple(CurvePoint(**{name: _number(value) for name, value in p.items()}) for p in entry["points"])
            found.append(Response(**{**entry, "points": points, "meaning": ""}))
    return found


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def row(*cells: str) -> str:
    """Return one row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def summary() -> str:
    """Count verdicts by company."""
    everything = curves()
    lines = [row("company", "paired runs", "engine", *VERDICTS, "curves"), "|---|---|---|---|---|---|---|"]
    for company, answer in zip(COMPANIES, answers(), strict=True):
        found = Counter(curve.verdict for curve in everything if curve.company == company)
        made = f"{answer['data']['replicates']}", f"`{answer['manifest']['hashes']['engine']}`"
        lines.append(row(company, *made, *(str(found[verdict]) for verdict in VERDICTS), str(found.total())))
    return "\n".join(lines)


def failures() -> str:
    """List every curve that fails, by lever."""
    lines = [row("lever", "company", "outcome", "years", "expected", "found in the last of them", "points")]
    lines.append("|---|---|---|---|---|---|---|")
    groups: dict[tuple[str, str, str, str], list[Response]] = {}
    for curve in curves():
        if curve.verdict == "fails":
            groups.setdefault((curve.name, curve.company, curve.outcome, curve.expected), []).append(curve)
    for (name, company, outcome, expected), group in groups.items():
        years = ", ".join(str(curve.year) for curve in group)
        last = group[-1]
        says = f"{last.says}; excused: {last.excused}" if last.excused else last.says
        lines.append(row(f"`{name}`", company, outcome, years, expected, says, told(last)))
    return "\n".join(lines)


def levers() -> str:
    """List every lever with its argument and what is expected."""
    lines = [row("lever", "what it is", "expected", "why"), "|---|---|---|---|"]
    for name, lever in response_table().items():
        expected = "; ".join(f"{one.outcome} {one.shape}" for one in lever.expect)
        lines.append(row(f"`{name}`", lever.title, expected, lever.why))
    return "\n".join(lines)


def closely() -> str:
    """Tell what more pairs say of every curve that stayed open: one row a lever, company and outcome."""
    lines = [row("lever", "company", "outcome", "at year", "expected", "with more pairs", "points"), "|---" * 7 + "|"]
    for curve in curves(CLOSELY):
        verdict = f"{curve.verdict}{', excused' if curve.excused and curve.verdict != 'holds' else ''}: {curve.says}"
        named = f"`{curve.name}`", curve.company, curve.outcome, str(curve.year), curve.expected
        lines.append(row(*named, verdict, told(curve)))
    return "\n".join(lines)


PARTS = {"summary": summary, "failures": failures, "closely": closely, "levers": levers}


def page(text: str) -> str:
    """Return the page with its made parts made anew."""
    for name, make in PARTS.items():
        whole = re.compile(rf"<!-- made: {name} -->\n.*?<!-- end -->", flags=re.S)
        made = f"<!-- made: {name} -->\n{make()}\n<!-- end -->"
        text, found = whole.subn(lambda _, made=made: made, text)
        assert found == 1, f"responses.md has no place for {name}"
    return text


def measure() -> None:
    """Pull every lever in every company."""
    found = []
    for company in COMPANIES:
        words = [sys.executable, "-m", "flywheel_sim", "responses", "--company", company, "--json"]
        done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout))
    MEASURED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure_closely() -> None:
    """Pull again, with more pairs and other luck, each lever with a curve that stayed open."""
    found = []
    for answer in answers():
        rows = [entry for entry in answer["data"]["responses"] if entry["verdict"] == "open"]
        if not rows:
            continue
        still = {(entry["name"], entry["outcome"], entry["expected"], entry["year"]) for entry in rows}
        words = [sys.executable, "-m", "flywheel_sim", "responses", *sorted({entry["name"] for entry in rows})]
        words += ["--company", rows[0]["company"], "--replicates", str(PAIRS), "--seed", str(SEED), "--json"]
        closer = json.loads(subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True).stdout)
        closer["data"]["responses"] = [
            entry
            for entry in closer["data"]["responses"]
            if (entry["name"], entry["outcome"], entry["expected"], entry["year"]) in still
        ]
        found.append(closer)
    CLOSELY.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
    if {"--measure", "--measure-closely"} & set(sys.argv[1:]):
        measure_closely()
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
