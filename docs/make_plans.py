"""Make the table of plans and companies in ``docs/scenarios.md`` again: ``python docs/make_plans.py``."""

import re
from functools import cache
from pathlib import Path

from flywheel_sim.scenario import ScenarioError, load, scenarios
from flywheel_sim.scenario.library import PLANS
from flywheel_sim.scenario.measures import silent, without_target

TARGET = Path(__file__).resolve().parent / "scenarios.md"
_MADE = re.compile(r"(<!-- made: plans -->\n).*?(<!-- end -->)", re.DOTALL)


def companies() -> list[str]:
    """Return the shipped companies."""
    return [name for name, entry in scenarios().items() if entry.kind == "company"]


def plans() -> list[str]:
    """Return the shipped schemes, programmes and parts."""
    return [name for name, entry in scenarios().items() if entry.kind in PLANS]


@cache
def why_not(company: str, plan: str) -> str:
    """Say in one line why a plan cannot be laid on a company; empty where it runs."""
    try:
        made = load(f"{company}+{plan}")
    except ScenarioError as error:
        first, more = error.problems[0], len(error.problems) - 1
        return f"{first.message}{f', and {more} more' if more else ''}"
    for name in without_target(made):
        if why := silent(made.base().model, name):
            return f"nobody can be paid on '{name}' here: {why}"
    return ""


def table() -> str:
    """Return the table: plans by companies, and a line for each reason."""
    where, reasons = companies(), dict[str, str]()
    lines = ["| plan | " + " | ".join(where) + " |", "|---" * (len(where) + 1) + "|"]
    for plan in plans():
        cells = []
        for company in where:
            why = why_not(company, plan)
            cells.append(f"no ({reasons.setdefault(why, chr(97 + len(reasons)))})" if why else "runs")
        lines.append(f"| {plan} | " + " | ".join(cells) + " |")
    told = [f"({mark}) {why}." for why, mark in reasons.items()]
    return "\n".join([*lines, "", *told, ""])


def page(text: str) -> str:
    """Return the page with its table made again."""
    return _MADE.sub(lambda found: f"{found[1]}\n{table()}\n{found[2]}", text)


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text("utf-8")), "utf-8")
