"""Two to four scenarios side by side, and their reports, kept for a while under names nobody can guess."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flywheel_sim.app.bounds import affordable, check
from flywheel_sim.app.jobs import Job
from flywheel_sim.present.report import render
from flywheel_sim.present.report_worlds import dots_and_words
from flywheel_sim.present.tables import shown
from flywheel_sim.results import Outcomes
from flywheel_sim.results.paired import band
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.words import money, of_100, percent, signed_money, week
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.comparison.compare import REPLICATES, Comparison, compare
from flywheel_sim.study.worlds.answering import again
from flywheel_sim.study.worlds.drawing import USUAL, usual_drawing

__all__ = ["OFFERED", "OVER_WORLDS", "Shelf", "compared", "shelf", "table", "told"]

#: Instead of a number of runs: over worlds, where there are any.
OVER_WORLDS = 0
#: Runs of each scenario that can be asked for, as assumed.
OFFERED = (10, 20, 40, 100)
_KEPT = 12
_ROWS = ("customers_end", "churn_annual", "nrr", "referral_share", "nps_true", "customer_alignment_mean",
         "wheel_speed", "cac_payback_months")  # fmt: skip


def compared(
    scenarios: Sequence[Scenario], runs: int, seed: int, job: Job, early: Callable[[Comparison], None] | None = None
) -> Comparison:
    """Compare scenarios under the same luck.

    Parameters
    ----------
    runs : int
        Of each scenario, as assumed; `OVER_WORLDS`: over worlds of their company, as many as one request may cost, and
        as assumed where there are none.
    early : callable, optional
        Takes the answer over the first worlds.

    Raises
    ------
    Cancelled, ScenarioError
    """
    if runs != OVER_WORLDS:
        check(scenarios, runs)
        return compare(scenarios, runs, seed, progress=job.step, as_assumed=True)
    drawn, _ = usual_drawing(scenarios)
    count = REPLICATES if drawn is None else min(USUAL, drawn.rows)
    if drawn is not None:
        # some are run twice
        most = affordable(scenarios, count + again(count))
        count = min(count, max(most - again(most), 2))
    check(scenarios, count)
    return compare(scenarios, count, seed, progress=job.step, early=early)


def table(outcomes: Outcomes) -> list[tuple[str, tuple[str, ...]]]:
    """Return rows of a comparison: what, and its value in every scenario: the median of the runs, or what the name
    says.
    """

    def between(row: Mapping[Any, Any]) -> str:
        return f"{signed_money(row['difference_low'])} to {signed_money(row['difference_high'])}"

    records = outcomes.table.to_dict("records")
    rows = [("Value", tuple(money(r["npv"]) for r in records))]
    if outcomes.worlds_run is not None:
        rows += _of_worlds(outcomes)
    else:
        rows += [
            ("Less the baseline's, mean", ("baseline", *(signed_money(r["difference"]) for r in records[1:]))),
            ("80 % interval of that mean", ("", *(between(r) for r in records[1:]))),
            ("Ahead, of 100 runs", ("", *(of_100(r["wins_of_100"]) for r in records[1:]))),
        ]
    rows.append(("Break-even", ("", *(week(r["breakeven_week"]) for r in records[1:]))))
    for key in _ROWS:
        label = SUMMARY[key].label
        values = [band(one).middle for one in outcomes.final(key)]
        rows.append((label[:1].upper() + label[1:], tuple(shown(key, value) for value in values)))
    return rows


def _of_worlds(outcomes: Outcomes) -> list[tuple[str, tuple[str, ...]]]:
    """Return what worlds say of every challenger."""
    verdicts = [one for index in range(1, len(outcomes.scenarios)) if (one := outcomes.verdict_on(index).worlds)]
    return [
        ("Better, of 100 worlds", ("baseline", *(of_100(100.0 * one.share) for one in verdicts))),
        ("80 % interval of that share", ("", *(f"{percent(one.low)} to {percent(one.high)}" for one in verdicts))),
        ("Worth more, in the world in the middle", ("", *(signed_money(one.median) for one in verdicts))),
        (
            "In eight of ten worlds",
            ("", *(f"{signed_money(one.interval80[0])} to {signed_money(one.interval80[1])}" for one in verdicts)),
        ),
    ]


def told(outcomes: Outcomes) -> tuple[str, ...]:
    """Return what a screen says of worlds: what is drawn, dots as SVG, what to find out first, and where it fails;
    nothing as assumed.
    """
    runs = outcomes.worlds_run
    return () if runs is None else (*dots_and_words(runs, outcomes.best, outcomes.labels), runs.fails_where)


class Shelf:
    """Reports of this process, the last dozen, each under a name that cannot be guessed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[str, str] = OrderedDict()

    def put(self, outcomes: Outcomes) -> str:
        """Draw a report and return its name."""
        page, name = render(outcomes), secrets.token_urlsafe(16)
        with self._lock:
            self._pages[name] = page
            while len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        return name

    def get(self, name: str) -> str | None:
        """Return the report of a name, while it is kept."""
        with self._lock:
            return self._pages.get(name)


#: The reports of this process.
shelf = Shelf()
