"""What a report says in words: the question, the verdict's second line, the four tiles, and how sure all of it is."""

import math
from dataclasses import dataclass

from flywheel_sim.present.tables import reduction
from flywheel_sim.results import Outcomes, Verdict
from flywheel_sim.results.assumptions import tally
from flywheel_sim.results.naming import shared_part
from flywheel_sim.results.paired import band
from flywheel_sim.results.words import counted, money, number, percent, signed_money, span, week

__all__ = [
    "Tile", "about", "comparison_tiles", "headline", "how_many", "how_sure", "question", "second", "single_note",
    "single_tiles",
]  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """A number with a name over it and a line under it; ``dots`` of ten are filled when given."""

    name: str
    value: str
    note: str
    dots: int | None = None


def question(outcomes: Outcomes) -> str:
    """Return the challenger's own question; one it shares with the baseline is about the company, not about the
    change.
    """
    asked = [scenario.model.question for scenario in outcomes.scenarios]
    if outcomes.best and asked[outcomes.best] != asked[0] and asked[outcomes.best]:
        return str(asked[outcomes.best])
    if not outcomes.best and asked[0]:
        return str(asked[0])
    if outcomes.best:
        return f"Is {outcomes.labels[outcomes.best]} better than {outcomes.labels[0]}?"
    return f"What becomes of {outcomes.labels[0]}?"


def about(outcomes: Outcomes) -> list[tuple[str, bool]]:
    """Return words of the line under the question, and whether they are set in bold."""
    model = outcomes.scenarios[0].model
    names: list[tuple[str, bool]] = [(outcomes.labels[0], True)]
    if outcomes.best:
        rest = [k for k in range(1, len(outcomes.labels)) if k != outcomes.best]
        names = [(outcomes.labels[outcomes.best], True), (" against ", False), *names]
        names += [(f", with {len(rest)} more", False)] if rest else []
    count, market = len(model.teams), model.market
    below = shared_part(outcomes.scenarios)
    facts = [
        *([f"on {below}"] if below else []),
        span(outcomes.weeks),
        f"{count} team{'s' if count != 1 else ''}",
        f"{number(market.initial_customers, 7)} customers at the start, {number(market.accounts, 9)} accounts",
        how_many(outcomes),
    ]
    return [*names, (" · " + " · ".join(facts), False)]


def how_many(outcomes: Outcomes) -> str:
    """Tell how many runs there are, in words."""
    if outcomes.replicates == 1:
        return "one run"
    return f"{outcomes.replicates} {'paired ' if outcomes.best else ''}runs"


def second(verdict: Verdict, weeks: int) -> str:
    """Return what stands under the verdict: both intervals, and when it costs money."""
    low, high = verdict.interval
    few, many = verdict.runs_interval
    parts = [
        f"80 % interval of the average difference: {signed_money(low)} to {signed_money(high)}; "
        f"in eight of ten simulated futures it is {signed_money(few)} to {signed_money(many)}."
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


def comparison_tiles(verdict: Verdict, weeks: int, runs: int) -> list[Tile]:
    """Return the chance, gain, break-even and dip of a comparison."""
    few, many = verdict.runs_interval
    early, late = verdict.breakeven_interval
    never = f"never in {percent(verdict.never_share)}" if verdict.never_share else "in every run"
    between = f"{early:.0f} to {late:.0f}; {never}" if math.isfinite(late) else never
    dip = verdict.deepest_dip
    return [
        Tile(
            "Chance it is better",
            counted(verdict.wins_of_100, runs),
            "paired runs, ties count half" if runs <= 100 else f"{runs} paired runs, ties count half",
            round(verdict.wins_of_100 / 10),
        ),
        Tile(
            f"Extra value, {span(weeks)}",
            signed_money(verdict.difference),
            f"80 % of runs: {signed_money(few)} to {signed_money(many)}",
        ),
        Tile("Break-even", week(verdict.breakeven_week), between),
        Tile(
            "Largest shortfall",
            money(dip.value) if dip.week else "none",
            week(dip.week) if dip.week else "never behind",
        ),
    ]


def single_tiles(outcomes: Outcomes) -> list[Tile]:
    """Return the value, customers, score and reproduction of one scenario."""
    row = outcomes.table.iloc[0]
    churn = row["churn_annual"]
    lost = f"churn {percent(churn)} a year" if math.isfinite(churn) else "churn needs a whole year"
    spread = f"80 % of runs: {money(row['npv_low'])} to {money(row['npv_high'])}" if outcomes.replicates > 1 else ""
    return [
        Tile(f"Value, {span(outcomes.weeks)}", money(row["npv"]), spread or "discounted cash flow"),
        Tile("Customers at the end", number(row["customers_end"]), lost),
        Tile("Net promoter score", number(row["nps_true"], 2), "mean, if everyone answered"),
        Tile(
            "Customers a customer brings",
            number(band(outcomes.final("flywheel_r")[0]).middle, 2),
            "over its life, in an open market",
        ),
    ]


def headline(outcomes: Outcomes) -> str:
    """Return what becomes of one scenario, in a sentence."""
    row = outcomes.table.iloc[0]
    start = float(outcomes.fans["customers"][0, 0, 1])
    grows = "grows" if row["customers_end"] > start else "shrinks" if row["customers_end"] < start else "stays"
    ends = f"from {number(start)} to {number(row['customers_end'])} customers in {span(outcomes.weeks)}"
    worth = "makes" if row["npv"] >= 0 else "loses"
    said = f"{outcomes.labels[0]} {grows} {ends} and {worth} {money(abs(row['npv']))}."
    return f"{said} {outcomes.ruined((0,))}".rstrip()


def single_note(outcomes: Outcomes) -> str:
    """Return what one scenario alone cannot say."""
    if outcomes.replicates == 1:
        return "One run is one possible history: another seed tells another. Compare scenarios before you decide."
    return "The median run; the bands below hold 80 % of the runs. Compare scenarios before you decide."


def how_sure(outcomes: Outcomes, verdict: Verdict | None) -> list[tuple[str, str]]:
    """Return question and answer on luck (of runs; worlds have their own), on evidence and what this cannot say."""
    count = tally(outcomes.scenarios[outcomes.best])
    answers = []
    if verdict and verdict.worlds is None:
        low_chance, high_chance = verdict.superiority
        half = (verdict.interval[1] - verdict.interval[0]) / 2.0
        answers.append(
            (
                "Could it be luck?",
                f"The average over {outcomes.replicates} paired runs is known to \N{PLUS-MINUS SIGN}{money(half)} "
                f"(80 % interval); four times as many runs would halve that. The chance that a run is better under "
                f"{verdict.challenger} is {percent(low_chance)} to {percent(high_chance)}. Using identical "
                f"market events was worth {reduction(verdict.variance_reduction)} the runs. One company has one run, "
                f"and its luck spreads as the bands show.",
            )
        )
    if verdict:
        others = outcomes.warnings[bool(outcomes.unlike) :]  # that the companies differ stands above the verdict
        answers += [("Take care", f"{warning[:1].upper()}{warning[1:]}.") for warning in others]
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
            "Each part was checked against textbook formulas, with everything else switched off; the "
            "base case must look like companies that were observed. It holds only what it was given: what is not in "
            "the scenario cannot win or lose.",
        )
    )
    return answers
