"""Designs against their definitions."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from flywheel_sim.study.design.points import laid
from flywheel_sim.study.design.study_file import read_study

SALES, TALK, CHURN, WEEKS = "teams.sales.headcount", "word_of_mouth.rate", "market.churn.mean", "horizon_weeks"


def points(parameters, design="grid", **more):
    study = read_study({"scenario": "b2b-saas", "parameters": parameters, "design": design, **more})
    return laid(study).points


def column(found, path):
    return np.array([point.changes[path] for point in found])


def test_a_grid_is_every_combination():
    found = points({SALES: [4, 6], TALK: {"range": [0.001, 0.1], "scale": "log", "levels": 3}})
    got = [(point.changes[SALES], round(point.changes[TALK], 12)) for point in found]
    assert got == [(a, b) for a in (4, 6) for b in (0.001, 0.01, 0.1)]
    assert {point.first for point in found} == {0}


def test_a_grid_over_whole_numbers_and_distributions():
    assert column(points({WEEKS: {"range": [10, 13], "levels": 3}}), WEEKS).tolist() == [10, 12, 13]
    assert column(points({WEEKS: {"range": [10, 11], "levels": 9}}), WEEKS).tolist() == [10, 11]
    found = column(points({CHURN: {"distribution": "beta", "arguments": {"a": 2, "b": 9}, "levels": 4}}), CHURN)
    np.testing.assert_allclose(found, stats.beta(2, 9).ppf([0.125, 0.375, 0.625, 0.875]))


def test_a_latin_hypercube_has_one_point_in_every_share():
    n = 50
    parameters = {
        TALK: {"range": [0.001, 0.1], "scale": "log"},
        CHURN: {"distribution": "beta", "arguments": {"a": 2, "b": 9}},
        SALES: [4, 6, 8, 9, 10],
    }
    found = points(parameters, {"kind": "lhs", "points": n, "seed": 3})
    u = np.log(column(found, TALK) / 0.001) / np.log(100)
    assert sorted((u * n).astype(int)) == list(range(n))
    assert sorted((stats.beta(2, 9).cdf(column(found, CHURN)) * n).astype(int)) == list(range(n))
    assert np.unique(column(found, SALES), return_counts=True)[1].tolist() == [10] * 5
    again = points(parameters, {"kind": "lhs", "points": n, "seed": 3})
    assert [point.changes for point in again] == [point.changes for point in found]
    other = points(parameters, {"kind": "lhs", "points": n, "seed": 4})
    assert [point.changes for point in other] != [point.changes for point in found]


def test_whole_numbers_get_equal_shares_ends_included():
    found = column(points({WEEKS: {"range": [10, 14]}}, {"kind": "lhs", "points": 100}), WEEKS)
    assert np.unique(found, return_counts=True)[1].tolist() == [20] * 5
    assert all(isinstance(value, int) for value in found.tolist())


@pytest.mark.parametrize("second", [False, True])
def test_sobol_is_saltellis_scheme_with_one_luck_a_row(second):
    parameters = {TALK: {"range": [0.0, 1.0]}, CHURN: {"range": [0.0, 1.0]}}
    design = {"kind": "sobol", "points": 8, "second_order": second}
    found = points(parameters, design, replicates=3)
    parts = ["A", "B", f"AB:{TALK}", f"AB:{CHURN}", *([f"BA:{TALK}", f"BA:{CHURN}"] if second else [])]
    assert len(found) == 8 * len(parts)
    for row in range(8):
        here = {point.marks["part"]: point for point in found if point.marks["row"] == row}
        assert list(here) == parts
        assert {point.first for point in here.values()} == {3 * row}
        a, b = here["A"].changes, here["B"].changes
        assert here[f"AB:{TALK}"].changes == {TALK: b[TALK], CHURN: a[CHURN]}
        if second:
            assert here[f"BA:{TALK}"].changes == {TALK: a[TALK], CHURN: b[CHURN]}
    a = np.array([list(point.changes.values()) for point in found if point.marks["part"] == "A"])
    assert all(sorted((a[:, k] * 8).astype(int)) == list(range(8)) for k in range(2)), "balanced in every dimension"


def test_sobol_integrates_better_than_luck():
    """A and B are each a Sobol' sequence: the mean of a smooth function is closer than Monte Carlo's by far."""
    parameters = {TALK: {"range": [0.0, 1.0]}, CHURN: {"range": [0.0, 1.0]}}
    found = points(parameters, {"kind": "sobol", "points": 256})
    for part in "AB":
        x = np.array([list(point.changes.values()) for point in found if point.marks["part"] == part])
        assert abs((x[:, 0] * x[:, 1] ** 2).mean() - 1 / 6) < 0.004


def test_morris_moves_one_parameter_a_step():
    parameters = {TALK: {"range": [0.0, 1.0]}, CHURN: {"range": [0.0, 1.0]}, SALES: [1, 2, 3, 4]}
    found = points(parameters, {"kind": "morris", "points": 30, "levels": 4})
    assert len(found) == 30 * 4
    grid = {0.0: 0, 1 / 3: 1, 2 / 3: 2, 1.0: 3}
    for row in range(30):
        path = [point for point in found if point.marks["row"] == row]
        assert {point.first for point in path} == {row}
        assert sorted(point.marks["part"] for point in path[1:]) == sorted(parameters)
        for before, after in pairwise(path):
            moved = [name for name in parameters if before.changes[name] != after.changes[name]]
            assert moved == [after.marks["part"]]
        for point in path:
            level = min(grid, key=lambda x, value=point.changes[TALK]: abs(x - value))
            assert abs(point.changes[TALK] - level) < 1e-12
    assert set(column(found, SALES)) == {1, 2, 3, 4}
    steps = [
        abs(after.changes[TALK] - before.changes[TALK])
        for before, after in pairwise(found)
        if after.marks["part"] == TALK
    ]
    np.testing.assert_allclose(steps, 2 / 3)


def test_paths_that_share_a_value():
    found = points({SALES: {"values": [4, 6], "also": ["teams.service.headcount"]}})
    assert [dict(point.changes) for point in found] == [{SALES: n, "teams.service.headcount": n} for n in (4, 6)]


def test_every_point_runs_with_every_scenario_and_the_same_luck():
    study = read_study(
        {"scenarios": ["siloed-close-rate", "relationship-flywheel"], "parameters": {SALES: [4, 6]}, "replicates": 3}
    )
    design = laid(study)
    assert [(point.scenario, point.changes[SALES]) for point in design.points] == [
        (name, n) for n in (4, 6) for name in ("siloed-close-rate", "relationship-flywheel")
    ]
    assert design.runs == 12 and {point.first for point in design.points} == {0}
