"""Follow the accounts of one run through the tables it leaves at the ends of several years.

A table knows an account's last spell, so accounts with one spell are followed; who came back is left out where a first
spell would have to be known.  Friends are known by place: on a ring all but the rewired ones are the nearest accounts.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.stages import Stage
from flywheel_sim.study.facts import estimators as est

__all__ = ["FOLLOWED", "Followed", "NoInterface"]

YEAR, QUARTER = 52, 13

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pair = tuple[float, float]


class NoInterface(Exception):
    """A run that cannot say."""


class Followed:
    """The accounts of one run.

    Parameters
    ----------
    tables : mapping of int to mapping of arrays
        Week -> columns of the accounts as they stood then.
    relationships : mapping of int to array
        Week -> relationship of every account.
    reach : int
        Neighbours on either side, 0 where friends are not known by place.
    """

    def __init__(
        self, tables: Mapping[int, Mapping[str, Any]], relationships: Mapping[int, Floats], reach: int = 0
    ) -> None:
        self.tables, self.relationships, self.reach = tables, relationships, reach
        self.weeks = max(tables)
        self.end: Mapping[str, Any] = tables[self.weeks]
        self.accounts = len(self.end["spells"])
        self.segment = np.unique(self.end["segment"], return_inverse=True)[1].astype(np.int64)
        self.once: Flags = self.end["spells"] == 1
        self.referred: Flags = self.end["first_source"] == "word-of-mouth"
        self.bought: Flags = self.end["first_source"] == "external"

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> "Followed":
        """Follow a run that was read at several weeks."""
        network = stages[-1].run.scenario.model.market.network
        reach = network.degree // 2 if network.kind in ("ring", "watts-strogatz") and network.rewiring <= 0.5 else 0
        names = ("segment", "state", "spells", "start_week", "end_week", "first_source", "first_referrer", "revenue",
                 "profit")  # fmt: skip
        tables = {}
        for stage in stages:
            accounts = stage.run.accounts
            assert accounts is not None
            tables[stage.run.weeks] = {name: accounts[name] for name in names}
        return cls(tables, {s.run.weeks: s.relationship.astype(np.float64) for s in stages}, reach)

    @cached_property
    def person_weeks(self) -> tuple[Integers, Integers, Flags, Integers]:
        """Account, week, whether it left in it, and stratum (segment, year of winning, week of tenure)."""
        rows = np.flatnonzero(self.once & (self.referred | self.bought))
        start = self.end["start_week"][rows]
        row, week, left = est.person_weeks(start, self.end["end_week"][rows], self.weeks)
        tenure = week - start[row]
        account = rows[row]
        stratum = est.strata(self.segment[account], np.maximum(start[row], 0) // YEAR, np.maximum(tenure, 0))
        return account, week, left, stratum

    @cached_property
    def first_referral(self) -> Integers:
        """Week in which the first customer an account brought was won; a week after the end where there is none."""
        first = np.full(self.accounts, self.weeks + 1)
        brought = self.once & (self.end["first_referrer"] >= 0)
        np.minimum.at(first, self.end["first_referrer"][brought], self.end["start_week"][brought])
        return first

    def _ring(self) -> int:
        if not self.reach:
            raise NoInterface("who is friends with whom is known by place on a ring alone")
        return self.reach

    def ever(self, column: str) -> Floats:
        """Return a column of all who ever were customers."""
        return np.asarray(self.end[column][self.end["spells"] > 0], float)

    def contagion(self, weeks: int) -> tuple[float, float, float, float]:
        """Return parts of the ratio of hazards by neighbors who left lately, and by those of another account."""
        ended = self.end["end_week"]
        left = np.zeros((self.accounts, self.weeks + 1), np.int16)
        gone = np.flatnonzero(ended > 0)
        left[gone, ended[gone]] = 1
        running = np.cumsum(est.neighbors(left, self._ring()), axis=1)
        lately = np.zeros_like(running)
        lately[:, 1:] = running[:, :-1]
        lately[:, weeks + 1 :] -= running[:, : -weeks - 1]
        rows = np.flatnonzero(self.once)
        start = self.end["start_week"][rows]
        row, week, left_now = est.person_weeks(start, ended[rows], self.weeks)
        account, tenure = rows[row], week - start[row]
        stratum = est.strata(self.segment[account], np.maximum(tenure, 0))
        other = np.random.Generator(np.random.Philox(key=self.accounts)).permutation(self.accounts)
        true = est.rate_ratio(left_now, lately[account, week] > 0, stratum)
        return (*true, *est.rate_ratio(left_now, lately[other[account], week] > 0, stratum))

    def referred_hazard(self, present: bool) -> Pair:
        """Return the hazard of the referred over that of others, while the referrer is, or is not, a customer."""
        account, week, left, stratum = self.person_weeks
        referrer = self.end["first_referrer"][account]
        known = np.where(referrer >= 0, self.once[referrer], False)
        start, end = self.end["start_week"][referrer], self.end["end_week"][referrer]
        there = (start < week) & ((end < 0) | (end >= week))
        exposed = self.referred[account] & known & (there == present)
        kept = exposed | self.bought[account]
        return est.rate_ratio(left[kept], exposed[kept], stratum[kept])

    def referrer_hazard(self) -> Pair:
        """Return the hazard in the year after the first referral over that before, and of those who make none."""
        account, week, left, stratum = self.person_weeks
        since = week - self.first_referral[account]
        kept = since <= YEAR
        return est.rate_ratio(left[kept], since[kept] > 0, stratum[kept])

    def referral_contagion(self) -> Pair:
        """Return referrals a week of the referred over those of others."""
        account, week, _, stratum = self.person_weeks
        counts = np.zeros((self.accounts, self.weeks + 1), np.int16)
        brought = self.once & (self.end["first_referrer"] >= 0)
        np.add.at(counts, (self.end["first_referrer"][brought], self.end["start_week"][brought]), 1)
        return est.rate_ratio(counts[account, week], self.referred[account], stratum)

    def referred_value(self) -> Pair:
        """Return the profit of the referred, with that of those they brought, over that of others of their time and
        segment.
        """
        start = self.end["start_week"]
        rows = np.flatnonzero(self.once & (self.referred | self.bought) & (start <= 2 * YEAR))
        brought = np.zeros(self.accounts)
        by = self.end["first_referrer"]
        np.add.at(brought, by[by >= 0], self.end["profit"][by >= 0])
        stratum = est.strata(self.segment[rows], start[rows] // QUARTER)
        return est.matched_ratio((self.end["profit"] + brought)[rows], self.referred[rows], stratum)

    def referrals(self, least: int, most: int | None = None) -> Pair:
        """Return active referrers with so many referrals, and all of them."""
        times = est.times_referred(self.end["first_referrer"][self.end["spells"] > 0], self.accounts)
        inside = (times >= least) & (times <= (most or times.max(initial=0)))
        return float(inside.sum()), float((times > 0).sum())

    def segment_churn(self, segment: str | None = None) -> Pair:
        """Return customers of week 156 who have left a year later, and how many there were."""
        then, later = self.tables[3 * YEAR], self.tables[4 * YEAR]
        there = then["state"] == "customer"
        if segment is not None:
            there &= then["segment"] == segment
        stayed = there & (later["state"] == "customer") & (later["start_week"] == then["start_week"])
        return float(there.sum() - stayed.sum()), float(there.sum())

    def neighbor_wins(self) -> Pair:
        """Return the hazard of being won with a customer among the neighbors over that without."""
        weeks = np.arange(self.weeks + 1)
        start, end = self.end["start_week"], self.end["end_week"]
        ever = self.end["spells"] > 0
        here = ever[:, None] & (start[:, None] <= weeks) & ((end[:, None] < 0) | (end[:, None] > weeks))
        near = est.neighbors(here.astype(np.int16), self._ring()) > 0
        rows = np.flatnonzero((self.end["spells"] == 0) | (self.once & (start > 0)))
        won = np.where(ever[rows], start[rows], -1)
        row, week, event = est.person_weeks(np.zeros(len(rows), np.int64), won, self.weeks)
        account = rows[row]
        return est.rate_ratio(event, near[account, week - 1], est.strata(self.segment[account], week))

    def tenure_and_profit(self) -> tuple[Floats, Floats]:
        """Return weeks as a customer and profit of those won in the first year."""
        start, end = self.end["start_week"], self.end["end_week"]
        rows = self.once & (start > 0) & (start <= YEAR)
        tenure = np.where(end < 0, self.weeks, end) - start
        return tenure[rows].astype(float), self.end["profit"][rows]

    def profit_and_referrals(self) -> tuple[Floats, Integers]:
        """Return the profit of, and customers brought by, those won in the first two years."""
        start = self.end["start_week"]
        rows = self.once & (start > 0) & (start <= 2 * YEAR)
        return self.end["profit"][rows], est.times_referred(self.end["first_referrer"], self.accounts)[rows]

    def missed(self, fraction: float) -> float:
        """Return the share of the best of years 4 and 5 that were not among the best of year 3."""
        before, then = self.tables[2 * YEAR], self.tables[3 * YEAR]
        there = (before["state"] == "customer") & (then["state"] == "customer")
        there &= before["start_week"] == then["start_week"]
        past = (then["profit"] - before["profit"])[there]
        return est.misclassified(past, (self.end["profit"] - then["profit"])[there], fraction)

    def curvature(self) -> float:
        """Return by thirds of the relationship: how much steeper retention rises above the middle than below."""
        then, later = self.tables[2 * YEAR], self.tables[3 * YEAR]
        rows = np.flatnonzero(then["state"] == "customer")
        stayed = (later["state"] == "customer") & (later["start_week"] == then["start_week"])
        return est.curvature(self.relationships[2 * YEAR][rows], stayed[rows].astype(float), self.segment[rows])

    def win_back_lifetime(self) -> Pair:
        """Log weeks of the first spell of those who came back less that of others, and how many came back."""
        then = self.tables[3 * YEAR]
        rows = np.flatnonzero((then["state"] == "former") & (then["spells"] == 1) & (then["start_week"] >= 0))
        length = np.log(np.maximum(then["end_week"][rows] - then["start_week"][rows], 1))
        stratum = est.strata(self.segment[rows], then["end_week"][rows] // YEAR)
        return est.matched_difference(length, self.end["spells"][rows] > 1, stratum)


#: Name -> numerator and denominator of one run.
FOLLOWED: Mapping[str, Callable[..., Pair]] = {
    "referred-hazard": Followed.referred_hazard,
    "referrer-hazard": Followed.referrer_hazard,
    "referral-contagion": Followed.referral_contagion,
    "referred-value": Followed.referred_value,
    "referrals": Followed.referrals,
    "segment-churn": Followed.segment_churn,
    "neighbour-wins": Followed.neighbor_wins,
    "win-back-lifetime": Followed.win_back_lifetime,
}
