"""The same company in other words, to the bit: scales that cancel, and offsets that point where one looks anyway."""

import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario.columns import NAMES

TEAMS = {
    "desk": {"headcount": 2, "craft": {"care": 1}, "start": "given", "direction": {"care": 1, "acquire": 0.5}},
    "other": {"headcount": 3, "craft": {"acquire": 1}, "start": "given", "direction": {"care": 0.2, "acquire": 1}},
}
FELT = ("defects", "touches", "relationship", "experience", "effort")


def visited(quiet, skill=1.0, effect=2.0, reference=0.5, need=None, weeks=12):
    """Customers who are visited by teams that look elsewhere."""
    point = {
        "stage": "use", "owner": "desk", "rate": 0.7, "base_success": 0.8, "match_reference": reference,
        "need": need or {},
    }  # fmt: skip
    return quiet(
        horizon_weeks=weeks,
        teams={name: team | {"skill": skill} for name, team in TEAMS.items()},
        journey={"match_effect": effect, "touchpoints": {"visit": point}},
        relationship={"enabled": True},
    )


def felt(run):
    """What customers lived through."""
    return [run.series(name).tolist() for name in FELT]


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_skills_and_what_they_are_measured_by_may_change_their_unit(quiet, factor):
    """v is measured in skill: teams twice as able, judged by half the slope at twice the reference, serve as well."""
    plain, other = batch(
        [visited(quiet), visited(quiet, factor, 2.0 / factor, 0.5 * factor)], replicates=2, teams=False
    )
    for a, b in zip(plain, other, strict=True):
        assert felt(a) == felt(b)
    abler = batch([visited(quiet, factor)], replicates=2, teams=False)[0]
    assert felt(abler[0]) != felt(plain[0]), "skill counts"


def test_a_touchpoint_that_needs_more_of_the_same_needs_the_same(quiet, same_bits):
    """A need is a direction: an offset along it turns nothing."""
    same_bits(visited(quiet), visited(quiet, need={"care": 3.0}), visited(quiet, need={"care": -0.5}))


def test_weights_of_a_review_count_by_their_shares(quiet, same_bits):
    def company(scale):
        scenario = visited(quiet, weeks=40)
        scenario["reactions"] |= {"enabled": True, "noise": "given", "noise_sd": 2.0, "drift_sd": 0.5}
        scenario["sensing"] |= {"enabled": True, "survey_weeks": 2}
        scenario["cadence"] |= {
            "enabled": True, "review_weeks": 4, "review_gain": 0.5, "pull": 0.0,
            "hindsight": 0.25 * scale, "insight": 0.125 * scale, "foresight": 0.125 * scale,
        }  # fmt: skip
        return scenario

    same_bits(company(1.0), company(2.0), company(0.5))
    run = batch([company(1.0)], replicates=1)[0][0]
    assert run.arrays.weekly[:, NAMES.index("score_variance")].max() > 0
