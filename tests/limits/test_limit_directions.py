"""Closed forms of directions without noise: the recursion of a field, of a coupling, and of meetings."""

import numpy as np
import pytest

from flywheel_sim.scenario import load
from flywheel_sim.study.verification.verify import verify

AT = [0.0, 80.0]


def unit(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def company(quiet, angles=AT, fields=(), weeks=8, vectors=None, **blocks):
    """Teams at some angles to the axis `care`, pulled by nothing but what is said."""
    rows = {
        f"team {k}": {"headcount": 1, "craft": {"care": 1}, "start": "given", "direction": unit(angle), "field": field}
        for k, (angle, field) in enumerate(zip(angles, [*fields, {}, {}], strict=False))
    }
    still = {
        "diffusion": 0.0,
        "coupling": {"fixed": 0.0},
        "craft_pull": 0.0,
        "pay_pull": 0.0,
        "lead_pull": 0.0,
        "map_pull": 0.0,
    }
    return quiet(horizon_weeks=weeks, teams=rows, vectors={**still, "substeps": 1, **(vectors or {})}, **blocks)


def angles_of(run):
    """Angle to the axis `care`, degrees, shape (weeks, teams)."""
    u = run.arrays.teams[:, :, 1:]
    return np.degrees(np.arctan2(u[..., 0], u[..., 1]))


@pytest.mark.parametrize("pull", [0.1, 0.5])
def test_a_field_turns_by_its_part_across_the_direction(quiet, once, pull):
    """A week of one step: phi - h sin(phi), along the great circle; what points along the direction turns nothing."""
    phi, exact = np.radians(100.0), []
    for _ in range(8):
        phi -= pull * np.sin(phi)
        exact.append(np.degrees(phi))
    found = angles_of(once(company(quiet, [100.0], [{"care": pull}])))[:, 0]
    assert found == pytest.approx(np.array(exact), abs=1e-9)


def test_two_teams_meet_half_way(quiet, once):
    """Coupling K/T each way: the angle between two teams loses 2 (K/T) sin of itself a step, its middle stays."""
    gap, exact = np.radians(80.0), []
    for _ in range(8):
        gap -= 2 * 0.3 / 2 * np.sin(gap)
        exact.append(np.degrees(gap))
    phi = angles_of(once(company(quiet, vectors={"coupling": {"fixed": 0.3}})))
    assert phi[:, 1] - phi[:, 0] == pytest.approx(np.array(exact), abs=1e-9)
    assert phi.mean(axis=1) == pytest.approx(np.full(8, 40.0), abs=1e-9)


@pytest.mark.parametrize("pull", [0.0, 0.25, 0.8, 1.0])
def test_meetings_leave_a_power_of_the_angle(quiet, once, pull):
    """A20 without drift: n meetings leave (1 - a)^n of the angle to the mean."""
    group = {"interval_weeks": 1, "pull": pull, "hours": 0.0}
    phi = angles_of(once(company(quiet, cadence=group)))
    left = 40.0 * (1 - pull) ** np.arange(1, 9)
    assert phi == pytest.approx(np.column_stack([40.0 - left, 40.0 + left]), abs=1e-6)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_noise_weakens_pay_by_its_square(noise):
    """A16 at other noises than 1, where the square is the number itself; weak pay turns a team slowly."""
    model = load("limits/a16-baker").model
    changes = {f"incentives.measures.{name}.noise": noise for name in model.incentives.measures}
    found = verify(["A16"], changes={**changes, "horizon_weeks": 800})
    assert found.ok, [
        (q.name, q.theory, q.model)
        for c in found.checks
        for q, ok in zip(c.quantities, c.passed, strict=True)
        if not ok
    ]
