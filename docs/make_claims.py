"""Make the tables of ``docs/claims.md`` again: ``python docs/make_claims.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``.  Verdicts and sizes
come from ``docs/measured/claims.json``, where ``python docs/make_claims.py --measure`` puts the answer of ``flywheel
claims --json`` as it is, and what becomes of them over worlds from ``claims-over-worlds.json`` beside it
(``--measure-worlds``); experiments from ``experiments/claims``.  A test compares, so that nothing can drift.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flywheel_sim.results.claims import VERDICTS, Seen, settings
from flywheel_sim.scenario.columns import COLUMNS
from flywheel_sim.study.claims.table import Claim, claim_table

TARGET = Path(__file__).resolve().parent / "claims.md"
MEASURED = TARGET.parent / "measured" / "claims.json"
OVER = MEASURED.with_name("claims-over-worlds.json")
#: Worlds that every claim is tried in.
WORLDS = 100

#: What lies behind a verdict, as far as it was looked into; edited by hand.
NOTES = {
    "C7": "no direction was written down, but the sign is against the words: more account reviews fail more often, "
    "failures become issues, and service, which nobody adds to, falls behind",
    "C23": "two signs: decisions of teams scatter more (`decision_error` counts that), and fewer touches fail",
    "C29": "in the company whose relationships are an asset one failure hardly moves what is felt of the others: the "
    "relationship differs by a seventh of a hundredth.",
    "C32": "its first trial was a fault of the experiment: better relationships still sold more to customers, and what "
    "customers pay pays for heads, so two runs of forty moved where nothing should; since then "
    "`expansion.relationship_effect` is 0 there too, and the rest is as it was",
    "C33": "in the company as it was before leads lapsed and accounts rested, the verdict was no: leads of so many "
    "advocates waited longer for the same sellers and went cold, and fewer were won. Sellers who take the newest lead "
    "first are not slowed by those they leave",
    "C46": "what moves is smaller than luck over three years in the company with all laws; why is not known",
    "C49": "the mean score is where it was; what overshoots is its spread about the target, which this experiment does "
    "not observe",
    "C71": "its first trial was a fault of the experiment, -.1 % of the cost at break-even: the effort of trying moved "
    "voices, and fixes succeeded a little less than always as teams drifted, while the break-even is for fixes that "
    "hold. Since then relationship and journey are off in it",
}


def answer() -> dict[str, Any]:
    """The answer as it was written."""
    return dict(json.loads(MEASURED.read_text("utf-8")))


def said(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """Settings as one would type them."""
    return ", ".join(f"`{settings({path: value}, before)}`" for path, value in given.items())


def row(*cells: str) -> str:
    """One row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def seen(one: Mapping[str, Any]) -> Seen:
    """What was observed, out of the answer."""
    low, high = one["interval"]
    return Seen(
        one["observed"], one["without"], one["with"], one["difference"], (low, high), one["p"], one["detects"],
        one["same"],
    )  # fmt: skip


def size(trial: Mapping[str, Any]) -> str:
    """What the effect does to the first thing observed, why the verdict, and what it does to the others."""
    if not trial["seen"]:
        return str(trial["says"])
    first, *others = map(seen, trial["seen"])
    told = f"`{first.name}`: {first.told}, {first.change}"
    if trial["verdict"] in ("no", "not shown", "fault"):
        left = [seen(x) for one in trial["vanished"] if not one["gone"] for x in one["seen"] if not x["same"]]
        told += f"; {trial['says']}" + "".join(f"; {one.name} still moves by {one.change}" for one in left)
    also = "; ".join(one.also.replace(one.name, f"`{one.name}`") for one in others)
    return f"{told}. Also: {also}" if also else told


def verdict(trial: Mapping[str, Any]) -> str:
    """The verdict; those that a reader looks for stand out."""
    return f"**{trial['label']}**" if trial["verdict"] in ("no", "not shown", "fault") else str(trial["label"])


def summary() -> str:
    """How many claims came out how, and how it was measured."""
    whole = answer()
    data, manifest = whole["data"], whole["manifest"]
    weeks = Counter(trial["weeks"] for trial in data["claims"]).most_common(1)[0][0]
    lines = [
        f"`flywheel claims`, {data['replicates']} paired runs of {weeks} weeks (those that say otherwise theirs), seed "
        f"{manifest['seeds']['seed']}, engine `{manifest['hashes']['engine']}`, {data['seconds'] / 60:.0f} minutes on "
        "two cores:",
        "",
        "| verdict | claims | which | what it means |",
        "|---|---|---|---|",
    ]
    for name, meaning in VERDICTS.items():
        numbers = [trial["number"] for trial in data["claims"] if trial["verdict"] == name]
        lines.append(row(name, str(len(numbers)), " ".join(numbers), meaning))
    return "\n".join(lines)


def verdicts() -> str:
    """Every claim with its verdict and size."""
    does = "what that does: without → with, change (80 % interval), share"
    lines = [row("", "claim", "verdict", "what is set", does, "vanishes"), "|---|---|---|---|---|---|"]
    for trial in answer()["data"]["claims"]:
        lines.append(
            row(
                trial["number"],
                trial["claim"],
                verdict(trial),
                said(trial["set"], trial["before"]),
                size(trial),
                trial["gone"],
            )
        )
    return "\n".join(lines)


def over_worlds() -> str:
    """What becomes of every claim where what nobody knows is drawn."""
    whole = json.loads(OVER.read_text("utf-8"))
    kept = {trial["number"]: trial for trial in answer()["data"]["claims"]}
    lines = [
        f"`flywheel claims --worlds {WORLDS}`, engine `{whole['engine']}`, {whole['seconds'] / 60:.0f} minutes:",
        "",
        row("", "as assumed", "over worlds", "in how many"),
        "|---|---|---|---|",
    ]
    for trial in whole["claims"]:
        before = kept[trial["number"]]["label"]
        now = trial["label"] if trial["label"] == before else f"**{trial['label']}**"
        lines.append(row(trial["number"], before, now, trial["told"]))
    return "\n".join(lines)


def notes() -> str:
    """What lies behind some verdicts."""
    found = {trial["number"]: trial for trial in answer()["data"]["claims"]}
    return "\n".join(f"- **{number}, {found[number]['verdict']}**: {note}." for number, note in NOTES.items())


def how(claim: Claim) -> str:
    """How a claim is tested."""
    if claim.open:
        return f"open: {claim.open}"
    told = {"exact": "to the bit", "interval": "within luck", "null": "the null is the claim"}[claim.expect]
    return told + (", by construction" if claim.by_construction else "")


def experiments() -> str:
    """Every experiment: company, what is given and must vanish."""
    lines = [row("", "mechanisms", "company", "given", "vanishes at", "direction claimed", "tested")]
    lines.append("|---|---|---|---|---|---|---|")
    for number, claim in claim_table().items():
        vanish = "; or ".join(said(one) for one in claim.vanish)
        company = "" if claim.open else claim.base
        direction = f"`{claim.observe[0]}` {claim.direction}" if claim.direction else ""
        lines.append(row(number, " ".join(claim.mechanisms), company, said(claim.given), vanish, direction, how(claim)))
    return "\n".join(lines)


def observed() -> str:
    """What is observed, in words."""
    names = {part for claim in claim_table().values() for name in claim.observe for part in name.split("/")}
    lines = ["| observed | unit | what it is |", "|---|---|---|"]
    lines += [row(f"`{name}`", unit, meaning) for name, unit, meaning in COLUMNS if name in names]
    return "\n".join(lines)


PARTS = {
    "summary": summary, "verdicts": verdicts, "over-worlds": over_worlds, "notes": notes, "experiments": experiments,
    "observed": observed,
}  # fmt: skip


def page(text: str) -> str:
    """The page with its made parts made anew."""
    for name, make in PARTS.items():
        whole = re.compile(rf"<!-- made: {name} -->\n.*?<!-- end -->", flags=re.S)
        made = f"<!-- made: {name} -->\n{make()}\n<!-- end -->"
        text, found = whole.subn(lambda _, made=made: made, text)
        assert found == 1, f"claims.md has no place for {name}"
    return text


def measure() -> None:
    """Put every claim on trial; minutes on two cores."""
    words = [sys.executable, "-m", "flywheel_sim", "claims", "--json"]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
    MEASURED.write_text(done.stdout, encoding="utf-8")


def measure_worlds() -> None:
    """Try every claim over worlds; a quarter of an hour on two cores."""
    words = [sys.executable, "-m", "flywheel_sim", "claims", "--worlds", str(WORLDS), "--json"]
    whole = json.loads(subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True).stdout)
    tried = [trial for trial in whole["data"]["claims"] if trial["worlds"]]
    kept = {
        "engine": whole["manifest"]["hashes"]["engine"],
        "seconds": whole["data"]["seconds"],
        "claims": [{key: trial[key] for key in ("number", "label")} | trial["worlds"] for trial in tried],
    }
    OVER.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    if "--measure-worlds" in sys.argv[1:]:
        measure_worlds()
    if "--measure" in sys.argv[1:]:
        measure()
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
