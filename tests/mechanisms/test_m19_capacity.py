"""M19: hours, coordination, throughput and staffing."""

import numpy as np
import pytest

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, heads=(10, 6, 3), angles=(0, 90, 180), weeks=3, **blocks):
    """Three teams; a handoff joins the first two."""
    names = "abc"[: len(heads)]
    teams = {
        n: {"headcount": h, "salary": 52_000, "craft": {"care": 1}, "start": "given", "direction": at(a)}
        for n, h, a in zip(names, heads, angles, strict=True)
    }
    capacity = {
        "gross_hours": 40,
        "span": 5,
        "pair_hours": 0.5,
        "angle_share": 0.7,
        "far_weight": 0.3,
        "staffing": False,
    }
    links = {"ab": {"from": "a", "to": "b", "when": "sale"}} if len(heads) > 1 else {}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        handoffs={"enabled": False, "links": links},
        capacity=capacity | blocks.pop("capacity", {}),
        **blocks,
    )


def hours(run):
    return run.series("coordination_share") * run.series("headcount") * 40


def test_coordination_by_hand(quiet, once):
    # groups 2, 2, 1; pairs inside teams 1 + 1 + 0 at (1-x); a-b joined at 90 degrees, c far from both
    inside = 2 * 0.3
    ab = 4 * (0.3 + 0.7 * 1.0 * 0.5)
    ac = 2 * (0.3 + 0.7 * 0.3 * 1.0)
    bc = 2 * (0.3 + 0.7 * 0.3 * 0.5)
    assert hours(once(firm(quiet))) == pytest.approx(np.full(3, 0.5 * (inside + ab + ac + bc)))


def test_less_than_a_head_is_as_much_of_a_working_group_and_no_step_at_0(quiet, once):
    def found(heads):
        return hours(once(firm(quiet, (10, 6, heads))))[0]

    whole, half, none = (found(heads) for heads in (1, 0.5, 0))
    assert half - none == pytest.approx(0.5 * (whole - none))
    assert found(1e-6) == pytest.approx(none, rel=1e-5)


def test_pairs_that_decide_together_need_no_coordination(quiet, once):
    group = {"enabled": True, "members": ["a", "b"], "interval_weeks": 520, "pull": 0.0}
    found = hours(once(firm(quiet, cadence=group)))[0]
    expected = 0.5 * (2 * 0.3 + 2 * (0.3 + 0.21) + 2 * (0.3 + 0.105))
    assert found == pytest.approx(expected)


def test_silos_need_more_coordination_and_none_at_no_need(quiet, once):
    # C52
    aligned, silos = hours(once(firm(quiet, angles=(0, 0, 0))))[0], hours(once(firm(quiet)))[0]
    assert silos > 1.3 * aligned
    flat = [hours(once(firm(quiet, angles=a, capacity={"angle_share": 0.0})))[0] for a in ((0, 0, 0), (0, 90, 180))]
    assert flat[0] == flat[1] == pytest.approx(0.5 * (1 + 1 + 4 + 2 + 2))
    assert hours(once(firm(quiet, capacity={"pair_hours": 0.0})))[0] == 0.0


def test_magnitude_is_the_share_of_hours_that_reach_the_work(quiet, once):
    run = once(firm(quiet))
    share = 1 - run.series("coordination_share")[0]
    assert run.arrays.teams[0, :, 0] == pytest.approx([share] * 3)


def test_hours_never_go_below_zero(quiet, once):
    run = once(firm(quiet, capacity={"pair_hours": 1000.0}))
    assert np.all(run.arrays.teams[:, :, 0] == 0)
    assert run.series("coordination_share") == pytest.approx(np.ones(3))


def sales(quiet, heads=1.0, angle=0.0, weeks=30, market=None, **capacity):
    """20 hours a lead: a head works off two leads a week."""
    teams = {"sales": {"headcount": heads, "craft": {"care": 1}, "start": "given", "direction": at(angle)}}
    point = {"stage": "sale", "owner": "sales", "hours": 20.0, "match_reference": 0.0}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        journey={"match_effect": 0.0, "touchpoints": {"demo": point}},
        capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0.0, "staffing": False} | capacity,
        market={
            "accounts": 50_000,
            "initial_customers": 0,
            "external": 0.002,
            "funnel": {
                "enabled": True,
                "qualify": 1.0,
                "propose": 1.0,
                "close": 0.5,
                "onboard": 1.0,
                "delay_effect": False,
            },
            **(market or {}),
        },
    )


def test_what_sales_cannot_work_waits(quiet, once):
    run = once(sales(quiet, heads=50.0))  # 100 leads a week of about 200
    assert run.series("qualified")[5:].mean() == pytest.approx(100, rel=0.06)
    assert run.series("sales_delay_weeks")[-1] > 10
    plenty = once(sales(quiet, heads=5000.0))
    assert plenty.series("qualified").sum() == plenty.series("leads").sum()
    assert np.all(plenty.series("sales_delay_weeks") == 0)


def test_a_known_delay_loses_deals(quiet):
    # A28
    patient, impatient = (
        runs[0]
        for runs in batch(
            [
                sales(quiet, 50.0),
                sales(
                    quiet,
                    50.0,
                    market={
                        "funnel": {
                            "enabled": True,
                            "qualify": 1.0,
                            "propose": 1.0,
                            "close": 0.5,
                            "onboard": 1.0,
                            "delay_effect": True,
                        }
                    },
                ),
            ],
            replicates=1,
        )
    )
    assert impatient.series("sold")[-10:].sum() < 0.8 * patient.series("sold")[-10:].sum()


def test_a_craft_done_alone_is_fast(quiet):
    fast, slow = (
        runs[0].series("qualified")[5:].mean()
        for runs in batch(
            [sales(quiet, 50.0, angle=a, craft_speed=0.25, craft_reference=0.6) for a in (0, 90)], replicates=1
        )
    )
    assert fast / slow == pytest.approx(np.exp(0.25), rel=0.08)


def test_off_hours_are_never_short(quiet, once, same_bits):
    run = once(sales(quiet, 1.0, enabled=False))
    assert run.series("qualified").sum() == run.series("leads").sum()
    assert run.series("overload").sum() == 0
    same_bits(
        sales(quiet, 1.0, enabled=False), sales(quiet, 1.0, enabled=False, pair_hours=99.0, gross_hours=1.0), but=()
    )


def growing(quiet, **capacity):
    scenario = firm(
        quiet, heads=(10,), angles=(0,), weeks=53, capacity={"staffing": True, "pair_hours": 0.0, **capacity}
    )
    scenario["teams"]["a"]["scaling"] = 1.0
    scenario["market"] |= {"accounts": 20_000, "initial_customers": 1000, "external": 0.002}
    return scenario


def test_headcount_follows_revenue_a_quarter_late_by_at_most_its_limit(quiet, once):
    run = once(growing(quiet, staffing_limit=0.15))
    heads, spend = run.series("headcount"), run.series("spend", start=True)
    assert np.all(heads[:26] == 10.0), "planned after the first quarter, in office after the second"
    first = min(spend[13] / spend[0], 1.15)
    assert heads[26] == pytest.approx(10 * first)
    # in office at week 26 the next plan was already made, from the headcount then in office
    assert np.all(np.diff(heads)[[k for k in range(52) if (k + 1) % 13]] == 0), "only at the turn of a quarter"
    steps = heads[13::13][1:] / heads[13::13][:-1]
    assert np.all(steps <= 1.3226)
    assert np.all(heads <= 10 * spend.max() / spend[0])


def test_no_staffing_no_change(quiet, once):
    assert np.all(once(growing(quiet, staffing=False)).series("headcount") == 10.0)


def test_cuts_are_limited_too_and_one_head_stays(quiet, once):
    scenario = growing(quiet, staffing_limit=0.15)
    scenario["horizon_weeks"] = 209
    scenario["market"] |= {"external": 0.0, "churn": {"by": "voice", "neutral": 0.05}}
    heads = once(scenario).series("headcount")
    plans = heads[13::13][1:] / heads[13::13][:-1]
    assert np.all(heads[:26] == 10.0) and heads[26] == pytest.approx(8.5)
    assert plans.min() > 0.7 and heads[-1] < 4.0
    scenario["capacity"]["staffing_limit"] = 1.0
    assert once(scenario).series("headcount")[-1] == 1.0


def test_new_heads_become_able_by_and_by(quiet):
    sim = Simulation([load(growing(quiet, staffing_limit=0.15, ramp_weeks=26.0)).model], [(0, 1, 0)])
    sim.advance(26)
    assert sim.state.able[0] == sim.state.heads[0] == 10.0
    sim.advance(1)
    heads = sim.state.heads[0]
    assert heads > 11 and sim.state.able[0] == pytest.approx(10 + (heads - 10) / 26)
    sim.advance(12)
    assert sim.state.able[0] == pytest.approx(heads - (heads - 10) * (1 - 1 / 26) ** 13)


def test_project_managers_relieve_coordination_do_no_other_work_and_are_paid(quiet, once):
    plain = once(firm(quiet, ledger={}))
    helped = once(firm(quiet, ledger={}, capacity={"project_managers": 0.1, "relief": 10.0}))
    gross = 19 * 40
    expected = hours(plain) * np.exp(-1.0) + 0.1 * gross
    assert hours(helped) == pytest.approx(expected)
    assert helped.arrays.teams[0, :, 0] == pytest.approx([1 - expected[0] / gross] * 3)
    assert helped.series("headcount")[0] == 19
    pay = ("payroll", "coordination_cost")
    assert sum(helped.series(c) for c in pay) == pytest.approx(sum(plain.series(c) for c in pay))
    assert helped.series("coordination_cost") == pytest.approx(19 * 1000 * expected / gross)


def test_project_managers_pay_off_only_where_coordination_is_dear(quiet, once):
    def work(pair_hours, share):
        run = once(firm(quiet, capacity={"pair_hours": pair_hours, "project_managers": share}))
        return float(run.arrays.teams[0, :, 0].mean())

    assert work(30.0, 0.1) > work(30.0, 0.0)
    assert work(0.5, 0.1) < work(0.5, 0.0)
    assert work(0.0, 0.1) == pytest.approx(0.9)


def test_reports_take_hours(quiet, once):
    plain, busy = once(firm(quiet)), once(firm(quiet, capacity={"reporting_hours": 4.0}))
    assert plain.arrays.teams[0, :, 0] - busy.arrays.teams[0, :, 0] == pytest.approx([0.1] * 3)


def organisation(quiet, teams, aligned, pair_hours=0.02):
    """Teams of ten, all of one mind or all round the compass."""
    angles = [0.0 if aligned else 360.0 * k / teams for k in range(teams)]
    scenario = firm(quiet, (1,), (0,), weeks=1, capacity={"pair_hours": pair_hours, "far_weight": 1.0})
    scenario["teams"] = {
        f"t{k}": {"headcount": 10, "craft": {"care": 1}, "start": "given", "direction": at(a)}
        for k, a in enumerate(angles)
    }
    return scenario


def test_c52_the_share_of_coordination_grows_with_size_and_faster_in_silos(quiet, once):
    sizes = (2, 7, 30)
    aligned, silos = (
        [once(organisation(quiet, n, x)).series("coordination_share")[0] for n in sizes] for x in (True, False)
    )
    assert np.all(np.diff(aligned) > 0) and np.all(np.diff(silos) > 0)
    assert np.all(np.array(silos) > np.array(aligned))
    assert (silos[2] - silos[0]) > 1.5 * (aligned[2] - aligned[0])
    assert [once(organisation(quiet, 30, x, 0.0)).series("coordination_share")[0] for x in (True, False)] == [0, 0]


def test_c53_output_grows_less_than_heads_and_in_proportion_where_coordination_is_free(quiet, once):
    def exponent(aligned, pair_hours):
        out = [10 * once(organisation(quiet, n, aligned, pair_hours)).arrays.teams[0, :, 0].sum() for n in (2, 30)]
        return np.log(out[1] / out[0]) / np.log(15)

    assert exponent(False, 0.2) < exponent(True, 0.2) < 1
    assert exponent(False, 0.0) == pytest.approx(1.0) == exponent(True, 0.0)


def test_a_hiring_freeze_keeps_who_is_there(quiet):
    freeze = {"enabled": True, "changes": {"freeze": {"from_week": 30, "set": {"capacity.staffing": False}}}}
    sim = Simulation([load(growing(quiet) | {"timeline": freeze}).model], [(0, 1, 0)])
    sim.advance(29)
    heads, able = sim.state.heads[0], sim.state.able[0]
    assert heads > 11 and able < heads, "it has grown, and the new ones are learning"
    sim.advance(1)
    assert sim.state.heads[0] == heads, "nobody hired since is dismissed"
    assert heads - sim.state.able[0] == pytest.approx((heads - able) * (1 - 1 / 26))
    sim.advance(23)
    assert sim.state.heads[0] == heads, "nor does anybody come who was planned"


def test_a_group_that_never_sits_spares_no_coordination(quiet, once):
    def spent(length):
        group = {"enabled": True, "pull": 0.0, "interval_weeks": 1, "hours": length, "hours_scale": 2.0}
        return hours(once(firm(quiet, cadence=group)))[0] - 3 * length

    alone = hours(once(firm(quiet)))[0]
    inside = hours(once(firm(quiet, cadence={"enabled": True, "pull": 0.0, "hours": 0.0, "interval_weeks": 1})))[0]
    assert spent(0.0) == pytest.approx(alone)
    assert spent(1.0) == pytest.approx(inside + (alone - inside) * np.exp(-0.5))
    assert spent(50.0) == pytest.approx(inside, rel=1e-6)
