"""All mechanisms off is a plain funnel with constant hazards; each one, and each pair, can be switched on from there.

The company has everything a mechanism could act on: seven teams, touchpoints of every stage, handoffs, measures and
pay, two segments.  New mechanisms take part as soon as they stand in ``MECHANISMS``.
"""

import contextlib
import itertools

import numpy as np
import pytest

from flywheel_sim import load, theory
from flywheel_sim.engine.run import ConservationError, Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS

CHURN, INFLOW = 0.02, 5.0
#: What a mechanism needs beside its switch to act within 26 weeks.
WITH = {
    "contracts": {"contracts.kind": "monthly"},
    "expansion": {"expansion.rate": 0.05},
    "ledger": {"ledger.programme_cost": 100.0, "ledger.meeting_cost": 100.0},
    "sensing": {"sensing.survey_weeks": 4, "sensing.refresh_weeks": 4},
    "cadence": {
        "cadence.themes": "own",
        "cadence.review_weeks": 5,
        "cadence.plan_weeks": 13,
        "cadence.events": {"business review": {"every_weeks": 6, "pull": 0.3, "cost": 100.0}},
    },
    "reactions": {"reactions.letters": 3.0, "reactions.project_hours": 20.0},
    "capacity": {"capacity.staffing": True},
    "blockers": {"blockers.rate": 1.0},
    "ideas": {"ideas.rate": 3.0, "ideas.value": 0.05},
    "loyalty": {"loyalty.join_rate": 1.0, "loyalty.threshold": 500.0, "loyalty.elasticity": 50.0},
    "selling": {"selling.lone_wolves": 0.3},
    "culture": {
        f"culture.{part}.enabled": True
        for part in ("programme", "norms", "morale", "turnover", "learning", "monitoring")
    },
    "leadership": {
        "leadership.tenure_months": 2,
        "leadership.vacancy_weeks": 3,
        "leadership.lag_weeks": 4,
        "leadership.clarity": 0.5,
        "leadership.patience": 0.1,
    },
    "timeline": {
        "timeline.changes": {"more": {"from_week": 9, "set": {"market.price": 1.2, "service.issues": 0.3}}},
        "timeline.customers": {"gift": {"week": 5, "add": 7}, "loss": {"week": 15, "add": -9}},
    },
}


def plain(**changes):
    """The base company with everything off but a market of constant hazards."""
    off = {f"{block}.enabled": False for block in MECHANISMS.values()}
    market = {
        "market.enabled": True,
        "market.pool": "constant",
        "market.funnel.enabled": False,
        "market.churn.mean": CHURN,
        "market.churn.dispersion": 0.0,
        "market.churn.period_weeks": 1.0,
        "market.fit_dispersion": 0.0,
        "market.win_back.rate": 0.0,
    }
    pay = {name: {"on": {"nps": 0.5, "leads": 0.5}} for name in load("b2b-saas").teams}
    return load("b2b-saas").with_({**off, **market, "incentives.pay": pay, "measures.debug": True, **changes})


def test_little_customers_are_inflow_times_lifetime():
    n = 30_000
    scenario = plain(
        **{"market.accounts": n, "market.initial_customers": 0, "market.external": INFLOW / n, "horizon_weeks": 600}
    )
    runs = batch([scenario], replicates=6, teams=False)[0]
    # a hazard h is a chance 1 - exp(-h) a week; newcomers of a week are counted at its end
    hazard = -np.log1p(-CHURN)
    expected = float(theory.little(INFLOW, 1 / -np.expm1(-hazard)))
    found = np.array([run.series("customers")[300:].mean() for run in runs])
    assert abs(found.mean() - expected) < 4 * max(found.std(ddof=1) / np.sqrt(len(found)), 0.01 * expected / 4)
    won, lost = (np.mean([run.series(name)[300:].mean() for run in runs]) for name in ("new_customers", "churned"))
    assert won == pytest.approx(INFLOW, rel=0.03)
    assert lost == pytest.approx(INFLOW, rel=0.05)


def test_all_off_everything_else_rests():
    run = batch([plain(**{"horizon_weeks": 52, "market.accounts": 500})], replicates=1)[0][0]
    resting = (
        "referred_new", "won_back", "blocked", "expansions", "contacts", "handled", "backlog", "defects",
        "friction", "handoffs_lost", "survey_answers", "score_inflation", "gaming", "overload", "coordination_share",
        "revenue", "total_cost", "cash", "touches",
    )  # fmt: skip
    for name in set(resting) & set(NAMES):
        assert not run.series(name).any(), name
    for name in ("relationship", "effort", "alignment", "customer_alignment", "culture", "headcount"):
        assert np.ptp(run.series(name)) < 1e-6, name


SMALL = {
    "market.accounts": 200,
    "market.initial_customers": 80,
    "market.external": 0.01,
    "horizon_weeks": 26,
    "market.enabled": False,
}


@pytest.fixture(scope="module")
def named():
    """Make the plain company with some mechanisms on; the market stays at constant hazards where it is among them.

    Blocks are validated one by one and put together: 351 whole scenarios would take half a minute to validate.
    """
    base = plain(**SMALL).model
    on = {
        block: getattr(plain(**{**SMALL, f"{block}.enabled": True, **WITH.get(block, {})}).model, block)
        for block in MECHANISMS.values()
    }
    return lambda *blocks: base.model_copy(update={block: on[block] for block in blocks})


def violations(named, sets):
    """Run companies with these mechanisms on in one batch, every week checked; names of those that break a rule."""
    simulation = Simulation([named(*blocks) for blocks in sets], [(k, 3, 0) for k in range(len(sets))])
    with contextlib.suppress(ConservationError):
        simulation.advance(threads=2)
    broken = [" + ".join(sets[q]) for q in range(len(sets)) if simulation.state.run[q]["violations"] > 0]
    for q, blocks in enumerate(sets):
        weekly = simulation.arrays(q).weekly
        columns = [name for i, name in enumerate(NAMES) if not np.isfinite(weekly[:, i]).all()]
        if columns:
            broken.append(f"{' + '.join(blocks)}: not finite: {', '.join(columns)}")
    return broken


def test_every_mechanism_alone_keeps_the_rules(named):
    alone = [("market",), *(("market", block) for block in MECHANISMS.values() if block != "market")]
    assert violations(named, alone) == []


def test_every_pair_of_mechanisms_keeps_the_rules(named):
    pairs = list(itertools.combinations(MECHANISMS.values(), 2))
    assert len(pairs) == 351
    assert violations(named, pairs) == []


def test_the_checks_work_where_measures_are_off(named):
    simulation = Simulation([named("market", "ledger")], [(0, 1, 0)])
    simulation.advance(10)
    simulation.state.run["cash"][0] += 1000.0
    with pytest.raises(ConservationError):
        simulation.advance(5)
