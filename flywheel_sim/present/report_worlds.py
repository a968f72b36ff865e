"""What a report says of worlds: dots, what to find out first, where the plan loses, and a part to argue with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.present.argue import Argument, argument, that_matter
from flywheel_sim.present.drawing import to_svg
from flywheel_sim.present.report_text import Tile
from flywheel_sim.present.worlds import dots_words, hundred_dots, learn_words, where_chart
from flywheel_sim.results import Outcomes
from flywheel_sim.results.words import counted, money, percent, signed_money, span
from flywheel_sim.results.world_answer import WorldRuns, WorldVerdict, over_worlds

__all__ = ["InReport", "dots_and_words", "in_report", "luck_of_worlds", "under_verdict", "worlds_tiles"]


@dataclass(frozen=True)
class InReport:
    """What the template shows: two drawings as SVG, sentences, and the part to argue with."""

    note: str
    dots: str
    learn: str
    fails: str
    where: str
    argue: Argument | None


def in_report(outcomes: Outcomes) -> InReport | None:
    """Return what is said over worlds of the best challenger; None for a comparison of one company as assumed."""
    runs, best = outcomes.worlds_run, outcomes.best
    if runs is None or not best:
        return None
    note, dots, learn = dots_and_words(runs, best, outcomes.labels)
    effects = runs.effects[best]
    where = where_chart(runs.draws, effects, runs.region) if runs.region is not None else None
    return InReport(
        note=note,
        dots=dots,
        learn=learn,
        fails=runs.fails_where,
        where=to_svg(where, "where", runs.fails_where) if where is not None else "",
        argue=argument(
            runs.draws, effects, that_matter(runs.draws, effects, runs.learn_first), _saying(outcomes, runs)
        ),
    )


def dots_and_words(runs: WorldRuns, best: int, labels: Sequence[str]) -> tuple[str, str, str]:
    """Return what is drawn, the dots of the best challenger as SVG, and what to find out first."""
    effects, (baseline, challenger) = runs.effects[best], (labels[0], labels[best])
    figure = hundred_dots(effects, None, runs.learn_first, challenger=challenger, baseline=baseline)
    learn = learn_words(runs.learn_first, runs.evpi, runs.n)
    what = "numbers and choices" if runs.draws.options else "numbers"
    note = f"{len(runs.draws.paths)} {what} that nobody knows are drawn at once, the same in every scenario"
    return note, to_svg(figure, "dots", f"{dots_words(effects, None, challenger)} {learn}"), learn


def _saying(outcomes: Outcomes, runs: WorldRuns) -> Any:
    """Return what says the verdict of some of the worlds: the sentence of all of them, of those that are left."""
    best, weeks = outcomes.best, outcomes.weeks
    challenger, baseline = outcomes.labels[best], outcomes.labels[0]

    def say(left: NDArray[np.bool_]) -> str:
        kept = replace(
            runs, numbers=runs.numbers[left], effects=runs.effects[:, left], n_eff=runs.n_eff * float(left.mean())
        )
        return over_worlds(kept, best, weeks, challenger, baseline)[1]

    return say


def under_verdict(outcomes: Outcomes, verdict: WorldVerdict) -> str:
    """Return what stands under a verdict over worlds: which answer this is, and how well its share is known."""
    sentence = f"The share is {percent(verdict.low)} to {percent(verdict.high)} (80 % interval"
    eff = f", as much as {verdict.n_eff:.0f} worlds without luck would tell" if verdict.n_eff < 0.95 * verdict.n else ""
    return f"{outcomes.basis} {sentence}{eff})."


def worlds_tiles(verdict: WorldVerdict, weeks: int, usual: list[Tile]) -> list[Tile]:
    """Return the four tiles with the share of worlds and what is expected in them; the other two are of the runs."""
    low, high = verdict.interval80
    return [
        Tile(
            "Worlds in which it is better",
            counted(100.0 * verdict.share, verdict.n),
            f"80 % interval: {percent(verdict.low)} to {percent(verdict.high)}",
            round(10 * verdict.share),
        ),
        Tile(
            f"Extra value, {span(weeks)}",
            signed_money(verdict.median),
            f"in eight of ten worlds: {signed_money(low)} to {signed_money(high)}",
        ),
        *usual[2:],
    ]


def luck_of_worlds(outcomes: Outcomes) -> tuple[str, str]:
    """Return question and answer on how much of what differs between runs is luck."""
    runs, best = outcomes.worlds_run, outcomes.best
    assert runs is not None
    luck, spread = float(runs.luck[best]), float(np.std(runs.effects[best]))
    again = runs.again.shape[1]
    sentence = (
        f"{again} of the {runs.n} worlds were run twice. Luck moves the difference of a run by {money(luck)}, what is "
        f"not known moves that of a world by {money(spread)} (standard deviations); luck is taken out before worlds "
        f"are counted."
        if np.isfinite(luck)
        else "No world was run twice, so how much of the difference is luck is not known."
    )
    return "Could it be luck?", sentence
