"""Make the tables of ``docs/facts.md`` again: ``python docs/make_facts.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``, which come from
``docs/measured/facts.json``: the answer of ``flywheel facts --json``, as ``python docs/make_facts.py --measure`` puts
it there.
"""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from flywheel_sim.present.facts import band, missed, rate, valued
from flywheel_sim.results.facts import EASY, VERDICTS, Fact, Facts
from flywheel_sim.scenario.bibliography import bibliography
from flywheel_sim.study.facts.prior import SPREAD
from flywheel_sim.study.facts.table import ROLES, fact_table
from flywheel_sim.study.facts.trial import DRAWN_RUNS

TARGET = Path(__file__).resolve().parent / "facts.md"
MEASURED = TARGET.parent / "measured" / "facts.json"
#: What the companies showed before the first of their laws was mended, by the same command.
BEFORE = MEASURED.with_name("facts-before.json")


def answer(file: Path = MEASURED) -> dict[str, Any]:
    """Return the answer as it was written."""
    return dict(json.loads(file.read_text("utf-8")))


@cache
def measured_facts(file: Path = MEASURED) -> Facts:
    """Return what was measured."""
    data = answer(file)["data"]
    parts = {(mark, part.name): part for mark, fact in fact_table().items() for part in fact.parts}
    listed = []
    for entry in data["facts"]:
        given = {**entry, "mark": entry["id"]}
        del given["id"]
        for name in ("value", "error", "pass_rate"):
            given[name] = float("nan") if given[name] is None else given[name]
        part = parts.get((entry["id"], entry["part"]))
        given["low"], given["high"] = (part.low, part.high) if part else (float("nan"), float("nan"))
        listed.append(Fact(**given))
    return Facts(facts=tuple(listed), replicates=data["replicates"], draws=data["draws"], seed=1)


def row(*cells: str) -> str:
    """Return one row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def summary() -> str:
    """Count facts by role."""
    facts, whole = measured_facts(), answer()
    seed, engine = whole["manifest"]["seeds"]["seed"], whole["manifest"]["hashes"]["engine"]
    lines = [
        f"`flywheel facts`, {facts.replicates} runs of every arm with common random numbers, {facts.draws} companies "
        f"drawn from the prior with {DRAWN_RUNS} runs of every arm in each, seed {seed}, engine `{engine}`. A fact "
        "counts once a company; it agrees where all its parts do.",
        "",
        f"**{facts.sentence}**",
        "",
        row("role", "agree", "of those measured", "no interface", "before the company was mended"),
        "|---|---|---|---|---|",
    ]
    before = measured_facts(BEFORE).tallies
    for name, tally in facts.tallies.items():
        then = f"{before[name].agree} of {before[name].measured}"
        lines.append(row(name, str(tally.agree), str(tally.measured), str(tally.unseen), then))
    lines += [
        "",
        f"The prior multiplies every number that a company's file marks as an assumption by exp({SPREAD} z), z "
        f"standard normal and keyed by seed, draw and path. A fact that holds in more than {100 * EASY:.0f} % of these "
        "companies is easy: it says little of this one.",
        "",
        f"*Before* is the same command with engine `{answer(BEFORE)['manifest']['hashes']['engine']}`: no law of the "
        "whole company had been mended, and its base cases were those that had been calibrated without them. Which "
        "validating facts are easy is found anew each time, so a fact may have changed its row.",
    ]
    return "\n".join(lines)


def _told_before(one: Fact | None) -> str:
    """Say what a fact came to before, and its verdict; it may have been looked for in other words or not at all."""
    if one is None:
        return "not measured"
    return f"{valued(one)} {one.verdict}".strip()


def _table(role: str) -> str:
    heads = ("fact", "company", "what", "value", "published", "verdict", "holds in draws", "before")
    before = {(one.mark, one.company, one.part): one for one in measured_facts(BEFORE).facts}
    lines = [row(*heads), "|---" * len(heads) + "|"]
    for one in measured_facts().facts:
        if one.role == role:
            verdict = f"**fails**, {missed(one)}" if one.verdict == "fails" else one.verdict
            verdict += f": {one.says}" if one.says else ""
            told = band(one) + (" (sign)" if one.sign else "")
            mark = f"[{one.mark}](bibliography.md#{one.mark.lower()})"
            then = _told_before(before.get((one.mark, one.company, one.part)))
            lines.append(row(mark, one.company, one.part, valued(one), told, verdict, rate(one), then))
    return "\n".join(lines)


def validates() -> str:
    """Facts that are evidence."""
    return _table("validates")


def put_in() -> str:
    """Facts that a law says."""
    return _table("put in")


def calibrates() -> str:
    """Facts that settings and targets were chosen by."""
    return _table("calibrates")


def facts() -> str:
    """Every fact with its statement, role and measure."""
    lines = [row("fact", "statement", "role", "how it is measured"), "|---|---|---|---|"]
    for mark, fact in fact_table().items():
        role = fact.role + (f": {fact.because}" if fact.because else "")
        how = fact.how or f"no interface: {fact.no_interface}"
        source = bibliography()[mark]
        lines.append(row(mark, f"{source.fact} ({source.rating}, {source.evidence})", role, how))
    return "\n".join(lines)


def words() -> str:
    """What roles and verdicts mean."""
    lines = [f"- *{name}*: {meaning}." for name, meaning in {**ROLES, **VERDICTS}.items()]
    return "\n".join(lines)


PARTS = {
    "summary": summary, "words": words, "validates": validates, "put in": put_in, "calibrates": calibrates,
    "facts": facts,
}  # fmt: skip


def page(text: str) -> str:
    """Return the page with its made parts made anew."""
    for name, make in PARTS.items():
        whole = re.compile(rf"<!-- made: {name} -->\n.*?<!-- end -->", flags=re.S)
        made = f"<!-- made: {name} -->\n{make()}\n<!-- end -->"
        text, count = whole.subn(lambda _, made=made: made, text)
        assert count == 1, f"facts.md has no place for {name}"
    return text


def measure() -> None:
    """Look for every fact in every company."""
    words = [sys.executable, "-m", "flywheel_sim", "facts", "--json"]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    MEASURED.write_text(json.dumps(json.loads(done.stdout), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
