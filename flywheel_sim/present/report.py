"""The report: one HTML file that answers a question, verdict first, and needs nothing else to be read.

No script, no outside address, a content policy that forbids both, and the same bytes every time it is made.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel_sim.files import HTML, place, write_text
from flywheel_sim.present.bridge import waterfall_chart
from flywheel_sim.present.cited import Cited
from flywheel_sim.present.compass import compass_chart
from flywheel_sim.present.drawing import to_svg
from flywheel_sim.present.figures import difference_chart, fan_chart, score_chart
from flywheel_sim.present.groups import segments_chart, teams_chart, who_words
from flywheel_sim.present.pages import page
from flywheel_sim.present.report_text import (
    Tile,
    about,
    comparison_tiles,
    headline,
    how_many,
    how_sure,
    question,
    second,
    single_note,
    single_tiles,
)
from flywheel_sim.present.report_worlds import in_report, luck_of_worlds, under_verdict, worlds_tiles
from flywheel_sim.present.swings import flip_sentence, swings_chart
from flywheel_sim.present.tables import shown
from flywheel_sim.present.tornado import tornado_chart
from flywheel_sim.present.validation import limits, patterns
from flywheel_sim.results import Outcomes, Run, Verdict
from flywheel_sim.results.assumptions import EVIDENCE, Assumption, brief, changed, key_assumptions
from flywheel_sim.results.borrowed import borrowed
from flywheel_sim.results.bridge import Bridge
from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.results.words import money, number, of_100, signed_money, span, week

__all__ = ["render", "write_report"]

#: Said of the dashed path beside the customers of one scenario.
RULER = "; dashed: its rates alone, with experience, teams and network as if they did nothing"
#: Rows of changed parameters shown before the rest is only counted.
MOST_ROWS = 24
#: Rows of what a result rests on before the rest is folded away.
MOST_RESTS = 24
#: Charts above the fold and on paper; the others follow after the tables of numbers.
MAIN_CHARTS = 4


@dataclass(frozen=True)
class Chart:
    """A figure with its heading, a line that says what is drawn, and the drawing."""

    title: str
    note: str
    svg: str


def write_report(
    outcomes: "Outcomes | Run", path: str | os.PathLike[str], *, sensitivity: Sensitivity | None = None
) -> Path:
    """Write the report; an existing file is replaced, a failed write leaves the old one.

    Parameters
    ----------
    outcomes : Outcomes or Run
        A comparison, many runs of one scenario, or one run.
    path : path
        The HTML file; another ending is refused, since nothing else can be written.
    sensitivity : Sensitivity, optional
        Indices of a study, drawn as a tornado: of the difference where the study has two scenarios.
    """
    target = place(path, *HTML, what="a report")
    return write_text(target, render(outcomes, sensitivity=sensitivity))


def render(outcomes: "Outcomes | Run", *, sensitivity: Sensitivity | None = None) -> str:
    """Render the report as one HTML page."""
    provenance = outcomes.provenance
    if isinstance(outcomes, Run):
        outcomes = Outcomes.of([[outcomes]])
    verdict = outcomes.verdict if outcomes.best else None
    differing = changed(outcomes.scenarios) if verdict else []
    rests = _ranked(key_assumptions(outcomes.scenarios), outcomes)
    front, back = rests[:MOST_RESTS], rests[MOST_RESTS:]
    charts = [*_charts(outcomes)]
    charts[2:2] = [*_bridge(outcomes), *_swings(outcomes)]
    first = min(len(charts), MAIN_CHARTS)
    cited = Cited()
    worlds = in_report(outcomes)
    return page(
        "report.html.jinja",
        cited=cited,
        question=question(outcomes),
        about=about(outcomes),
        care=f"{outcomes.warnings[0]}." if outcomes.unlike else "",
        verdict=verdict.sentence if verdict else headline(outcomes),
        second=_under(outcomes, verdict),
        flips=worlds.learn if worlds else _flips(outcomes) if verdict else "",
        tiles=_tiles(outcomes, verdict),
        worlds=worlds,
        charts=charts[:first],
        more=charts[first:],
        bridge=outcomes.split and _bridge_table(outcomes.split),
        tornado=_tornado(sensitivity),
        compass=_compass(outcomes),
        who=_who(outcomes),
        labels=outcomes.labels,
        brief=brief,
        chosen=EVIDENCE["set"],
        numbers=_numbers(outcomes) if verdict else [],
        changed=_columns(differing[:MOST_ROWS], 2 if len(outcomes.labels) == 2 else 1),
        more_changed=max(len(differing) - MOST_ROWS, 0),
        assumptions=(front[::2], front[1::2]),
        more_assumptions=(back[::2], back[1::2]) if back else (),
        count_assumptions=len(rests),
        ranked=outcomes.swings is not None and bool(outcomes.best),
        sure=[*([luck_of_worlds(outcomes)] if worlds else []), *how_sure(outcomes, verdict)],
        patterns=patterns(outcomes.scenarios[0]),
        lent=borrowed(outcomes.scenarios[0]),
        limits=limits(),
        again=_again(provenance.command),
        made=provenance,
    )


def _under(outcomes: Outcomes, verdict: Verdict | None) -> str:
    """Return what stands under the verdict: over worlds, over runs, or of one scenario."""
    if verdict is None:
        return single_note(outcomes)
    if verdict.worlds:
        return under_verdict(outcomes, verdict.worlds)
    return f"{outcomes.grounds.removesuffix('.')}. {second(verdict, outcomes.weeks)}"


def _tiles(outcomes: Outcomes, verdict: Verdict | None) -> list[Tile]:
    """Return the four numbers under the verdict."""
    if verdict is None:
        return single_tiles(outcomes)
    usual = comparison_tiles(verdict, outcomes.weeks, outcomes.replicates)
    return worlds_tiles(verdict.worlds, outcomes.weeks, usual) if verdict.worlds else usual


def _columns(rows: list[Assumption], columns: int) -> list[list[Assumption]]:
    """Return rows in columns, those of the first on top; no empty column."""
    tall = max(-(-len(rows) // columns), 1)
    return [rows[k : k + tall] for k in range(0, len(rows), tall)]


def _ranked(rows: list[Assumption], outcomes: Outcomes) -> list[Assumption]:
    """Return rows by how far each moves the difference, where that is known; what moved nothing is left out then."""
    if outcomes.swings is None:
        return rows
    swings = outcomes.swings
    paths = [*(bar.path for bar in swings.bars), *(one.path for one in swings.screened)]
    place = {path: k for k, path in reversed(list(enumerate(paths)))}
    if swings.screened:
        rows = [row for row in rows if row.path in place]
    return sorted(rows, key=lambda one: place.get(one.path, len(paths)))


def _mean_field(scenario: Any) -> tuple[str, Any] | None:
    """Return customers of the mean-field twin, by name; None without a market."""
    from flywheel_sim.theory import mean_field

    return ("mean field", mean_field(scenario, step=1).customers) if scenario.model.market.enabled else None


def _told(ruler: tuple[str, Any] | None) -> str:
    return "" if ruler is None else f"; by the {ruler[0]}: {number(float(ruler[1][-1]))}"


def _charts(outcomes: Outcomes) -> list[Chart]:
    """Draw the weekly columns that a reader looks at first, in the order of the report."""
    best = outcomes.best
    drawn = "this run" if outcomes.replicates == 1 else f"median and 80 % band of {how_many(outcomes)}"
    names = " and ".join(outcomes.labels) if len(outcomes.labels) < 3 else f"{len(outcomes.labels)} scenarios"
    mark = outcomes.verdict.breakeven_week if best else math.inf
    ruler = None if len(outcomes.scenarios) > 1 else _mean_field(outcomes.scenarios[0])

    def fan(column: str, title: str, note: str, said: str, name: str = "", **options: Any) -> Chart:
        return Chart(title, note, to_svg(fan_chart(outcomes, column, **options), name or column, said))

    def at_the_end(column: str, words: Callable[[float], str] = number) -> str:
        return f"At the end: {_ends(outcomes, column, words)}"

    said = f"Cumulative value by week of {names}. {at_the_end('value', money)}."
    charts = [fan("value", "Cumulative value", f"discounted to week 0; {drawn}", said, unit="$", mark_week=mark)]
    said = f"Customers by week of {names}. {at_the_end('customers')}{_told(ruler)}."
    charts.append(fan("customers", "Customers", drawn + (RULER if ruler else ""), said, ruler=ruler))
    if best:
        charts.append(_change(outcomes))
    charts.append(_scores(outcomes))
    said = f"Mean relationship of customers by week. {at_the_end('relationship')}."
    charts.append(fan("relationship", "Relationship", f"mean of the customers, 0 to 1; {drawn}", said))
    if not best:
        note = f"revenue less every cost, not discounted; {drawn}"
        charts.append(fan("profit", "Profit a week", note, "Profit by week.", unit="$"))
    if any(scenario.model.teams for scenario in outcomes.scenarios):
        note = f"1 = together straight at what customers need, 0 = past it; {drawn}"
        said = f"Customer alignment by week. {at_the_end('customer_alignment')}."
        title = "Do the teams pull towards the customer?"
        charts.append(fan("customer_alignment", title, note, said, name="alignment"))
    return charts


def _change(outcomes: Outcomes) -> Chart:
    """Draw what the challenger brings over the baseline, run by run."""
    verdict = outcomes.verdict
    return Chart(
        "What the change brings, run by run",
        "cumulative gain over the baseline under the same market events; median and 80 % band",
        to_svg(
            difference_chart(outcomes, outcomes.best),
            "difference",
            f"Cumulative difference in value between {verdict.challenger} and {verdict.baseline}: mean "
            f"{signed_money(verdict.difference)} at the end, break-even {week(verdict.breakeven_week)}, "
            f"largest shortfall {money(verdict.deepest_dip.value)} in week {verdict.deepest_dip.week}.",
        ),
    )


def _scores(outcomes: Outcomes) -> Chart:
    """Draw the net promoter score, true and surveyed."""
    return Chart(
        "Net promoter score",
        "solid: if everyone answered; dashed: as surveyed and paid on; medians",
        to_svg(
            score_chart(outcomes),
            "scores",
            f"Net promoter score by week. If everyone answered, at the end: {_ends(outcomes, 'nps_true', number)}. "
            f"As surveyed: {_ends(outcomes, 'nps_survey', number)}.",
        ),
    )


def _compass(outcomes: Outcomes) -> Chart | None:
    """Draw where the teams point."""
    if all(paths is None for paths in outcomes.teams):
        return None
    return Chart(
        "Where the teams point",
        "straight up is what customers need: an arrow's angle to it is the team's angle to the need, its length how "
        "much the team can do; black is all teams together, long when they agree",
        to_svg(compass_chart(outcomes), "compass", _compass_words(outcomes)),
    )


def _flips(outcomes: Outcomes) -> str:
    """Return the assumption that turns the verdict, where that was looked for."""
    if outcomes.swings is None:
        return "Not yet tested: what would reverse this result. (For the analyst: flywheel compare with --swings.)"
    return flip_sentence(outcomes.swings)


def _swings(outcomes: Outcomes) -> list[Chart]:
    """Draw what moves the difference, one assumption at a time."""
    swings = outcomes.swings
    if swings is None or not outcomes.best:
        return []
    ends = "; ".join(
        f"{bar.text} from {number(bar.low)} to {number(bar.high)}: {signed_money(bar.at_low)} to "
        f"{signed_money(bar.at_high)}"
        for bar in swings.bars[:6]
    )
    note = (
        f"extra value when one assumption moves to {swings.ends} in both scenarios, as far as it can; at the ends, "
        f"where it moves to; {swings.runs} runs each, {signed_money(swings.middle)} where none moves"
    )
    svg = to_svg(swings_chart(swings), "swings", f"Extra value of {swings.challenger} by assumption. {ends}.")
    return [Chart("What could change the verdict", note, svg)]


def _tornado(sensitivity: Sensitivity | None) -> list[Chart]:
    """Draw the indices of a study."""
    if sensitivity is None:
        return []
    outcome = sensitivity.foremost
    said = sensitivity.sentence(outcome)
    svg = to_svg(tornado_chart(sensitivity, outcome), "tornado", said)
    return [Chart("What matters when everything is uncertain at once", said, svg)]


def _who(outcomes: Outcomes) -> dict[str, Any] | None:
    """Tell who gains and who loses under the challenger."""
    groups, best = outcomes.groups, outcomes.best
    if groups is None or not best:
        return None
    said = who_words(groups, best)
    drawn = [(name, make(groups, best)) for name, make in (("teams", teams_chart), ("segments", segments_chart))]
    return {
        "note": f"\N{WHITE CIRCLE} {outcomes.labels[0]}; \N{BLACK CIRCLE} {outcomes.labels[best]}, with its number; "
        f"green = better for those concerned, orange = worse, grey = no clear difference (80 %); means over "
        f"{span(outcomes.weeks)} and {groups.replicates} runs",
        "charts": [to_svg(figure, f"who-{name}", said) for name, figure in drawn if figure is not None],
    }


def _again(command: str) -> str:
    """Return the command that makes this page again, in the shell or in Python."""
    if command.startswith("flywheel compare"):
        return f"{command} --report report.html"
    return f"{command}.report('report.html')" if "compare(" in command else command


def _bridge(outcomes: Outcomes) -> list[Chart]:
    """Tell where the difference comes from."""
    bridge = outcomes.split
    if bridge is None:
        return []
    said = "; ".join(f"{part.group} {signed_money(part.mean)}" for part in bridge.sorted())
    whole = signed_money(float(bridge.totals().mean()))
    svg = to_svg(
        waterfall_chart(bridge),
        "bridge",
        f"The difference in value between {bridge.challenger} and {bridge.baseline}, {whole}, by group: {said}.",
    )
    runs = bridge.parts.shape[1]
    note = f"what each group of changed settings brings, mean over all orders of changing them (Shapley value); {runs}"
    return [Chart("Where the difference comes from", f"{note} runs with the same luck, whiskers 80 %", svg)]


def _bridge_table(bridge: Bridge) -> dict[str, Any]:
    """Return the parts of the difference in numbers."""
    blocks = {group.title: ", ".join(group.blocks) for group in bridge.groups}
    how = "every combination was run" if bridge.exact else f"{bridge.orders} sampled orders, their error included"
    return {
        "note": f"{how}: {bridge.coalitions} scenarios, {bridge.parts.shape[1]} runs each with the same luck",
        "rows": [
            {"group": part.group, "blocks": blocks[part.group], "mean": signed_money(part.mean),
             "interval": f"{signed_money(part.low)} to {signed_money(part.high)}",
             "alone": signed_money(part.alone), "last": signed_money(part.last)}
            for part in bridge.sorted()
        ],
        "name": f"Difference, mean of {bridge.parts.shape[1]} runs",
        "whole": signed_money(float(bridge.totals().mean())),
        "notes": bridge.notes,
    }  # fmt: skip


def _ends(outcomes: Outcomes, column: str, words: Any) -> str:
    fan = outcomes.fans[column]
    return "; ".join(f"{label} {words(float(fan[k, -1, 1]))}" for k, label in enumerate(outcomes.labels))


def _compass_words(outcomes: Outcomes) -> str:
    said = []
    for label, paths in zip(outcomes.labels, outcomes.teams, strict=True):
        if paths is not None:
            angles = ", ".join(f"{team} {paths.angle[-1, k, 1]:.0f}" for k, team in enumerate(paths.teams))
            said.append(f"{label}: {angles}")
    return f"Angles of the teams to the customers' need at the end, in degrees. {'; '.join(said)}."


def _numbers(outcomes: Outcomes) -> list[dict[str, str]]:
    """Return the table of all scenarios, formatted."""
    rows = []
    for index, row in enumerate(outcomes.table.to_dict("records")):
        rows.append(
            {
                "scenario": row["scenario"],
                "value": money(row["npv"]),
                "runs": f"{money(row['npv_low'])} to {money(row['npv_high'])}",
                "difference": signed_money(row["difference"]) if index else "baseline",
                "interval": f"{signed_money(row['difference_low'])} to {signed_money(row['difference_high'])}"
                if index
                else "",
                "wins": of_100(row["wins_of_100"]) if index else "",
                "breakeven": week(row["breakeven_week"]) if index else "",
                **{
                    key: shown(key, row[key]) for key in ("customers_end", "nps_true", "churn_annual", "referral_share")
                },
            }
        )
    return rows
