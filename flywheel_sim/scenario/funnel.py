r"""The funnel twin: the same company, organised to win customers and no longer to keep them (C31).

A funnel hands the customer along and stops caring at the win.  The twin is the same company with the same market, the
same teams and pay, and the same luck, but

* **post-sale care** is removed: touchpoints of onboarding, use and renewal on which the company spends hours or money
  cost neither any more, and are served at the share ``post_sale`` of the old effort.  With q the effect of the served
  vector (M3), a touch loses q (1 - post_sale) match_reference in logit, which is what its teams' effort was worth at
  reference.  Touches without hours or cost (the product in use) stay: what costs nothing cannot be saved.  A loyalty
  programme ends, and its rewards are saved;
* **inbound service** keeps what it must: hours per issue and its quality stay, but a front team that owns nothing
  before the sale is cut to the heads its issues at the start take at ``UTILIZATION`` of gross hours (one in ten at
  least).  Other teams give up the hours their care took;
* **referral** is removed: good voices count for nothing.  Bad ones are still heard, for no company can switch them off;
* **the group** is removed: its meetings, calendar and themes, the shared map of the need, coupling beyond that of
  silos, and what goes with it: the chief customer officer and programmes.

What becomes of the money, ``keep``:

``budget``
    It moves to acquisition, and the budget at the start is the same to the dollar.  Heads move to the teams that own
    awareness or sale, in proportion to their payroll.  Leads follow by constant returns to scale, each input weighted
    by its share in the cost of acquisition (Cobb-Douglas): with payroll W, and money for leads and wins V, a week,

        f = ((W + freed pay) / W)^a ((V + freed money) / V)^(1 - a),     a = W / (W + V),

    the external hazard is multiplied by f and the money per lead and win by (V + freed money) / (V f).  A customer
    costs what it did, which is kind to the funnel: response to selling more of the same usually falls.
``savings``
    It stays in the company as profit.

At ``post_sale=1, referral=1, group=True`` nothing is changed: the twin equals the company.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from flywheel_sim.scenario.errors import ScenarioError
from flywheel_sim.scenario.loading import load
from flywheel_sim.scenario.scenario import Scenario

if TYPE_CHECKING:
    from flywheel_sim.scenario.blocks.m03_journey import Touchpoint
    from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["TwinChange", "funnel_changes", "funnel_twin"]

#: Share of gross hours that inbound work may take of a team cut to its minimum (an assumption: .95 of net hours when a
#: sixth of the week goes to coordination).
UTILIZATION = 0.80
#: Heads such a team keeps at least.
KEPT = 0.10
#: Coupling of silos, kappa = K/D (DOMAIN section 5).
SILO_COUPLING = 0.5

_ACQUISITION, _CARE = ("awareness", "sale"), ("onboarding", "use", "renewal")


class TwinChange(NamedTuple):
    """One value of the company that its funnel twin changes."""

    path: str
    before: Any
    after: Any
    why: str


def funnel_twin(
    scenario: "Scenario | str | Mapping[str, Any]",
    keep: Literal["budget", "savings"] = "budget",
    *,
    post_sale: float = 0.0,
    referral: float = 0.0,
    group: bool = False,
) -> Scenario:
    """Return the same company with post-sale care, referral and group removed.

    Parameters
    ----------
    scenario : Scenario, name, path or mapping
        Any company.
    keep : "budget" or "savings"
        Whether the money and hours go to acquisition (the budget at the start is the same), or stay as profit.
    post_sale, referral : float
        Shares of post-sale effort and of good word of mouth that remain, 0 to 1; at 1 the effect vanishes (C31, C33).
    group : bool
        Whether the group, the shared map and the coupling remain.

    Returns
    -------
    Scenario
        ``.changes`` lists every path it changed; `funnel_changes` says why as well.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> company = load("relationship-flywheel")
    >>> twin = funnel_twin(company)
    >>> twin.cadence.enabled, twin.teams["service"].headcount < company.teams["service"].headcount
    (False, True)
    >>> funnel_twin(company, post_sale=1, referral=1, group=True) == company
    True
    """
    loaded = load(scenario)
    changes = funnel_changes(loaded, keep, post_sale=post_sale, referral=referral, group=group)
    if not changes:
        return loaded
    way = "the money moved to acquisition" if keep == "budget" else "the money saved"
    twin = loaded.with_({change.path: change.after for change in changes})
    words = {
        "title": f"Funnel twin of {loaded.title}",
        "question": f"What does the wheel add to {loaded.title}?",
        "description": f"{loaded.title} without post-sale care, referral and group, {way}.",
    }
    return twin.with_(words)


def funnel_changes(
    scenario: Scenario,
    keep: Literal["budget", "savings"] = "budget",
    *,
    post_sale: float = 0.0,
    referral: float = 0.0,
    group: bool = False,
) -> tuple[TwinChange, ...]:
    """Return every path the funnel twin changes, with the value before and after, and why.

    Parameters
    ----------
    scenario, keep, post_sale, referral, group
        As in `funnel_twin`.
    """
    if keep not in ("budget", "savings"):
        raise ScenarioError.single(f"keep: expected 'budget' or 'savings', got {keep!r}")
    for name, share in (("post_sale", post_sale), ("referral", referral)):
        if not 0 <= share <= 1:
            raise ScenarioError.single(f"{name}: expected a share between 0 and 1, got {share}")
    twin = _Twin(scenario, 1.0 - post_sale)
    if post_sale < 1:
        twin.drop_care()
    if referral < 1:
        twin.drop_referral(referral)
    if not group:
        twin.drop_group()
    if keep == "budget":
        twin.move_to_acquisition()
    else:
        twin.let_go()
    twin.clear_timeline()
    return tuple(twin.changes.values())


class _Twin:
    """Collects the changes; ``pay`` and ``money`` are what they free, in $ a week."""

    def __init__(self, scenario: Scenario, removed: float) -> None:
        self.scenario = scenario
        self.model: ScenarioModel = scenario.model
        self.removed = removed
        self.changes: dict[str, TwinChange] = {}
        self.heads: dict[str, float] = {}  # freed, by team
        self.hours: dict[str, float] = {}  # freed inside teams that also win customers, in heads
        self.money = 0.0
        touchpoints = self.model.journey.touchpoints.values()
        self.winners = {touch.owner for touch in touchpoints if touch.stage in _ACQUISITION}

    def set(self, path: str, after: Any, why: str) -> None:
        """Note a change, unless the value is the same already."""
        before = self.scenario.get(path)
        if path in self.changes:
            before = self.changes.pop(path).before
        if before != after:
            self.changes[path] = TwinChange(path, before, after, why)

    # --- what is removed ------------------------------------------------------------------------------------------

    def drop_care(self) -> None:
        """Drop care after the sale: its hours, its money and what it gave."""
        journey = self.model.journey
        care = {n: t for n, t in journey.touchpoints.items() if t.stage in _CARE and (t.hours > 0 or t.cost > 0)}
        saved: dict[str, float] = {}
        for name, touch in care.items():
            volume = self.volume(touch)
            saved[touch.owner] = saved.get(touch.owner, 0.0) + volume * touch.hours * self.removed
            self.money += volume * touch.cost * self.removed
            at = f"journey.touchpoints.{name}"
            left = 1.0 - self.removed
            self.set(f"{at}.hours", touch.hours * left, "care after the sale takes no hours")
            self.set(f"{at}.cost", touch.cost * left, "nor money")
            worth = journey.match_effect * self.removed * max(touch.match_reference, 0.0)
            odds = touch.base_success / (1.0 - touch.base_success) * math.exp(-worth)
            if worth > 0:
                self.set(f"{at}.base_success", odds / (1.0 + odds), "and gives what it gave without the teams' effort")
        self.drop_loyalty()
        gross = self.model.capacity.gross_hours
        for name, team in self.model.teams.items():
            cares = saved.get(name, 0.0) / gross
            most = (1.0 - KEPT) * team.headcount
            if name in self.winners:
                self.hours[name] = min(cares, most)
            elif team.front and any(t.owner == name for t in journey.touchpoints.values()):
                needed = max(self.inbound(name) / (gross * UTILIZATION), KEPT * team.headcount)
                self.heads[name] = max(team.headcount - needed, 0.0) * self.removed
            else:
                self.heads[name] = min(cares, most)

    def drop_loyalty(self) -> None:
        """Drop the loyalty programme, with what rewards would cost once all of the first customers who would join
        have.
        """
        loyalty, segments = self.model.loyalty, self.model.segments.values()
        if not loyalty.enabled:
            return
        self.set("loyalty.enabled", False, "nobody is rewarded for staying")
        spend = sum(s.share * s.spend for s in segments) / sum(s.share for s in segments) * self.model.market.price
        members = loyalty.share * self.model.market.initial_customers
        self.money += members * spend / 52.0 * loyalty.earn / loyalty.threshold * loyalty.reward_value * self.removed

    def drop_referral(self, share: float) -> None:
        """Drop the voices that speak well of the company."""
        word = self.model.word_of_mouth
        if word.enabled:
            for name in ("advocate", "neutral", "detractor"):
                self.set(f"word_of_mouth.{name}", getattr(word, name) * share, "nobody is won through good voices")

    def drop_group(self) -> None:
        """Drop meetings, themes, the shared map, coupling beyond that of silos; the office and programmes."""
        cadence, vectors, ledger = self.model.cadence, self.model.vectors, self.model.ledger
        if cadence.enabled:
            self.set("cadence.enabled", False, "no group meets")
            self.money += ledger.meeting_cost / cadence.interval_weeks
            self.money += sum(event.cost / event.every_weeks for event in cadence.events.values())
        self.set("vectors.map_pull", 0.0, "no shared map of what customers need")
        fixed = vectors.coupling.fixed
        self.set("vectors.coupling.fixed", min(fixed, SILO_COUPLING), "teams feel each other as silos do")
        for name in self.model.decisions.together:
            self.set(f"decisions.together.{name}.hours", 0.0, "no teams decide together")
        self.set("ledger.programme_cost", 0.0, "no programme")
        self.money += ledger.programme_cost
        office, programme = self.model.leadership, self.model.culture.programme
        if office.enabled:
            self.set("leadership.enabled", False, "nobody speaks for customers at the top")
            self.money += (office.salary + office.budget) / 52.0
        if programme.enabled and self.model.culture.enabled:
            self.set("culture.programme.enabled", False, "no programme")
            self.money += programme.cost * programme.funding / 52.0

    # --- where it goes --------------------------------------------------------------------------------------------

    def move_to_acquisition(self) -> None:
        """Move heads to the teams that win customers, money to leads and wins."""
        model, ledger, teams = self.model, self.model.ledger, self.model.teams
        pay = {name: teams[name].headcount * teams[name].salary / 52.0 for name in teams if name in self.winners}
        payroll = sum(pay.values())
        freed = sum(heads * teams[name].salary / 52.0 for name, heads in self.heads.items())
        inside = sum(heads * teams[name].salary / 52.0 for name, heads in self.hours.items())
        if payroll <= 0:
            freed = inside = 0.0  # nobody to move to: heads stay where they are
        elif freed > 0:
            for name, heads in self.heads.items():
                self.set(f"teams.{name}.headcount", teams[name].headcount - heads, "its care is no longer needed")
            for name in pay:
                more = teams[name].headcount * (1.0 + freed / payroll)
                self.set(f"teams.{name}.headcount", more, "the same payroll, moved to acquisition")
        work, spent = payroll - inside, self.spent_on_winning()
        growth = 1.0
        if spent > 0:
            share = work / (work + spent)
            growth = ((work + freed + inside) / work) ** share if work > 0 else 1.0
            growth *= ((spent + self.money) / spent) ** (1.0 - share)
            unit = (spent + self.money) / (spent * growth)
            for name in ("cost_per_lead", "cost_per_win"):
                self.set(f"ledger.{name}", getattr(ledger, name) * unit, "the same money for more of them")
        elif work > 0:
            growth = (work + freed + inside + self.money) / work
            self.set("ledger.programme_cost", self.money, "the money goes to campaigns")
        self.set("market.external", model.market.external * growth, "as many more leads as more is put into them")
        if ledger.lead_doubling > 0:
            why = "what more leads cost is in their price"
            self.set("ledger.lead_doubling", ledger.lead_doubling * growth, why)

    def let_go(self) -> None:
        """Let freed heads leave; freed money is profit."""
        for name, team in self.model.teams.items():
            heads = self.heads.get(name, 0.0) + self.hours.get(name, 0.0)
            self.set(f"teams.{name}.headcount", team.headcount - heads, "its care is no longer paid for")

    def clear_timeline(self) -> None:
        """Take out of the timeline what would bring back what the twin removed."""
        for name, change in self.model.timeline.changes.items():
            left = {path: value for path, value in change.values.items() if not self.touched(path)}
            if left == dict(change.values):
                continue
            why = "what the twin removed does not come back"
            at = f"timeline.changes.{name}"
            if left:
                self.set(f"{at}.set", left, why)
            else:
                self.changes[at] = TwinChange(at, self.scenario.get(at), None, why)

    def touched(self, path: str) -> bool:
        """Tell whether a path of the timeline is, holds or lies in something the twin changed."""
        return any(path == p or p.startswith(path + ".") or path.startswith(p + ".") for p in self.changes)

    # --- the company at the start ---------------------------------------------------------------------------------

    def wins(self) -> float:
        """Return customers won a week by marketing alone, at reference."""
        market = self.model.market
        open_ = market.accounts - (market.initial_customers if market.pool == "closed" else 0)
        return market.external * market.promotion * open_

    def spent_on_winning(self) -> float:
        """Return v: money for leads and wins a week, at reference."""
        model, funnel, contracts = self.model, self.model.market.funnel, self.model.contracts
        chain = funnel.reference or funnel.qualify * funnel.propose * funnel.close * funnel.onboard
        per_lead = (chain if funnel.enabled else 1.0) * (contracts.window_weeks / 52.0 if contracts.enabled else 1.0)
        doubling, bought = model.ledger.lead_doubling, model.market.external * model.market.promotion
        lead = model.ledger.cost_per_lead * (1.0 + bought / doubling if doubling > 0 else 1.0)
        return self.wins() * (lead / per_lead + model.ledger.cost_per_win)

    def volume(self, touch: "Touchpoint") -> float:
        """Return touches a week at the start."""
        base = self.model.market.initial_customers
        if touch.stage == "onboarding":
            return self.wins() * self.model.journey.onboarding_weeks * -math.expm1(-touch.rate)
        return base * -math.expm1(-touch.rate)

    def inbound(self, team: str) -> float:
        """Return hours a week that a team's issues take at the start, repeats included."""
        service, journey = self.model.service, self.model.journey
        stages = [touch for touch in journey.touchpoints.values() if touch.stage == "service"]
        if not service.enabled or not stages:
            return 0.0
        failures = sum(
            -math.expm1(-touch.rate) * (1.0 - touch.base_success)
            for touch in journey.touchpoints.values()
            if touch.stage == "use" and journey.enabled
        )
        each = (service.issues + service.failure_demand * failures) / service.first_contact_resolution
        mine = [touch for touch in stages if touch.owner == team]
        hours = sum(service.handling_hours or touch.hours for touch in mine) / len(stages)
        return self.model.market.initial_customers * each * hours
