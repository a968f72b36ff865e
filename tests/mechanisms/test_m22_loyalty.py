"""M22: points, rewards, and belonging."""

import numba
import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.lowering import lower
from flywheel_sim.engine.mechanisms import m22_loyalty as m22
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import NAMES

N = 20_000
NEUTRAL = {"elasticity": 0.0, "identity": 0.0, "reward_value": 0.0}
OWN = ("members", "member_churned", "rewards", "reward_cost", "reward_liability")


goal_drive = compiled(m22.goal_drive)


def test_the_drive_rises_towards_the_reward():
    def drive(points, strength=0.5, endowed=0.0, curvature=2.0):
        return float(goal_drive(np.float32(points), strength, 10.0, endowed, curvature))

    assert drive(0) == 1.0 and drive(5, strength=0.0) == 1.0
    assert drive(5) == pytest.approx(np.exp(0.5 * 0.25), rel=1e-6)
    assert drive(10) == drive(25) == pytest.approx(np.exp(0.5), rel=1e-6)
    assert drive(5, strength=-1.0, curvature=1.0) == pytest.approx(np.exp(-0.5), rel=1e-6)
    assert drive(10, strength=50.0) == pytest.approx(np.exp(3.0), rel=1e-6)
    # the same way to go, shown as a longer way of which a part is done: ten stamps, or twelve and two
    assert drive(5, endowed=0.2) == pytest.approx(np.exp(0.5 * (7 / 12) ** 2), rel=1e-6)
    assert drive(0, endowed=0.2) > 1.0 and drive(10, endowed=0.2) == pytest.approx(np.exp(0.5), rel=1e-6)


@numba.njit
def bounded(points, par):
    return m22.drive_of(points, par[0].loyalty), m22.strongest_drive(par[0].loyalty)


@pytest.mark.parametrize(
    "changes", [{}, {"elasticity": 0.0}, {"elasticity": 100.0}, {"curvature": 0.5, "endowed": 0.5}]
)
def test_no_drive_is_above_the_strongest(changes):
    """Who buys more is marked at the strongest drive, and looked at only then."""
    company = load("everything-on").with_({f"loyalty.{name}": value for name, value in changes.items()})
    par = lower([company.model]).par
    for points in np.float32([-1.0, 0.0, 1.0, 7_000.0, 19_999.0, 20_000.0, 3e6]):
        drive, strongest = bounded(points, par)
        assert 1.0 <= drive < strongest or drive == strongest == 1.0
    assert bounded(np.float32(-1.0), par)[0] == 1.0


def club(quiet, loyalty=None, weeks=30, hazard=0.0, on=True, **changes):
    """Customers who pay $1 a week, all willing and joining at once unless told otherwise."""
    market = {
        "accounts": N,
        "initial_customers": N,
        "churn": {"mean": -np.expm1(-hazard), "dispersion": 0.0, "period_weeks": 1.0, "sensitivity": 0.0},
        **changes.pop("market", {}),
    }
    block = {"share": 1.0, "join_rate": 1000.0, "threshold": 6.0, "redeem_rate": 1000.0, **NEUTRAL, **(loyalty or {})}
    return quiet(
        horizon_weeks=weeks, market=market, loyalty={**block, "enabled": on}, ledger={"cost_of_revenue": 0.2},
        measures={"debug": True}, **changes,
    )  # fmt: skip


def busy(quiet, loyalty=None, on=True, **more):
    """The same with renewals, expansions, purchases of newcomers and service."""
    return club(
        quiet, loyalty, 40, 0.02, on,
        market={"accounts": 4000, "initial_customers": 2000, "external": 0.01, "win_back": {"rate": 0.01}},
        expansion={"rate": 0.05}, service={"issues": 0.1}, **more,
    )  # fmt: skip


def test_neutral_is_off(quiet, same_bits):
    same_bits(busy(quiet, on=False), busy(quiet), but=OWN)
    same_bits(busy(quiet, on=False), busy(quiet, {"share": 0.0, "identity": 1.0, "elasticity": 9.0, "reward_value": 5}))
    buyers = {"contracts": {"kind": "non-contractual", "involuntary": 0.0}}
    same_bits(busy(quiet, on=False, **buyers), busy(quiet, {"endowed": 0.3}, **buyers), but=OWN)


def test_the_willing_join_at_a_rate(quiet, once):
    run = once(club(quiet, {"share": 0.4, "join_rate": 0.1}))
    t = np.arange(1, 31)
    p = 0.4 * -np.expm1(-0.1 * t)
    assert np.all(np.abs(run.series("members") / N - p) < 4.5 * np.sqrt(p * (1 - p) / N))


def test_points_become_rewards_and_every_dollar_is_booked(quiet, once):
    run = once(club(quiet, {"reward_value": 0.9}))
    members, taken, points = run.series("members"), run.series("rewards"), np.zeros(30)
    assert np.all(members == N)
    week = np.arange(1, 31)
    points = week - 1 - 6 * ((week - 1) // 6)  # joined in week 1, then a dollar a week; a reward at six
    assert np.array_equal(taken, N * ((week > 1) & ((week - 1) % 6 == 0)))
    assert run.series("reward_liability") == pytest.approx(N * points * 0.9 / 6)
    assert run.series("reward_cost") == pytest.approx(0.9 * taken)
    assert run.series("total_cost") == pytest.approx(0.2 * run.series("revenue") + 0.9 * taken)
    assert run.customers["cost"].sum() == pytest.approx(run.series("total_cost").sum(), rel=1e-5)


def test_rewards_are_taken_at_a_rate(quiet):
    sim = Simulation(
        [load(club(quiet, {"redeem_rate": 0.3, "threshold": 1e6, "reward_value": 1.0})).model], [(0, 1, 0)]
    )
    sim.advance(1)
    sim.state.points[:] = 2.5e6
    sim.advance(1)
    taken = sim.arrays(0).weekly[1, NAMES.index("rewards")] / N
    p = -np.expm1(-0.3)
    assert abs(taken - p) < 4 * np.sqrt(p * (1 - p) / N)


def test_what_is_bought_more_can_earn_more(quiet):
    """Earning by margin: $.25 a week more is $13 a year, at two points a dollar."""
    scenario = club(quiet, {"earn": 0.0, "earn_expansion": 2.0, "threshold": 1e6}, expansion={"rate": 0.1})
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(2)
    points, spend = sim.state.points[:N], sim.state.spend[:N]
    # whoever bought more in week 1 did so before joining
    assert np.allclose(points[points > 0], np.where(spend > 1.3, 0.3125, 0.25)[points > 0] * 52 * 2)
    assert abs(np.mean(points > 0) - -np.expm1(-0.1)) < 0.01


def bought_more(quiet, loyalty, points):
    """Share of members with these points who buy more in a week, at a rate of .05."""
    scenario = club(quiet, {"threshold": 10.0, "redeem_rate": 0.0, **loyalty}, expansion={"rate": 0.05})
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(1)
    before = sim.state.spend[:N].copy()
    sim.state.points[:] = points
    sim.advance(1)
    return np.mean(sim.state.spend[:N] > before)


def test_c68_expansion_quickens_towards_the_reward_and_vanishes_at_elasticity_zero(quiet):
    # a reward of $1 for $10: v = .1
    for elasticity, points, factor in ((0.0, 10, 1), (10.0, 0, 1), (10.0, 5, np.exp(0.25)), (10.0, 10, np.e)):
        share = bought_more(quiet, {"elasticity": elasticity, "reward_value": 1.0}, points)
        p = -np.expm1(-0.05 * factor)
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / N), (elasticity, points)
    assert bought_more(quiet, {"elasticity": 10.0, "reward_value": 0.0}, 10) == bought_more(quiet, {}, 10)
    # who is no member is not driven
    assert bought_more(quiet, {"elasticity": 10.0, "reward_value": 1.0}, -1) == bought_more(quiet, {}, 10)


def test_c68_upsell_less_rewards_is_what_the_books_show(quiet):
    """Money of a scheme: more is bought, rewards cost, and nothing else changes."""
    pays = {"threshold": 20.0, "reward_value": 2.0}
    on, off, free = batch(
        [busy(quiet, {**pays, "elasticity": 15.0}), busy(quiet, {**pays}), busy(quiet, on=False)], replicates=2
    )
    for a, b, c in zip(on, off, free, strict=True):
        assert a.series("expanded_spend").sum() > b.series("expanded_spend").sum()
        assert np.array_equal(b.series("expanded_spend"), c.series("expanded_spend"))
        assert b.series("total_cost") == pytest.approx(c.series("total_cost") + b.series("reward_cost"))
        assert b.series("reward_cost").sum() > 0


def test_purchases_quicken_too(quiet):
    contracts = {"kind": "non-contractual", "involuntary": 0.0, "purchase_shape": 100.0, "purchase_scale_weeks": 100.0}
    scenario = club(
        quiet, {"threshold": 10.0, "redeem_rate": 0.0, "elasticity": 8.0, "reward_value": 1.0}, contracts=contracts
    )
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance(1)
    sim.state.points[: N // 2] = 10.0
    sim.state.points[N // 2 :] = 0.0
    before = sim.state.revenue[:N].copy()
    sim.advance(1)
    bought = sim.state.revenue[:N] - before
    for half, mean in ((bought[: N // 2], np.exp(0.8)), (bought[N // 2 :], 1.0)):
        spread = mean * (1 + mean / 100.0)  # Poisson, and buyers who differ by a Gamma of shape 100
        assert abs(half.mean() - mean) < 4 * np.sqrt(spread / (N / 2))


def test_c69_members_stay_at_zero_reward_and_not_at_identity_zero(quiet, once):
    for identity in (0.5, 0.0):
        run = once(club(quiet, {"identity": identity, "share": 0.5, "reward_value": 0.0}, hazard=0.02))
        members, churned = run.series("members"), run.series("member_churned")
        others = run.series("customers") - members
        rate = churned[1:].sum() / members[:-1].sum()
        rest = (run.series("churned") - churned)[1:].sum() / others[:-1].sum()
        error = np.sqrt(1 / churned.sum() + 1 / (run.series("churned").sum() - churned.sum()))
        assert abs(np.log(rate / rest) + identity) < 4 * error
        assert np.all(run.series("reward_cost") == 0)


def test_points_are_lost_with_the_customer(quiet):
    scenario = club(quiet, {"threshold": 1e6}, hazard=0.05, market={"win_back": {"rate": 0.2}})
    sim = Simulation([load(scenario).model], [(0, 1, 0)])
    sim.advance()
    st = sim.state
    back = (st.spells[:N] > 1) & (st.status[:N] < 4) & (st.status[:N] > 0)
    assert back.sum() > 1000
    assert np.all(st.points[:N][back] <= 30 - st.start[:N][back])


def test_a_programme_may_start_and_stop(quiet, once):
    months = {"changes": {"club": {"from_week": 10, "until_week": 20, "set": {"loyalty.enabled": True}}}}
    block = {**NEUTRAL, "share": 1.0, "join_rate": 1000.0, "identity": 0.5}
    scenario = club(quiet, block, 30, 0.01, on=False, timeline=months)
    run, off = once(scenario), once(club(quiet, block, 30, 0.01, on=False))
    members = run.series("members")
    assert np.all(members[:9] == 0) and np.all(members[9:19] > 0) and np.all(members[19:] == 0)
    assert np.array_equal(run.series("customers")[:10], off.series("customers")[:10])
    assert run.series("customers")[-1] > off.series("customers")[-1]
