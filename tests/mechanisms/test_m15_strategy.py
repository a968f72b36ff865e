"""M15: where leadership points, and what change costs."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch


def firm(quiet, weeks=40, teams=3, lead=1.0, diffusion=0.0, substeps=20, **strategy):
    rows = {f"t{k}": {"headcount": 4, "craft": {"acquire": 1, "care": 0.3 * k}} for k in range(teams)}
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "map_pull"), 0.0) | {"coupling": {"fixed": 0.0}}
    return quiet(
        horizon_weeks=weeks,
        axes=["acquire", "value", "care"],
        teams=rows,
        vectors={**pulls, "lead_pull": lead, "diffusion": diffusion, "substeps": substeps},
        strategy={"transition": 0.0, **strategy},
        segments={"all": {"spend": 52, "need": {"care": 0.8, "value": 0.6}}},
    )


@pytest.mark.parametrize("angle", [0, 30, 90, 150])
def test_teams_end_at_the_angle_of_the_strategy_to_the_need(quiet, once, angle):
    run = once(firm(quiet, angle=angle))
    assert run.series("customer_alignment")[-1] == pytest.approx(np.cos(np.radians(angle)), abs=1e-6)
    assert run.series("alignment")[-1] == pytest.approx(1.0, abs=1e-9)


def test_a_given_target_is_followed(quiet, once):
    run = once(firm(quiet, target={"acquire": 3.0, "value": 4.0}))
    assert run.arrays.teams[-1, 0, 1:] == pytest.approx([0.6, 0.8, 0.0], abs=1e-6)


def test_a_wrong_target_is_worse_the_better_it_is_followed(quiet):
    # C37's counter-test
    force = [
        np.mean([run.series("net_force")[26:].mean() for run in runs])
        for runs in batch([firm(quiet, diffusion=0.05, lead=h, angle=180) for h in (0.0, 2.0, 8.0)], replicates=10)
    ]
    assert force[0] > force[1] > force[2]
    assert force[2] < -0.8 * 12 * 0.75


def test_off_is_no_pull(quiet, same_bits):
    same_bits(
        firm(quiet, diffusion=0.02, lead=0.0, angle=0),
        firm(quiet, diffusion=0.02, lead=5.0, enabled=False),
        firm(quiet, diffusion=0.02, lead=0.0, angle=77),
    )


def changing(quiet, headcount=4, **strategy):
    scenario = firm(quiet, weeks=60, lead=0.0, **strategy)
    for team in scenario["teams"].values():
        team["headcount"] = headcount
    scenario["cadence"] = {"enabled": True, "members": ["t0"], "interval_weeks": 520, "pull": 0.0, "hours": 0.0}
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"scheme": {"from_week": 10, "set": {"cadence.themes": "common"}}},
    }
    return scenario


def magnitudes(run):
    return run.arrays.teams[:, :, 0]


def test_change_costs_skill_that_is_relearned(quiet, once):
    # s jumps by tau0 ln(1 + headcount) and fades; magnitude is multiplied by exp(-s)
    m = magnitudes(once(changing(quiet, transition=0.2, relearn_weeks=13.0)))
    assert np.all(m[:9] == 1.0)
    s = 0.2 * np.log(5) * np.exp(-np.arange(51) / 13)
    assert m[9:, 0] == pytest.approx(np.exp(-s), rel=1e-9)
    assert np.all(m[:, 1:] == 1.0), "teams that do not change lose nothing"
    assert m[-1, 0] > 0.99


def test_larger_teams_lose_more(quiet, once):
    small, large = (magnitudes(once(changing(quiet, n, transition=0.1)))[9, 0] for n in (2, 50))
    assert np.log(small) / np.log(large) == pytest.approx(np.log(3) / np.log(51))


def test_change_is_free_at_transition_zero(quiet, once):
    # C3, C50
    assert np.all(magnitudes(once(changing(quiet, transition=0.0))) == 1.0)


def weighing(quiet, weeks=78, lead=0.0, staffing=True, **strategy):
    """Two teams that own a sale and a use touchpoint, paid differently; steady customers, so the plan is the stock."""
    scenario = firm(quiet, weeks=weeks, lead=lead, teams=3, **strategy)
    for name, salary, scaling in (("t0", 100_000, 1.0), ("t1", 50_000, 0.5), ("t2", 80_000, 0.0)):
        scenario["teams"][name] |= {"salary": salary, "scaling": scaling, "headcount": 40}
    scenario["journey"] = {
        "enabled": True,
        "touchpoints": {
            "demo": {"stage": "sale", "owner": "t0"},
            "use": {"stage": "use", "owner": "t1", "rate": 0.1},
        },
    }
    scenario["capacity"] = {"enabled": True, "staffing": staffing}
    scenario["ledger"] = {"enabled": True}
    return scenario


def pay(run):
    return run.series("payroll") + run.series("coordination_cost") + run.series("meeting_cost")


def test_c2_attention_moves_budgets_between_sellers_and_others(quiet, once):
    x = -0.5 * (1 - 13 / 52)
    run = once(weighing(quiet, attention=0.0, budget_effect=0.3))
    assert run.series("attention")[-1] == pytest.approx(0.5 + x)
    more = np.exp(0.3 * 0.375)
    sellers = run.series("acquisition_pay") * 52
    assert sellers[:26] == pytest.approx(4e6), "plans come into office a quarter after they are made"
    assert sellers[26:] == pytest.approx(4e6 * more)
    assert pay(run) == pytest.approx(pay(run)[0]), "the payroll is what it was"
    rest = 1 - (more - 1) * 4e6 / 5.2e6
    assert run.series("headcount")[-1] == pytest.approx(40 * more + 80 * rest)


def test_c2_sellers_cannot_take_everything(quiet, once):
    run = once(weighing(quiet, weeks=520, attention=0.0, planning_weeks=1e6, budget_effect=9.0))
    assert run.series("acquisition_pay")[-1] * 52 == pytest.approx(0.9 * 9.2e6)
    assert pay(run)[-1] == pytest.approx(pay(run)[0])


def test_c2_vanishes_at_a_planning_horizon_of_one_quarter(quiet, same_bits):
    same_bits(
        *(weighing(quiet, lead=2.0, angle=20, attention=w, planning_weeks=13) for w in (0.0, 0.5, 1.0)),
        weighing(quiet, lead=2.0, angle=20, attention=0.5),
        weighing(quiet, lead=2.0, angle=20, attention=0.9, reference_attention=0.9, planning_weeks=13),
        but=("attention",),
    )


def test_c2_vanishes_without_budget_and_target(quiet, same_bits):
    same_bits(*(weighing(quiet, lead=0.0, attention=w, budget_effect=0.0) for w in (0.0, 0.5, 1.0)), but=("attention",))


@pytest.mark.parametrize(("w", "angle"), [(0.0, 0.0), (0.25, 40.0), (0.5, 40.0), (0.75, 40.0), (1.0, 40.0)])
def test_attention_turns_the_target(quiet, once, w, angle):
    scenario = weighing(quiet, lead=1.0, weeks=60, attention=w, angle=angle, planning_weeks=1e6, staffing=False)
    scenario["vectors"]["substeps"] = 20
    need, craft = np.array([0.0, 0.6, 0.8]), np.array([1.0, 0.0, 0.0])
    kept = angle * min(1.0, 2 * (1 - w)) if w > 0.5 else angle
    stated = np.cos(np.radians(kept)) * need + np.sin(np.radians(kept)) * craft  # acquire is what customers need least
    share = max(0.0, (0.5 - w) / 0.5)
    exact = (1 - share) * stated + share * craft
    found = once(scenario).arrays.teams[-1, 0, 1:]
    planned = 60 / 1e6  # the share of the way that planning goes in these weeks
    assert found == pytest.approx(exact / np.linalg.norm(exact), abs=1e-5 + planned)


def test_attention_without_teams_or_sellers_is_idle(quiet, once, same_bits):
    once(firm(quiet, teams=0, attention=0.0))
    same_bits(firm(quiet, attention=0.0), firm(quiet, attention=0.5), but=("attention",))
