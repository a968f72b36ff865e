"""M15: where leadership points, and what change costs."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch


def firm(quiet, weeks=40, teams=3, lead=1.0, diffusion=0.0, substeps=20, **strategy):
    rows = {f"t{k}": {"headcount": 4, "craft": {"acquire": 1, "care": 0.3 * k}} for k in range(teams)}
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "map_pull", "coupling"), 0.0)
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
