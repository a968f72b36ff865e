"""Indices against known functions, with and without luck; false-alarm rate of statistical tests below 1 in 1000."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from flywheel_sim.present.tornado import tornado_chart
from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.sensitivity.indices_of_runs import analyzed
from flywheel_sim.study.sensitivity.morris import morris
from flywheel_sim.study.sensitivity.sobol import sobol

NAMES = ["x1", "x2", "x3"]


def ishigami(u: np.ndarray, rows: object = None) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def ishigami_exact() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First, total, second; Ishigami and Homma 1990 with a = 7, b = .1."""
    a, b, pi = 7.0, 0.1, np.pi
    v1, v2, v13 = (1 + b * pi**4 / 5) ** 2 / 2, a**2 / 8, b**2 * pi**8 * 8 / 225
    whole = v1 + v2 + v13
    second = np.zeros((3, 3))
    second[0, 2] = second[2, 0] = v13 / whole
    return np.array([v1, v2, 0.0]) / whole, np.array([v1 + v13, v2, v13]) / whole, second


def g_function(u: np.ndarray, rows: object = None) -> np.ndarray:
    weights = np.array([0.0, 1.0, 4.5, 9.0])
    return np.prod((np.abs(4 * u - 2) + weights) / (1 + weights), axis=1)[:, None]


def g_exact() -> tuple[np.ndarray, np.ndarray]:
    """Sobol 1993: V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1."""
    v = 1 / (3 * (1 + np.array([0.0, 1.0, 4.5, 9.0])) ** 2)
    whole = np.prod(1 + v) - 1
    return v / whole, v * np.array([np.prod(1 + np.delete(v, i)) for i in range(4)]) / whole


def test_ishigami_within_two_hundredths() -> None:
    found = sobol(ishigami, NAMES, 4096, second=True)
    first, total, second = ishigami_exact()
    np.testing.assert_allclose(found.indices["first"].value[:, 0], first, atol=0.02)
    np.testing.assert_allclose(found.indices["total"].value[:, 0], total, atol=0.02)
    pairs = found.indices["second"].value[:, :, 0]
    above = np.triu_indices(3, 1)
    np.testing.assert_allclose(pairs[above], second[above], atol=0.02)
    assert found.seed_share is not None
    assert abs(found.seed_share.value[0, 0]) < 0.02
    assert found.spread[0] ** 2 == pytest.approx(13.84, rel=0.02)
    for index, exact in (("first", first), ("total", total)):
        assert (found.indices[index].low[:, 0] <= exact + 1e-9).all()
        assert (found.indices[index].high[:, 0] >= exact - 1e-9).all()


def test_the_g_function() -> None:
    found = sobol(g_function, ["a", "b", "c", "d"], 4096)
    first, total = g_exact()
    np.testing.assert_allclose(found.indices["first"].value[:, 0], first, atol=0.02)
    np.testing.assert_allclose(found.indices["total"].value[:, 0], total, atol=0.02)
    assert "second" not in found.indices
    assert found.pairs.empty
    assert found.ranked("y") == [0, 1, 2, 3]


def noisy(size: float) -> object:
    """Ishigami with luck of its own in every row, shared by the row's points, and an inert fourth parameter."""

    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        luck = np.random.default_rng(17).normal(0.0, size, rows.max() + 1)
        return ishigami(u[:, :3]) + luck[rows][:, None]

    return run


@pytest.mark.statistical
def test_luck_is_not_taken_for_an_effect() -> None:
    """Noise with ten times the variance of the parameters' doing."""
    size = np.sqrt(10 * 13.844588)
    found = sobol(noisy(size), [*NAMES, "inert"], 2048)  # type: ignore[arg-type]
    total, first = found.indices["total"], found.indices["first"]
    assert (total.value[3, 0], total.low[3, 0], total.high[3, 0]) == (0.0, 0.0, 0.0)
    assert first.low[3, 0] <= 0.0 <= first.high[3, 0]
    np.testing.assert_allclose(total.value[:3, 0], ishigami_exact()[1], atol=0.04)
    np.testing.assert_allclose(first.value[:3, 0], ishigami_exact()[0], atol=0.04)
    assert found.seed_share is not None
    share = found.seed_share
    assert share.low[0, 0] <= 10 / 11 <= share.high[0, 0]
    assert share.value[0, 0] == pytest.approx(10 / 11, abs=0.03)


@pytest.mark.statistical
def test_luck_that_a_parameter_changes_is_the_parameters() -> None:
    """y = x + z (1 + x2), z luck: x2 has no effect on the mean, but on what luck does; x3 none at all."""

    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        luck = np.random.default_rng(3).normal(size=rows.max() + 1)[rows]
        return (u[:, 0] + luck * (1 + u[:, 1]))[:, None]

    found = sobol(run, NAMES, 4096)
    total = found.indices["total"].value[:, 0]
    assert total[0] == pytest.approx(0.5, abs=0.05)
    assert total[1] == pytest.approx(0.5, abs=0.05)
    assert total[2] == 0.0


@pytest.mark.statistical
def test_the_intervals_of_indices_cover() -> None:
    """95 % intervals of 4 total indices over 60 scrambled designs: at least 88 % (QMC makes them wide)."""
    exact = g_exact()[1]
    hits = []
    for seed in range(60):
        index = sobol(g_function, ["a", "b", "c", "d"], 256, seed=seed).indices["total"]
        hits += list((index.low[:, 0] <= exact) & (exact <= index.high[:, 0]))
    assert np.mean(hits) > 0.88


def test_the_estimates_are_those_of_scipy_where_scipy_has_them() -> None:
    """Without luck the numerators differ from Saltelli's by the centring only."""
    n = 4096
    seen = stats.sobol_indices(
        func=lambda x: ishigami(x.T)[:, 0][None], n=n, dists=[stats.uniform()] * 3, rng=np.random.default_rng(1)
    )
    found = sobol(ishigami, NAMES, n)
    np.testing.assert_allclose(found.indices["total"].value[:, 0], np.ravel(seen.total_order), atol=0.015)
    np.testing.assert_allclose(found.indices["first"].value[:, 0], np.ravel(seen.first_order), atol=0.015)


def test_the_estimates_are_those_of_salib() -> None:
    analyze = pytest.importorskip("SALib.analyze.sobol")
    n, d = 2048, 3
    a, b = np.hsplit(stats.qmc.Sobol(2 * d, rng=np.random.default_rng(5)).random(n), 2)
    mixed = [np.where(np.arange(d) == k, b, a) for k in range(d)]
    mirrored = [np.where(np.arange(d) == k, a, b) for k in range(d)]
    blocks = np.stack([ishigami(x)[:, 0] for x in (a, *mixed, *mirrored, b)], axis=1)
    theirs = analyze.analyze({"num_vars": d, "names": NAMES, "bounds": [[0, 1]] * d}, blocks.ravel(), seed=1)
    from flywheel_sim.study.sensitivity.sobol import sobol_indices

    ours = sobol_indices(
        ishigami(a), ishigami(b), np.array([ishigami(x) for x in mixed]), np.array([ishigami(x) for x in mirrored]),
        parameters=NAMES, outcomes=["y"],
    )  # fmt: skip
    np.testing.assert_allclose(ours.indices["first"].value[:, 0], theirs["S1"], atol=0.03)
    np.testing.assert_allclose(ours.indices["total"].value[:, 0], theirs["ST"], atol=0.03)
    above = np.triu_indices(3, 1)
    np.testing.assert_allclose(ours.indices["second"].value[:, :, 0][above], theirs["S2"][above], atol=0.03)


def test_all_outcomes_at_once_and_convergence() -> None:
    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.hstack([ishigami(u), u[:, :1], np.ones((len(u), 1))])

    found = sobol(run, NAMES, 512, outcomes=["ishigami", "line", "constant"])
    assert found.indices["first"].value[0, 1] == pytest.approx(1.0, abs=1e-9)
    assert np.isnan(found.indices["total"].value[:, 2]).all()
    steps = found.convergence[0]
    assert [n for n, _ in steps] == [64, 128, 256, 512]
    np.testing.assert_array_equal(steps[-1][1]["total"], found.indices["total"].value[:, 0])
    errors = [abs(by["total"][0] - ishigami_exact()[1][0]) for _, by in steps]
    assert errors[-1] < errors[0] + 0.02
    values = [f"{by['total'][0]:.2g}" for _, by in found.convergence[1]]
    assert found.settling("line").startswith(f"total index from the first 64, 128, 256, 512 rows: x1 {values[0]}, ")
    assert found.settling("constant") == "cannot tell whether there are enough rows"
    told = found.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert list(told["outcomes"]) == ["ishigami", "line", "constant"]
    bars = found.tornado("line")
    assert bars[0].parameter == "x1"
    assert (bars[0].low, bars[0].high) == pytest.approx((0.1, 0.9), abs=0.04)
    assert (bars[-1].low, bars[-1].high) == (found.mean[1], found.mean[1])


def test_rows_that_failed_do_not_count() -> None:
    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        values = ishigami(u)
        values[(rows == 7) & (u[:, 0] > 0.2)] = np.nan
        values[rows == 9] = np.inf
        return values

    found = sobol(run, NAMES, 64)
    assert (found.rows, found.dropped) == ((62,), (2,))
    with pytest.raises(ScenarioError, match="at least 8 rows"):
        sobol(lambda u, rows: np.full((len(u), 1), np.nan), NAMES, 16)
    with pytest.raises(ScenarioError, match="power of two"):
        sobol(ishigami, NAMES, 100)


@pytest.mark.parametrize("method", [sobol, morris])
def test_an_outcome_that_is_missing_takes_no_rows_from_another(method) -> None:
    """What stands beside an outcome changes nothing about it, whatever is missing there."""

    def alone(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return ishigami(u)

    def beside(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        never, mostly, some = np.full(len(u), np.nan), u[:, 0].copy(), u[:, 1].copy()
        mostly[rows > 1] = np.nan
        some[rows % 4 == 0] = np.inf
        return np.column_stack([never, ishigami(u)[:, 0], mostly, some])

    names = ("nrr", "npv", "clv", "churn")
    one, found = method(alone, NAMES, 64, outcomes=["npv"]), method(beside, NAMES, 64, outcomes=names)
    assert found.rows == (0, 64, 2, 48)
    assert found.dropped == (64, 0, 62, 16)
    for name, index in one.indices.items():
        for end in ("value", "low", "high"):
            np.testing.assert_array_equal(getattr(found.indices[name], end)[..., 1], getattr(index, end)[..., 0])
            assert np.isnan(getattr(found.indices[name], end)[..., [0, 2]]).all()
    assert found.sentence("npv") == one.sentence("npv")
    assert found.settling("npv") == one.settling("npv")
    assert found.tornado("npv") == one.tornado("npv")
    assert found.sentence("nrr") == "net revenue retention: too few rows can say what it is (0 of 64)."
    assert "48 rows, 16 left out" in found.sentence("churn")
    assert found.foremost == "npv"
    told = found.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["outcomes"]["npv"] == one.to_dict()["outcomes"]["npv"]
    assert [told["outcomes"][name]["rows"] for name in names] == [0, 64, 2, 48]
    with pytest.raises(ScenarioError, match=r"went well, got 2 \(clv\)"):
        method(lambda u, rows: beside(u, rows)[:, [0, 2]], NAMES, 64, outcomes=["nrr", "clv"])


def test_morris_by_hand_and_luck_cancels() -> None:
    """y = 3 x1 - 2 x2 + 4 x1 x3 + luck: effects of x1 = 3 + 4 x3, of x2 = -2, of x3 = 4 x1, of x4 = 0."""

    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        luck = np.random.default_rng(2).normal(0, 100, rows.max() + 1)[rows]
        return (3 * u[:, 0] - 2 * u[:, 1] + 4 * u[:, 0] * u[:, 2] + luck)[:, None]

    found = morris(run, [*NAMES, "inert"], 200)
    mu, star, sigma = (found.indices[name].value[:, 0] for name in ("mu", "mu_star", "sigma"))
    assert mu == pytest.approx([5.0, -2.0, 2.0, 0.0], abs=0.35)
    assert star == pytest.approx([5.0, 2.0, 2.0, 0.0], abs=0.35)
    assert sigma[1] == pytest.approx(0.0, abs=1e-5)
    assert sigma[0] > 1.0
    assert star[3] == pytest.approx(0.0, abs=1e-9)
    low, high = (end[:, 0] for end in (found.indices["mu"].low, found.indices["mu"].high))
    assert (low[0], high[0]) == pytest.approx((5.0, 5.0), abs=0.6)
    assert found.seed_share is None
    assert [bar.parameter for bar in found.tornado("y")][-1] == "inert"
    with pytest.raises(ScenarioError, match="even number of levels"):
        morris(run, NAMES, 10, levels=3)


def test_morris_is_that_of_salib() -> None:
    analyze = pytest.importorskip("SALib.analyze.morris")
    seen: list[np.ndarray] = []

    def run(u: np.ndarray, rows: np.ndarray) -> np.ndarray:
        seen.append(u)
        return ishigami(u)

    found = morris(run, NAMES, 30)
    problem = {"num_vars": 3, "names": NAMES, "bounds": [[0, 1]] * 3}
    theirs = analyze.analyze(problem, seen[0], ishigami(seen[0])[:, 0], num_levels=4, seed=1)
    for name in ("mu", "mu_star", "sigma"):
        np.testing.assert_allclose(found.indices[name].value[:, 0], np.asarray(theirs[name]), atol=1e-9)


def runs_of(kind: str, second: bool = False, replicates: int = 1) -> pd.DataFrame:
    """A table of runs as a sweep leaves it: two scenarios that differ by twice x2, with luck of 30 of each row."""
    rows: list[dict[str, object]] = []
    luck = np.random.default_rng(4).normal(0, 30, (64, replicates))

    def collect(u: np.ndarray, at: np.ndarray) -> np.ndarray:
        parts = ["A", "B", *(f"AB:{p}" for p in NAMES), *(f"BA:{p}" for p in NAMES)]
        for k, (point, row) in enumerate(zip(u, at, strict=True)):
            if kind == "sobol":
                part = parts[k // 64]
            else:
                before = u[k - 1] if k and at[k - 1] == row else point
                part = next((p for p, a, b in zip(NAMES, point, before, strict=True) if a != b), "")
            for scenario, gain in (("one", 0.0), ("two", 2.0)):
                for r in range(replicates):
                    y = ishigami(point[None])[0, 0] + luck[row, r] + gain * point[1]
                    settings = {"x1": point[0], "x2": np.exp(point[1]), "x3": f"kind {round(3 * point[2])}"}
                    if kind == "sobol":
                        settings["x3"] = point[2]
                    replicate = row * replicates + r
                    head = {"row": row, "part": part, "scenario": scenario, "replicate": replicate}
                    rows.append({**head, **settings, "y": y})
        return np.zeros((len(u), 1))

    if kind == "sobol":
        sobol(lambda u, at: collect(u, at) + u[:, :1], NAMES, 64, second=second)
    else:
        morris(collect, NAMES, 64)
    table = pd.DataFrame(rows)
    table.insert(0, "run", np.arange(len(table)))
    return table.sample(frac=1.0, random_state=1)


def test_a_table_of_runs_is_analysed_and_the_difference_of_two_scenarios_with_it() -> None:
    table = runs_of("sobol")
    found = analyzed(table, NAMES, ["y"], scenarios=["one", "two"])
    assert found.outcomes == ("y (one)", "y (two)", "y (difference)")
    difference = found.indices["total"].value[:, 2]
    assert difference == pytest.approx([0.0, 1.0, 0.0], abs=1e-9)
    direct = sobol(ishigami, NAMES, 64)
    np.testing.assert_allclose(found.indices["total"].value[:, 0], direct.indices["total"].value[:, 0], rtol=1e-9)
    assert found.seed_share is not None
    assert found.seed_share.value[0, 0] > 0.95
    assert abs(found.seed_share.value[0, 2]) < 0.2
    assert "second" not in found.indices
    assert "second" in analyzed(runs_of("sobol", second=True), NAMES, ["y"], scenarios=["one"]).indices
    failed = table.copy()
    failed.loc[(failed["row"] == 3) & (failed["part"] == "B"), "y"] = np.nan
    assert analyzed(failed, NAMES, ["y"], scenarios=["one"]).dropped == (1,)
    unfinished = table[~((table["row"] == 5) & (table["part"] == "AB:x2"))]
    assert analyzed(unfinished, NAMES, ["y"], scenarios=["two"]).dropped == (1,)


def test_a_table_of_trajectories_is_analysed_whatever_the_scale() -> None:
    table = runs_of("morris", replicates=3)
    found = analyzed(table, NAMES, ["y"], scenarios=["one", "two"])
    assert found.method == "morris"
    direct = morris(ishigami, NAMES, 64)
    for name in ("mu", "mu_star", "sigma"):
        ours, theirs = found.indices[name].value[:2, 0], direct.indices[name].value[:2, 0]
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert found.indices["mu"].value[1, 2] == pytest.approx(2.0)
    assert found.seed_share is not None
    assert found.seed_share.value[0, 0] > 0.5
    assert found.seed_share.value[0, 2] == pytest.approx(0.0, abs=1e-9)


def test_points_that_are_the_same_stand_in_the_table_once() -> None:
    """Whole numbers: A and B often agree, and then their mixtures are one of them."""
    whole = lambda u: np.floor(3 * u)  # noqa: E731
    u = stats.qmc.Sobol(4, rng=np.random.default_rng(2)).random(64)
    a, b = whole(u[:, :2]), whole(u[:, 2:])
    parts = {"A": a, "B": b, "AB:p": np.column_stack([b[:, 0], a[:, 1]]), "AB:q": np.column_stack([a[:, 0], b[:, 1]])}
    rows = [
        {"row": row, "part": part, "p": at[row, 0], "q": at[row, 1], "y": at[row, 0] + 3 * at[row, 1] + 7 * row}
        for row in range(64)
        for part, at in parts.items()
    ]
    full = pd.DataFrame(rows)
    once = full.drop_duplicates(["row", "p", "q"])
    assert len(once) < len(full)
    assert (once["row"].value_counts() == 1).any()
    got = analyzed(once, ["p", "q"], ["y"], once=True)
    assert got.dropped == (0,)
    assert got.to_dict() == analyzed(full, ["p", "q"], ["y"]).to_dict()
    assert analyzed(once, ["p", "q"], ["y"]).dropped[0] > 0


def test_steps_that_change_nothing_have_no_effect() -> None:
    walks = [
        {"row": row, "part": part, "p": p, "q": q, "y": 2.0 * p}
        for row in range(8)
        for part, p, q in (("", 0, 1), ("p", 2, 1))
    ]
    got = analyzed(pd.DataFrame(walks), ["p", "q"], ["y"], once=True)
    assert got.indices["mu"].value[:, 0] == pytest.approx([6.0, 0.0])


def test_tables_of_other_designs_are_refused() -> None:
    table = runs_of("sobol")
    with pytest.raises(ScenarioError, match="sobol or morris design"):
        analyzed(table.drop(columns="part"), NAMES, ["y"])
    with pytest.raises(ScenarioError, match="no runs of three"):
        analyzed(table, NAMES, ["y"], scenarios=["three"])
    with pytest.raises(ScenarioError, match="no trajectory is complete"):
        analyzed(table.assign(part="x"), NAMES, ["y"])


def test_the_tornado_draws_the_swings() -> None:
    found = sobol(ishigami, NAMES, 128, outcomes=["npv (difference)"])
    axes = tornado_chart(found, "npv (difference)").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        bar.parameter for bar in found.tornado("npv (difference)")
    ]
    assert len(axes.patches) == 6
    assert tornado_chart(morris(ishigami, NAMES, 8), "y").axes[0].patches


def test_a_result_says_what_it_is() -> None:
    found = sobol(ishigami, NAMES, 64)
    assert isinstance(found, Sensitivity)
    assert repr(found) == "<Sensitivity (sobol) of 1 outcomes to 3 parameters, 64 rows>"
    assert next(iter(found.table["parameter"])) in NAMES
