"""Two to four scenarios side by side, and their reports, kept for a while under names nobody can guess."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from flywheel_sim.app.bounds import check
from flywheel_sim.app.jobs import Job
from flywheel_sim.present.report import render
from flywheel_sim.present.tables import shown
from flywheel_sim.results import Outcomes
from flywheel_sim.results.paired import band
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.results.words import money, of_100, signed_money, week
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.comparison.compare import Comparison, compare

__all__ = ["REPLICATES", "Shelf", "compared", "shelf", "table"]

#: Runs of each scenario that can be asked for.
REPLICATES = (10, 20, 40, 100)
_KEPT = 12
_ROWS = ("customers_end", "churn_annual", "nrr", "referral_share", "nps_true", "customer_alignment_mean",
         "wheel_speed", "cac_payback_months")  # fmt: skip


def compared(scenarios: Sequence[Scenario], replicates: int, seed: int, job: Job) -> Comparison:
    """Compare scenarios under the same luck.

    Raises
    ------
    Cancelled, ScenarioError
    """
    check(scenarios, replicates)
    return compare(scenarios, replicates, seed, progress=job.step)


def table(outcomes: Outcomes) -> list[tuple[str, tuple[str, ...]]]:
    """Return rows of a comparison: what, and its value in every scenario: the median of the runs, or what the name
    says.
    """

    def between(row: Mapping[Any, Any]) -> str:
        return f"{signed_money(row['difference_low'])} to {signed_money(row['difference_high'])}"

    records = outcomes.table.to_dict("records")
    rows = [
        ("Value", tuple(money(r["npv"]) for r in records)),
        ("Less the baseline's, mean", ("baseline", *(signed_money(r["difference"]) for r in records[1:]))),
        ("80 % interval of that mean", ("", *(between(r) for r in records[1:]))),
        ("Ahead, of 100 runs", ("", *(of_100(r["wins_of_100"]) for r in records[1:]))),
        ("Break-even", ("", *(week(r["breakeven_week"]) for r in records[1:]))),
    ]
    for key in _ROWS:
        _, meaning = SUMMARY[key]
        values = [band(one).middle for one in outcomes.final(key)]
        rows.append((meaning[:1].upper() + meaning[1:], tuple(shown(key, value) for value in values)))
    return rows


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
