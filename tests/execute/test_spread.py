import numpy as np
import pytest

from flywheel_sim.execute.spread import spread


@pytest.mark.parametrize("points", [1, 2, 3, 9, 64, 100])
@pytest.mark.parametrize("replicates", [1, 2, 5, 16])
@pytest.mark.parametrize("scatter", [True, False])
def test_every_run_comes_once_and_points_stay_within_a_factor_of_four(points, replicates, scatter):
    point, replicate = np.repeat(np.arange(points), replicates), np.tile(np.arange(replicates), points)
    order = spread(point, replicate, scatter=scatter)
    assert sorted(order) == list(range(points * replicates))
    for stop in range(points, points * replicates):
        done = np.bincount(point[order[:stop]], minlength=points)
        assert done.min() >= 1 and done.max() <= 4 * done.min()


def test_a_grid_that_is_stopped_has_runs_in_all_corners():
    side = 8
    point = np.arange(side * side)
    order = spread(point, np.zeros_like(point), scatter=True)
    early = point[order[: len(point) // 8]]
    quarters = {(p // side >= side // 2, p % side >= side // 2) for p in early.tolist()}
    assert len(quarters) == 4


def test_a_sweep_that_is_stopped_has_looked_everywhere(tmp_path):
    import flywheel_sim as fs
    from flywheel_sim.execute.store import Store
    from flywheel_sim.study.design.study_file import read_study
    from flywheel_sim.study.design.sweep import planned

    small = {"market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 4}
    study = {"scenario": "b2b-saas", "set": small, "replicates": 4, "outcomes": ["npv"],
             "parameters": {"teams.sales.headcount": [2, 4, 6, 8], "market.price": [1.0, 1.5]}}  # fmt: skip
    with Store.create(tmp_path / "runs", *planned(read_study(study))) as store:
        turns = store.in_turn(store.pending())
        design = store.design().set_index("run").loc[turns]
        assert design["point"].iloc[:8].nunique() == 8 and set(design["replicate"].iloc[:8]) == {0}
        assert sorted(turns) == list(range(32))
    found = fs.sweep(study, tmp_path / "whole")
    assert found.standing.done == 32
