"""M11: how fields, coupling and noise turn a team; the statistical limits are in tests/limits."""

import numba
import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m11_vectors as m11
from flywheel_sim.execute.run import batch

normalise = compiled(m11.normalise)
move_along = compiled(m11.move_along)


@numba.njit
def diffusion_of(p, culture, growth):
    return m11.diffusion_of(p[0], culture, growth)


def test_normalise():
    row = np.array([3.0, 4.0, 99.0])
    assert normalise(row, 2) == 5.0
    assert row == pytest.approx([0.6, 0.8, 99.0])
    zero = np.zeros(2)
    assert normalise(zero, 2) == 0.0
    assert np.all(zero == 0)


def test_a_step_turns_by_its_tangent_length_and_no_more():
    rng = np.random.default_rng(1)
    for d in (2, 3, 5):
        u = rng.normal(size=d)
        u /= np.linalg.norm(u)
        step = 0.3 * rng.normal(size=d)
        tangent = step - (step @ u) * u
        moved = u.copy()
        move_along(moved, step.copy(), d)
        assert np.linalg.norm(moved) == pytest.approx(1.0, abs=1e-15)
        assert np.arccos(moved @ u) == pytest.approx(np.linalg.norm(tangent), abs=1e-12)
        assert (moved - u) @ tangent > 0


def test_growth_heats_and_culture_cools():
    p = np.zeros(1, PAR)
    p[0]["vectors"]["diffusion"], p[0]["vectors"]["growth_effect"], p[0]["vectors"]["growth_reference"] = 0.02, 1.5, 0.1
    p[0]["vectors"]["culture_effect"] = 0.4
    assert diffusion_of(p, 0.5, 0.0) == pytest.approx(0.02)
    assert diffusion_of(p, 0.5, -0.3) == pytest.approx(0.02), "shrinking does not heat"
    assert diffusion_of(p, 0.5, 0.1) == pytest.approx(0.02 * (1 + 1.5 * np.tanh(1.0)))
    assert diffusion_of(p, 0.5, 9.0) == pytest.approx(0.02 * 2.5)
    p[0]["culture"]["enabled"] = 1
    assert diffusion_of(p, 0.5, 0.0) == pytest.approx(0.02 * 0.8)


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, angles, fields=None, teams=None, weeks=10, **vectors):
    """Teams a, b, c... at these angles, with no noise and no pull unless told."""
    names = "abcdefgh"[: len(angles)]
    rows = {
        name: {"headcount": 1, "craft": {"acquire": 1}, "start": "given", "direction": at(angle)}
        | ({"field": fields[k]} if fields else {})
        | ((teams or [{}] * 9)[k])
        for k, (name, angle) in enumerate(zip(names, angles, strict=True))
    }
    pulls = dict.fromkeys(("craft_pull", "pay_pull", "lead_pull", "map_pull", "diffusion"), 0.0) | {
        "coupling": {"fixed": 0.0}
    }
    return quiet(horizon_weeks=weeks, teams=rows, vectors={"substeps": 200, **pulls, **vectors})


def angles_of(run):
    """Angles in degrees, shape (weeks, teams)."""
    u = run.arrays.teams[:, :, 1:]
    return np.degrees(np.arctan2(u[:, :, 0], u[:, :, 1]))


def test_a_field_alone_turns_by_its_equation(quiet, once):
    # d phi = -h sin(phi) dt, so tan(phi/2) falls by exp(-h t); D = 0 leaves h itself
    phi = angles_of(once(firm(quiet, [100], [{"care": 0.2}])))[:, 0]
    t = np.arange(1, 11)
    exact = 2 * np.degrees(np.arctan(np.tan(np.radians(50)) * np.exp(-0.2 * t)))
    assert phi == pytest.approx(exact, abs=0.05)


def test_craft_pulls_towards_the_craft(quiet, once):
    phi = angles_of(once(firm(quiet, [30], craft_pull=0.2)))[:, 0]
    t = np.arange(1, 11)
    exact = 90 - 2 * np.degrees(np.arctan(np.tan(np.radians(30)) * np.exp(-0.2 * t)))
    assert phi == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("bystanders", [0, 1, 2])
def test_two_teams_close_their_angle_at_k_over_the_number_of_teams(quiet, once, bystanders):
    # d phi = -(2K/T) sin(phi) dt between two teams; bystanders in another time zone only add to T
    teams = [{}, {}] + [{"utc_offset": 10}] * bystanders
    angles = [0, 80] + [200] * bystanders
    run = once(firm(quiet, angles, teams=teams, coupling={"fixed": 0.3}))
    phi = angles_of(run)
    t, count = np.arange(1, 11), len(angles)
    exact = 2 * np.degrees(np.arctan(np.tan(np.radians(40)) * np.exp(-2 * 0.3 / count * t)))
    assert phi[:, 1] - phi[:, 0] == pytest.approx(exact, abs=0.05)
    assert phi[:, 0] + phi[:, 1] == pytest.approx(80.0, abs=1e-6), "both move, by as much"


def test_coupling_is_linear_in_the_overlap_of_hours_and_transparency(quiet):
    together, apart, half_day, opaque = (
        np.diff(angles_of(runs[0])[0])[0]
        for runs in batch(
            [
                firm(quiet, [0, 20], coupling={"fixed": 0.1}),
                firm(quiet, [0, 20], teams=[{}, {"utc_offset": 8}], coupling={"fixed": 0.1}),
                firm(quiet, [0, 20], teams=[{}, {"utc_offset": 4}], coupling={"fixed": 0.1}),
                firm(quiet, [0, 20], coupling={"fixed": 0.1}, transparency=0.5),
            ],
            replicates=1,
        )
    )
    assert apart == pytest.approx(20, abs=1e-9), "no common hours, no coupling (C30)"
    assert half_day == pytest.approx(opaque, abs=1e-12)
    assert 20 - half_day == pytest.approx((20 - together) / 2, rel=0.06)


def test_fields_are_in_units_of_the_diffusion(quiet, once):
    # with h/D and K/D fixed, D only sets the clock
    def order(D, weeks):
        scenario = firm(
            quiet, [0, 0, 0, 0], [{"care": 2.0}] * 4, weeks=weeks, diffusion=D, coupling={"fixed": 1.0}, substeps=20
        )
        runs = batch([scenario], replicates=60)[0]
        return np.mean([run.series("alignment")[-1] for run in runs])

    assert order(0.05, 40) == pytest.approx(order(0.1, 20), abs=0.05)


def test_alignment_by_hand(quiet, once):
    run = once(firm(quiet, [0, 60], teams=[{"headcount": 3}, {"headcount": 1, "skill": 2.0}]))
    row = run.weekly.iloc[0]
    assert row["alignment"] == pytest.approx(np.cos(np.radians(30)))
    assert row["customer_alignment"] == pytest.approx(np.cos(np.radians(30))), "the need is the axis `care`"
    x, y = 3 + 2 * np.cos(np.radians(60)), 2 * np.sin(np.radians(60))
    assert row["alignment_weighted"] == pytest.approx(np.hypot(x, y) / 5)
    assert row["net_force"] == pytest.approx(x)


def test_off_directions_stay(quiet, once, same_bits):
    off = firm(quiet, [10, 100], [{"care": 9.0}, {}], enabled=False, diffusion=0.5, coupling={"fixed": 3.0})
    phi = angles_of(once(off))
    assert phi == pytest.approx(np.tile([10.0, 100.0], (10, 1)))
    still = once(firm(quiet, [10, 100]))
    assert angles_of(still) == pytest.approx(phi, abs=1e-9), "no pull, no noise"


def test_without_noise_teams_do_not_drift_apart(quiet, once):
    # C40 vanishes at D = 0
    run = once(firm(quiet, [33, 33, 33], weeks=52))
    assert run.series("alignment") == pytest.approx(np.ones(52), abs=1e-12)
    drifting = batch([firm(quiet, [33, 33, 33], weeks=52, diffusion=0.05, substeps=4)], replicates=10)[0]
    assert np.mean([r.series("alignment")[-1] for r in drifting]) < 0.85


def test_growth_heats_teams_in_a_run(quiet):
    # C39: the base grows tenfold in a year
    def company(effect):
        scenario = firm(quiet, [33] * 4, weeks=40, diffusion=0.01, growth_effect=effect, substeps=4)
        scenario["market"] |= {"accounts": 4000, "initial_customers": 100, "external": 0.02}
        return scenario

    calm, hot, off = batch(
        [company(0.0), company(3.0), company(3.0) | {"market": company(0.0)["market"] | {"external": 0}}], replicates=12
    )
    r = [np.mean([run.series("alignment")[-1] for run in runs]) for runs in (calm, hot, off)]
    assert r[1] < r[0] - 0.05
    assert r[2] == pytest.approx(r[0], abs=1e-12), "a base that does not grow heats nobody"
