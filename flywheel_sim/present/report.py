"""The report: one HTML file that answers a question, verdict first, and needs nothing else to be read.

No script, no outside address, a content policy that forbids both, and the same bytes every time it is made.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flywheel_sim.present.assumptions import Assumption, changed, key_assumptions, tally
from flywheel_sim.present.compass import compass_chart
from flywheel_sim.present.drawing import to_svg
from flywheel_sim.present.figures import difference_chart, fan_chart, score_chart
from flywheel_sim.present.sureness import limits, patterns
from flywheel_sim.present.swings import flip_sentence, swings_chart
from flywheel_sim.present.tables import reduction, shown
from flywheel_sim.present.tornado import tornado_chart
from flywheel_sim.present.waterfall import waterfall_chart
from flywheel_sim.present.who import segments_chart, teams_chart, who_words
from flywheel_sim.results import Outcomes, Run, Verdict
from flywheel_sim.results.outcomes import DIFFERENCE
from flywheel_sim.results.paired import band
from flywheel_sim.results.saving import replace_file
from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.results.words import money, number, of_100, percent, signed_money, span, week

__all__ = ["render", "write_report"]

#: Rows of changed parameters shown before the rest is only counted.
MOST_ROWS = 24


@dataclass(frozen=True)
class Tile:
    """A number with a name over it and a line under it; ``dots`` of ten are filled when given."""

    name: str
    value: str
    note: str
    dots: int | None = None


@dataclass(frozen=True)
class Chart:
    """A figure with its heading, a line that says what is drawn, and the drawing."""

    title: str
    note: str
    svg: str
    wide: bool = False


def write_report(
    outcomes: "Outcomes | Run", path: str | os.PathLike[str], *, sensitivity: Sensitivity | None = None
) -> Path:
    """Write the report; an existing file is replaced, a failed write leaves the old one.

    Parameters
    ----------
    outcomes : Outcomes or Run
        A comparison, many runs of one scenario, or one run.
    path : path
        The HTML file.
    sensitivity : Sensitivity, optional
        Indices of a study, drawn as a tornado: of the difference where the study has two scenarios.
    """
    return replace_file(path, render(outcomes, sensitivity=sensitivity))


def render(outcomes: "Outcomes | Run", *, sensitivity: Sensitivity | None = None) -> str:
    """The report as HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = outcomes.provenance
    if isinstance(outcomes, Run):
        outcomes = Outcomes.of([[outcomes]])
    pages = Environment(
        loader=PackageLoader("flywheel_sim.present"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    verdict = outcomes.verdict if outcomes.best else None
    differing = changed(outcomes.scenarios) if verdict else []
    known = {assumption.path for assumption in differing}
    return pages.get_template("report.html.jinja").render(
        question=_question(outcomes),
        about=_about(outcomes),
        verdict=verdict.sentence if verdict else _headline(outcomes),
        second=_second(verdict, outcomes.weeks) if verdict else _single_note(outcomes),
        flips=_flips(outcomes) if verdict else "",
        tiles=_comparison_tiles(verdict, outcomes.weeks, outcomes.replicates) if verdict else _single_tiles(outcomes),
        charts=_charts(outcomes),
        bridge=_bridge(outcomes),
        tornado=_tornado(outcomes, sensitivity),
        compass=_compass(outcomes),
        who=_who(outcomes),
        labels=outcomes.labels,
        numbers=_numbers(outcomes) if verdict else [],
        changed=differing[:MOST_ROWS],
        more_changed=max(len(differing) - MOST_ROWS, 0),
        assumptions=_halves([one for one in key_assumptions(outcomes.scenarios[0]) if one.path not in known]),
        sure=_how_sure(outcomes, verdict),
        patterns=patterns(outcomes.scenarios[0]),
        limits=limits(),
        again=_again(made.command),
        made=made,
    )


def _halves(rows: list[Assumption]) -> tuple[list[Assumption], list[Assumption]]:
    middle = (len(rows) + 1) // 2
    return rows[:middle], rows[middle:]


def _question(outcomes: Outcomes) -> str:
    """The challenger's own question; one it shares with the baseline is about the company, not about the change."""
    asked = [scenario.model.question for scenario in outcomes.scenarios]
    if outcomes.best and asked[outcomes.best] != asked[0] and asked[outcomes.best]:
        return str(asked[outcomes.best])
    if not outcomes.best and asked[0]:
        return str(asked[0])
    if outcomes.best:
        return f"Is {outcomes.labels[outcomes.best]} better than {outcomes.labels[0]}?"
    return f"What becomes of {outcomes.labels[0]}?"


def _about(outcomes: Outcomes) -> list[tuple[str, bool]]:
    """Words of the line under the question, and whether they are set in bold."""
    model = outcomes.scenarios[0].model
    names: list[tuple[str, bool]] = [(outcomes.labels[0], True)]
    if outcomes.best:
        rest = [k for k in range(1, len(outcomes.labels)) if k != outcomes.best]
        names = [(outcomes.labels[outcomes.best], True), (" against ", False), *names]
        names += [(f", with {len(rest)} more", False)] if rest else []
    count, market = len(model.teams), model.market
    facts = [
        span(outcomes.weeks),
        f"{count} team{'s' if count != 1 else ''}",
        f"{number(market.initial_customers, 7)} customers at the start, {number(market.accounts, 9)} accounts",
        _runs(outcomes),
    ]
    return [*names, (" · " + " · ".join(facts), False)]


def _runs(outcomes: Outcomes) -> str:
    if outcomes.replicates == 1:
        return "one run"
    return f"{outcomes.replicates} {'paired ' if outcomes.best else ''}runs"


def _second(verdict: Verdict, weeks: int) -> str:
    """What stands under the verdict: both intervals, and when it costs money."""
    low, high = verdict.interval
    few, many = verdict.runs_interval
    parts = [
        f"80 % interval of the average difference: {signed_money(low)} to {signed_money(high)}; "
        f"80 % of single runs: {signed_money(few)} to {signed_money(many)}."
    ]
    name = verdict.challenger
    if math.isinf(verdict.breakeven_week):
        parts.append(f"In most runs {name} does not end ahead and stay there within {span(weeks)}.")
    elif verdict.deepest_dip.week == 0:
        parts.append(f"{name} costs nothing on the way: the median difference is never below zero.")
    else:
        parts.append(
            f"On the way it is up to {money(-verdict.deepest_dip.value)} behind; in the median run it is ahead for "
            f"good from week {verdict.breakeven_week:.0f} on."
        )
    return " ".join(parts)


def _comparison_tiles(verdict: Verdict, weeks: int, runs: int) -> list[Tile]:
    few, many = verdict.runs_interval
    early, late = verdict.breakeven_interval
    never = f"never in {percent(verdict.never_share)}" if verdict.never_share else "in every run"
    between = f"{early:.0f} to {late:.0f}; {never}" if math.isfinite(late) else never
    dip = verdict.deepest_dip
    return [
        Tile(
            "Chance it is better",
            _won(verdict.wins_of_100, runs),
            "paired runs, ties count half" if runs <= 100 else f"{runs} paired runs, ties count half",
            round(verdict.wins_of_100 / 10),
        ),
        Tile(
            f"Extra value, {span(weeks)}",
            signed_money(verdict.difference),
            f"80 % of runs: {signed_money(few)} to {signed_money(many)}",
        ),
        Tile("Break-even", week(verdict.breakeven_week), between),
        Tile("Deepest dip", money(dip.value) if dip.week else "none", week(dip.week) if dip.week else "never behind"),
    ]


def _won(wins: float, runs: int) -> str:
    """Wins as they were counted, or of 100 when there are more runs or a half win.

    Examples
    --------
    >>> _won(95.0, 20), _won(97.5, 20), _won(93.2, 1000)
    ('19 of 20', '97 of 100', '93 of 100')
    """
    won = wins * runs / 100.0
    whole = runs <= 100 and abs(won - round(won)) < 1e-9
    return f"{round(won)} of {runs}" if whole else f"{of_100(wins)} of 100"


def _single_tiles(outcomes: Outcomes) -> list[Tile]:
    row = outcomes.table.iloc[0]
    spread = f"80 % of runs: {money(row['npv_low'])} to {money(row['npv_high'])}" if outcomes.replicates > 1 else ""
    return [
        Tile(f"Value, {span(outcomes.weeks)}", money(row["npv"]), spread or "discounted cash flow"),
        Tile("Customers at the end", number(row["customers_end"]), f"churn {percent(row['churn_annual'])} a year"),
        Tile("Net promoter score", number(row["nps_true"], 2), "mean, if everyone answered"),
        Tile(
            "Customers a customer brings",
            number(band(outcomes.final("flywheel_r")[0]).middle, 2),
            "over its life, in an open market",
        ),
    ]


def _headline(outcomes: Outcomes) -> str:
    row = outcomes.table.iloc[0]
    start = float(outcomes.fans["customers"][0, 0, 1])
    grows = "grows" if row["customers_end"] > start else "shrinks" if row["customers_end"] < start else "stays"
    ends = f"from {number(start)} to {number(row['customers_end'])} customers in {span(outcomes.weeks)}"
    worth = "makes" if row["npv"] >= 0 else "loses"
    return f"{outcomes.labels[0]} {grows} {ends} and {worth} {money(abs(row['npv']))}."


def _single_note(outcomes: Outcomes) -> str:
    if outcomes.replicates == 1:
        return "One run is one possible history: another seed tells another. Compare scenarios before you decide."
    return "The median run; the bands below hold 80 % of the runs. Compare scenarios before you decide."


def _charts(outcomes: Outcomes) -> list[Chart]:
    best, runs = outcomes.best, _runs(outcomes)
    drawn = "this run" if outcomes.replicates == 1 else f"median and 80 % band of {runs}"
    names = " and ".join(outcomes.labels) if len(outcomes.labels) < 3 else f"{len(outcomes.labels)} scenarios"
    mark = outcomes.verdict.breakeven_week if best else math.inf
    charts = [
        Chart("Cumulative value", f"discounted to week 0; {drawn}", to_svg(
            fan_chart(outcomes, "value", unit="$", mark_week=mark), "value",
            f"Cumulative value by week of {names}. At the end: {_ends(outcomes, 'value', money)}.")),
        Chart("Customers", drawn, to_svg(
            fan_chart(outcomes, "customers"), "customers",
            f"Customers by week of {names}. At the end: {_ends(outcomes, 'customers', number)}.")),
    ]  # fmt: skip
    if best:
        verdict = outcomes.verdict
        charts.append(
            Chart(
                "What the change brings, run by run",
                "value so far less the baseline's, with the same luck; median and 80 % band",
                to_svg(
                    difference_chart(outcomes, best), "difference",
                    f"Cumulative difference in value between {verdict.challenger} and {verdict.baseline}: mean "
                    f"{signed_money(verdict.difference)} at the end, break-even {week(verdict.breakeven_week)}, "
                    f"deepest dip {money(verdict.deepest_dip.value)} in week {verdict.deepest_dip.week}.",
                ),
            )
        )  # fmt: skip
    charts.append(
        Chart(
            "Net promoter score",
            "solid: if everyone answered; dashed: as surveyed and paid on; medians",
            to_svg(
                score_chart(outcomes), "scores",
                f"Net promoter score by week. If everyone answered, at the end: "
                f"{_ends(outcomes, 'nps_true', number)}. As surveyed: {_ends(outcomes, 'nps_survey', number)}.",
            ),
        )
    )  # fmt: skip
    charts.append(
        Chart(
            "Relationship",
            f"mean of the customers, 0 to 1; {drawn}",
            to_svg(
                fan_chart(outcomes, "relationship"), "relationship",
                f"Mean relationship of customers by week. At the end: {_ends(outcomes, 'relationship', number)}.",
            ),
        )
    )  # fmt: skip
    if not best:
        charts.append(
            Chart(
                "Profit a week",
                f"revenue less every cost, not discounted; {drawn}",
                to_svg(fan_chart(outcomes, "profit", unit="$"), "profit", "Profit by week."),
            )
        )
    if any(scenario.model.teams for scenario in outcomes.scenarios):
        charts.append(
            Chart(
                "Do the teams pull towards the customer?",
                f"1 = together straight at what customers need, 0 = past it; {drawn}",
                to_svg(
                    fan_chart(outcomes, "customer_alignment"), "alignment",
                    f"Customer alignment by week. At the end: {_ends(outcomes, 'customer_alignment', number)}.",
                ),
            )
        )  # fmt: skip
    return charts


def _compass(outcomes: Outcomes) -> Chart | None:
    """Where the teams point."""
    if all(paths is None for paths in outcomes.teams):
        return None
    return Chart(
        "Where the teams point",
        "straight up is what customers need: an arrow's angle to it is the team's angle to the need, its length how "
        "much the team can do; black is all teams together, long when they agree",
        to_svg(compass_chart(outcomes), "compass", _compass_words(outcomes)),
        wide=True,
    )


def _flips(outcomes: Outcomes) -> str:
    """The assumption that turns the verdict, where that was looked for."""
    if outcomes.swings is None:
        return "Which assumption would flip it was not looked for; --swings does."
    return flip_sentence(outcomes.swings)


def _tornado(outcomes: Outcomes, sensitivity: Sensitivity | None) -> list[Chart]:
    """What moves the difference: one assumption at a time, and the indices of a study."""
    found = []
    swings = outcomes.swings
    if swings is not None and outcomes.best:
        low, high = (number(factor, 2) for factor in swings.factors)
        ends = "; ".join(
            f"{bar.text} from {number(bar.low)} to {number(bar.high)}: {signed_money(bar.at_low)} to "
            f"{signed_money(bar.at_high)}"
            for bar in swings.bars[:6]
        )
        found.append(
            Chart(
                "What could change the verdict",
                f"extra value of {swings.challenger} when one assumption moves to {low} and {high} times its value in "
                f"both scenarios, as far as it can; the numbers at the ends are those values; {swings.runs} runs each "
                f"with the same luck, {signed_money(swings.middle)} where nothing moves",
                to_svg(swings_chart(swings), "swings", f"Extra value by assumption. {ends}."),
                wide=True,
            )
        )
    if sensitivity is not None:
        known = sensitivity.outcomes
        outcome = next((name for name in known if name.endswith(f"({DIFFERENCE})")), known[0])
        found.append(
            Chart(
                "What matters when everything is uncertain at once",
                sensitivity.sentence(outcome),
                to_svg(tornado_chart(sensitivity, outcome), "tornado", sensitivity.sentence(outcome)),
                wide=True,
            )
        )
    return found


def _who(outcomes: Outcomes) -> dict[str, Any] | None:
    """Who gains and who loses under the challenger."""
    groups, best = outcomes.groups, outcomes.best
    if groups is None or not best:
        return None
    said = who_words(groups, best)
    drawn = [(name, make(groups, best)) for name, make in (("teams", teams_chart), ("segments", segments_chart))]
    return {
        "note": f"hollow: {outcomes.labels[0]}; full, with its number: {outcomes.labels[best]}; green is better for "
        f"those concerned, orange worse, grey within luck (80 %); means over {span(outcomes.weeks)} and "
        f"{groups.replicates} runs",
        "charts": [to_svg(figure, f"who-{name}", said) for name, figure in drawn if figure is not None],
    }


def _again(command: str) -> str:
    """The command that makes this page again, in the shell or in Python."""
    if command.startswith("flywheel compare"):
        return f"{command} --report report.html"
    return f"{command}.report('report.html')" if "compare(" in command else command


def _bridge(outcomes: Outcomes) -> dict[str, Any] | None:
    """The section on where the difference comes from."""
    bridge = outcomes.split
    if bridge is None:
        return None
    parts = bridge.sorted()
    blocks = {group.title: ", ".join(group.blocks) for group in bridge.groups}
    how = "every combination was run" if bridge.exact else f"{bridge.orders} sampled orders, their error included"
    said = "; ".join(f"{part.group} {signed_money(part.mean)}" for part in parts)
    whole = signed_money(float(bridge.totals().mean()))
    return {
        "note": f"average part of each group of settings over all orders of changing them (Shapley value), with its "
        f"80 % interval; {how}, {bridge.coalitions} scenarios, {bridge.parts.shape[1]} runs each with the same luck",
        "svg": to_svg(
            waterfall_chart(bridge), "bridge",
            f"The difference in value between {bridge.challenger} and {bridge.baseline}, {whole}, by group: {said}.",
        ),
        "rows": [
            {"group": part.group, "blocks": blocks[part.group], "mean": signed_money(part.mean),
             "interval": f"{signed_money(part.low)} to {signed_money(part.high)}",
             "alone": signed_money(part.alone), "last": signed_money(part.last)}
            for part in parts
        ],
        "whole": whole,
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
    """The table of all scenarios, formatted."""
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


def _how_sure(outcomes: Outcomes, verdict: Verdict | None) -> list[tuple[str, str]]:
    """Question and answer on luck, on evidence and on what this cannot say."""
    count = tally(outcomes.scenarios[outcomes.best])
    answers = []
    if verdict:
        low_chance, high_chance = verdict.superiority
        half = (verdict.interval[1] - verdict.interval[0]) / 2.0
        answers.append(
            (
                "Could it be luck?",
                f"The average over {outcomes.replicates} paired runs is known to \N{PLUS-MINUS SIGN}{money(half)} "
                f"(80 % interval); four times as many runs would halve that. The chance that a run is better under "
                f"{verdict.challenger} is {percent(low_chance)} to {percent(high_chance)}. Sharing the luck was worth "
                f"{reduction(verdict.variance_reduction)} the runs. One company has one run, and its luck spreads as "
                f"the bands show.",
            )
        )
        answers += [("Take care", f"{warning[:1].upper()}{warning[1:]}.") for warning in outcomes.warnings]
    if outcomes.chosen is not None:
        answers.append(("Is it the best of them?", outcomes.chosen.sentence(outcomes.labels)))
    answers.append(
        (
            "Are the numbers right?",
            f"{count.total} numbers act here: {count.sourced} come with a source, {count.chosen} are set by "
            f"the scenario, {count.assumed} are assumptions. Change the ones you know better and run it again.",
        )
    )
    answers.append(
        (
            "Is the model right?",
            "Where all but one mechanism is switched off, it must come to closed forms that mathematics knows; the "
            "base case must look like companies that were observed. It holds only what it was given: what is not in "
            "the scenario cannot win or lose.",
        )
    )
    return answers
