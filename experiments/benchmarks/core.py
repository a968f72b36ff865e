"""The core that the engine's rivals are written for, M1-M8 and M23, and the company's side of it.

Two rivals have the laws of customers each in its own way: :mod:`~benchmarks.agents` as Mesa agents, and
:mod:`~benchmarks.columns` as NumPy arrays.  What a company works out once a week, however many customers it
has, stands here once for both: the stages of a sale, handoffs, and the books.  No kernel of the engine is used.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel

__all__ = [
    "ADVOCATE", "CORE", "DETRACTOR", "FLOWS", "FORMER", "NEUTRAL", "PROSPECT", "SOUR", "STOCKS", "base_logit", "books",
    "check_core", "core_of", "halved", "happens", "sale_stages", "support_weights", "survivals", "unit_vector", "wages",
    "week_rates",
]  # fmt: skip

#: Mechanisms of the core; all others are off.
CORE = ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M23")

#: What an account can be.  In the core no lead waits, and who buys goes live in the same week.
PROSPECT, NEUTRAL, ADVOCATE, DETRACTOR, FORMER, SOUR = range(6)

#: Weekly columns of a rival, by the engine's names: counts at the end of a week, and what happened during it.
STOCKS = (
    "prospects", "customers", "advocates", "detractors", "former", "blocked", "spend", "relationship", "effort",
    "experience", "backlog",
)  # fmt: skip
FLOWS = (
    "leads", "sold", "new_customers", "referred_new", "won_back", "churned", "churned_involuntary", "renewals_due",
    "expansions", "touches", "defects", "contacts", "handled", "repeat_contacts", "handoffs_lost", "revenue", "billed",
    "touch_cost", "referral_margin", "leads_word",
)  # fmt: skip


def core_of(scenario: Scenario) -> Scenario:
    """Return the same company with every mechanism off that is not of the core.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> core = core_of(load("b2b-parts"))
    >>> core.model.market.enabled, core.model.capacity.enabled, core.model.vectors.enabled
    (True, False, False)
    """
    return scenario.with_({f"{block}.enabled": False for number, block in MECHANISMS.items() if number not in CORE})


def check_core(m: ScenarioModel) -> None:
    """Refuse what the rivals are not written for.

    Raises
    ------
    ValueError
        Naming what is different.
    """
    wanted = {
        "other mechanisms": not any(getattr(m, b).enabled for n, b in MECHANISMS.items() if n not in CORE),
        "a mechanism of the core off": all(getattr(m, b).enabled for n, b in MECHANISMS.items() if n in CORE),
        "contracts.kind": m.contracts.kind == "annual",
        "market.network.kind": m.market.network.kind in ("ring", "watts-strogatz"),
        "market.churn.by": m.market.churn.by == "experience",
        "market.pool": m.market.pool == "closed",
        "word_of_mouth.normalise": m.word_of_mouth.normalise == "per_speaker",
        "journey.directions": m.journey.directions == "vector",
        "service.event_timed": not m.service.event_timed,
        "teams.<name>.start": all(team.start != "random" for team in m.teams.values()),
    }
    found = [name for name, fine in wanted.items() if not fine]
    if found:
        raise ValueError(f"the rivals are not written for this: {', '.join(found)}")


def happens(rate: float) -> float:
    """Chance per week of an event at this rate."""
    return -math.expm1(-rate)


def halved(half_life: float) -> float:
    """Share that is left after a week of what has this half-life."""
    return math.exp(-math.log(2.0) / half_life)


def unit_vector(values: Mapping[str, float] | list[float], axes: tuple[str, ...] | list[str]) -> list[float]:
    """Unit vector over the axes, from names or from numbers."""
    row = [values.get(axis, 0.0) for axis in axes] if isinstance(values, Mapping) else list(values)
    length = math.sqrt(sum(x * x for x in row))
    return [x / length for x in row] if length > 0.0 else row


def support_weights(m: ScenarioModel, touch: Any) -> dict[str, float]:
    """Which teams a touchpoint depends on, and how much (M3): weights that add up to 1."""
    weights = dict(touch.support)
    if not weights:
        others = [name for name, team in m.teams.items() if not team.front and name != touch.owner]
        weights = {name: (1.0 - m.journey.owner_share) / len(others) for name in others}
    weights[touch.owner] = weights.get(touch.owner, 0.0) + 1.0 - sum(weights.values())
    return weights


def base_logit(m: ScenarioModel, touch: Any, tone: float) -> float:
    """Log odds that a touch goes well at a match of 0; nobody is overloaded in the core."""
    base: float = math.log(touch.base_success / (1.0 - touch.base_success))
    base -= m.journey.match_effect * touch.match_reference + m.journey.tone_effect * (1.0 - tone)
    return base


def survivals(m: ScenarioModel, cosine: Callable[[str, str], float]) -> dict[str, float]:
    """M4: leads, sales and expansions that come through, relative to the reference cosine; and issues, as they are."""
    h = m.handoffs
    survival = {"lead": 1.0, "sale": 1.0, "issue": 1.0, "expansion": 1.0}

    def loss(c: float, integration: float) -> float:
        return -math.expm1(-(h.base_friction + h.angle_friction * (1.0 - c) * 0.5 * (1.0 - integration)))

    reference = loss(h.reference_cosine, 0.0)
    for link in h.links.values():
        through = 1.0 - link.share * loss(cosine(link.giver, link.taker), h.integration)
        survival[link.when] *= through if link.when == "issue" else through / (1.0 - link.share * reference)
    return survival


def _odds_times(probability: float, factor: float) -> float:
    if probability >= 1.0:
        return probability
    odds = probability / (1.0 - probability) * factor
    return odds / (1.0 + odds)


def sale_stages(
    m: ScenarioModel, segment: Any, lift: Mapping[str, float], survival: Mapping[str, float]
) -> tuple[float, float]:
    """M1: chances that a lead is sold, and that it goes live; ``lift`` is by stage, 1 at reference.

    Nobody queues in the core, so that no lead waits longer than it did at reference.
    """
    funnel = m.market.funnel
    if not funnel.enabled:
        return 1.0, 1.0
    price = math.exp(-segment.price_weight * math.log2(m.market.price))
    qualify = min(1.0, funnel.qualify * survival["lead"])
    sold = qualify * funnel.propose * _odds_times(funnel.close, lift["sale"] * price)
    return sold, sold * min(1.0, _odds_times(funnel.onboard, lift["onboarding"]) * survival["sale"])


def week_rates(m: ScenarioModel, t: int, reach: float, survival: Mapping[str, float]) -> dict[str, float]:
    """Rates and chances of week t (0-based) that are the same for everybody."""
    funnel, contracts = m.market.funnel, m.contracts
    stages = funnel.reference or funnel.qualify * funnel.propose * funnel.close * funnel.onboard
    interest = m.market.organic + max(0.0, m.market.promotion - m.market.organic)
    per_lead = 1.0 / ((stages if funnel.enabled else 1.0) * contracts.window_weeks / 52.0)
    return {
        "external": m.market.external * interest * reach * per_lead,
        "word": m.word_of_mouth.rate * per_lead,
        "win_back": happens(m.market.win_back.rate * per_lead),
        "window_known": -math.expm1(-contracts.window_learning * (t + 1)),
        "expansion": m.expansion.rate * 52.0 / contracts.window_weeks * survival["expansion"],
        "lost": 1.0 - survival["issue"],
    }


def wages(m: ScenarioModel) -> float:
    """Pay of everybody in a week."""
    return sum(team.headcount * team.salary / 52.0 for team in m.teams.values())


def books(m: ScenarioModel, week: Mapping[str, float]) -> dict[str, float]:
    """M23: cost, profit and cash flow of a week from what happened in it."""
    ledger, wom = m.ledger, m.word_of_mouth
    premium = min(wom.referred_margin * (1.0 - ledger.cost_of_revenue), ledger.cost_of_revenue)
    won = week["new_customers"] + week["won_back"]
    lead = ledger.cost_per_lead
    if ledger.lead_doubling > 0:
        lead *= 1.0 + m.market.external * m.market.promotion / ledger.lead_doubling
    cost = (
        ledger.cost_of_revenue * week["revenue"]
        - premium * week["referral_margin"]
        + m.service.live_cost * week["handled"]
        + lead * (week["leads"] - week["leads_word"])
        + ledger.cost_per_win * won
        + wages(m)
        + week["touch_cost"]
        + ledger.programme_cost
        + ledger.overhead
    )
    return {"total_cost": cost, "profit": week["revenue"] - cost, "flow": week["billed"] - cost}
