import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_walk_runs import company, run, runs, shared

from flywheel_sim.results import SUMMARY, Outcomes, ResultError, Run, open_run
from flywheel_sim.results.life_table import exposure, life_table
from flywheel_sim.results.naming import command_for, differences, labels
from flywheel_sim.results.saving import read_table, write_folder
from flywheel_sim.results.summary import summarize
from flywheel_sim.scenario.columns import COL, N_COLUMNS, NAMES


def tiny(**columns: list[float]) -> np.ndarray:
    weekly = np.zeros((len(next(iter(columns.values()))), N_COLUMNS))
    for name, values in columns.items():
        weekly[:, COL._asdict()[name]] = values
    return weekly


def start(**columns: float) -> np.ndarray:
    return tiny(**{name: [value] for name, value in columns.items()})[0]


NO_LIFE = np.zeros((0, 3))


def test_the_weekly_table_has_a_row_a_week_and_week_comes_first() -> None:
    made = run(company(horizon_weeks=7))
    assert list(made.weekly.columns) == ["week", *NAMES]
    assert made.weekly["week"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert made.initial["customers"] == 200
    assert made.series("customers", start=True)[0] == 200
    assert made.series("customers").tolist() == made.weekly["customers"].tolist()


def test_the_team_table_is_long_and_keeps_every_direction() -> None:
    made = run(company(horizon_weeks=5))
    assert list(made.teams.columns) == ["week", "team", "magnitude", "u_acquire", "u_value", "u_ease", "u_care"]
    assert len(made.teams) == 5 * 5
    row = made.teams[(made.teams["week"] == 3) & (made.teams["team"] == "service")].iloc[0]
    index = list(made.scenario.model.teams).index("service")
    assert made.arrays.teams is not None
    assert row[["magnitude", "u_acquire", "u_value", "u_ease", "u_care"]].tolist() == list(made.arrays.teams[2, index])


def test_what_a_run_did_not_keep_is_said_in_words() -> None:
    made = run(company(), accounts=False)
    with pytest.raises(ValueError, match="accounts=True"):
        _ = made.customers
    with pytest.raises(ValueError, match="teams=True"):
        _ = Run(made.scenario, replace(made.arrays, teams=None)).teams
    assert math.isnan(made.summary["loss_making_share"])


def test_the_summary_by_hand() -> None:
    weekly = tiny(
        customers=[100.0, 98.0, 99.0],
        churned=[1.0, 3.0, 0.0],
        new_customers=[1.0, 1.0, 1.0],
        referred_new=[0.0, 1.0, 1.0],
        prospects=[100.0, 98.0, 99.0],
        revenue=[1000.0, 1000.0, 1000.0],
        cost_of_revenue=[200.0, 200.0, 200.0],
        service_cost=[40.0, 40.0, 40.0],
        touch_cost=[10.0, 10.0, 10.0],
        acquisition_cost=[500.0, 500.0, 500.0],
        acquisition_pay=[100.0, 50.0, 150.0],
        profit=[5.0, -7.0, 12.0],
        value=[5.0, -2.0, 10.0],
        nps_true=[10.0, 20.0, 60.0],
        nps_survey=[math.nan, math.nan, 33.0],
    )
    initial = start(customers=100.0, prospects=100.0, nps_true=10.0)
    # 100 first customers, one won a week; hazard 0.1 and 0.01 referrals a customer-week, at risk 102, 90.9, 81.
    life = np.zeros((5, 3))
    life[0, 0] = 103.0
    life[1:4, 1:] = np.outer([102.0, 90.9, 81.0], [0.1, 0.01])
    got = summarize(weekly, initial, life, discount_rate=0.0)
    weeks = 100.0 + 100.0 + 98.0
    assert set(got) == set(SUMMARY)
    assert got["npv"] == 10.0
    assert got["customers_end"] == 99.0
    assert math.isnan(got["churn_annual"])
    assert got["referral_share"] == pytest.approx(2 / 3)
    assert got["flywheel_r"] == pytest.approx(0.01 / 0.1 / 0.5)  # rate x mean life / prospect share
    assert got["flywheel_r_raw"] == pytest.approx(2 / 103)
    contribution = (3000 - 600 - 150) / weeks
    assert got["clv"] == pytest.approx(contribution * 10)
    assert got["cac_payback_months"] == pytest.approx((1500 + 300) / 3 / (contribution * 52 / 12))
    assert got["cost_to_serve"] == pytest.approx(52 * 150 / weeks)
    assert got["nps_true"] == pytest.approx(30.0)
    assert got["nps_survey"] == 33.0
    assert got["profit_total"] == 10.0
    assert got["breakeven_week"] == 3.0
    assert math.isnan(got["nrr"])


def test_the_base_at_the_end_is_worth_its_run_off() -> None:
    """A year of 100 customers of whom one in a hundred leaves a week, who bring $6 each before $200 of winning."""
    weeks, hazard = 60, 0.01
    weekly = tiny(
        customers=[100.0] * weeks, churned=[100.0 * hazard] * weeks, new_customers=[100.0 * hazard] * weeks,
        profit=[400.0] * weeks, acquisition_cost=[150.0] * weeks, acquisition_pay=[50.0] * weeks,
        value=[7.0] * weeks,
    )  # fmt: skip
    got = summarize(weekly, start(customers=100.0), NO_LIFE, discount_rate=0.1)
    d = 1.1 ** (-1 / 52)
    by_hand = sum(600.0 * (1 - hazard) ** k * d ** (weeks + 1 + k) for k in range(5000))
    assert got["base_value"] == pytest.approx(by_hand)
    assert got["value_with_base"] == pytest.approx(7.0 + by_hand)
    without = summarize(weekly, start(customers=100.0), NO_LIFE, discount_rate=0.0)
    assert without["base_value"] == pytest.approx(600.0 / hazard)


def test_a_base_that_nobody_leaves_has_no_end_unless_money_is_discounted() -> None:
    weekly = tiny(customers=[10.0] * 52, profit=[5.0] * 52)
    assert summarize(weekly, start(customers=10.0), NO_LIFE)["base_value"] == math.inf
    assert math.isfinite(summarize(weekly, start(customers=10.0), NO_LIFE, discount_rate=0.1)["base_value"])
    assert math.isnan(summarize(weekly[:51], start(customers=10.0), NO_LIFE)["base_value"])
    gone = tiny(customers=[0.0] * 52, profit=[-5.0] * 52)
    assert summarize(gone, start(customers=0.0), NO_LIFE)["base_value"] == 0.0


def test_the_warm_up_is_left_out_of_means_and_not_of_totals() -> None:
    weekly = tiny(
        nps_true=[0.0, 10.0, 20.0], profit=[1.0, 2.0, 4.0], customers=[10.0, 5.0, 5.0], churned=[0.0, 5.0, 0.0]
    )
    got = summarize(weekly, start(customers=10.0), NO_LIFE, warm_up_weeks=2)
    assert got["nps_true"] == 20.0
    assert got["profit_total"] == 7.0
    assert got["wheel_friction"] == 0.0


def test_an_open_market_is_not_corrected_for_prospects() -> None:
    weekly = tiny(customers=[50.0], prospects=[50.0])
    life = np.array([[50.0, 0.0, 0.0], [0.0, 5.0, 2.5], [0.0, 0.0, 0.0]])
    shut = summarize(weekly, start(customers=50.0), life)["flywheel_r"]
    assert shut == pytest.approx(2 * summarize(weekly, start(customers=50.0), life, open_market=True)["flywheel_r"])


def test_the_life_table_recovers_the_reproduction_number_of_a_constant_hazard() -> None:
    age = np.arange(150)
    at_risk = 1000.0 * 0.99**age * np.linspace(1.0, 0.0, 150)  # people also leave observation at the horizon
    table = life_table(np.column_stack([at_risk, 0.01 * at_risk, 0.004 * at_risk]))
    assert table.children() == pytest.approx(0.4)
    assert table.weeks() == pytest.approx(100.0)
    assert len(table.survival) < 150


def test_a_hazard_that_falls_with_age_is_not_averaged_away() -> None:
    hazard = np.where(np.arange(200) < 20, 0.05, 0.01)
    at_risk = 1000 * np.concatenate(([1.0], np.cumprod(1 - hazard)[:-1]))
    by_hand = sum(0.95**a for a in range(20)) + 0.95**20 / 0.01
    assert life_table(np.column_stack([at_risk, hazard * at_risk, 0 * at_risk])).weeks() == pytest.approx(by_hand)


def test_nobody_ever_leaves_and_nobody_ever_came() -> None:
    assert life_table(np.array([[5.0, 0.0, 1.0]])).weeks() == math.inf
    assert math.isnan(life_table(NO_LIFE).children())
    assert life_table(np.array([[5.0, 0.0, 0.0]])).children() == 0.0
    empty = summarize(tiny(customers=[0.0]), start(customers=0.0), NO_LIFE)
    assert empty["npv"] == 0.0
    assert math.isnan(empty["churn_annual"])


def test_churn_and_retention_follow_those_who_were_there_a_year_ago() -> None:
    weeks = 120
    there, left = np.linspace(100, 300, weeks + 1), np.zeros(weeks + 1)
    left[52], left[104] = 70.0, 130.0
    weekly = tiny(customers=there[1:], spend=10.0 * there[1:], stayed=left[1:], stayed_spend=13.0 * left[1:])
    initial = start(customers=there[0], spend=10.0 * there[0])
    got = summarize(weekly, initial, NO_LIFE)
    kept = (70.0 + 130.0) / (there[0] + there[52])
    assert got["churn_annual"] == pytest.approx(1 - kept)
    assert got["nrr"] == pytest.approx(1.3 * kept)
    # the year begins when the warm-up is over, and must be over itself
    left[65] = 60.0
    weekly = tiny(customers=there[1:], spend=10.0 * there[1:], stayed=left[1:], stayed_spend=13.0 * left[1:])
    warm = summarize(weekly[:110], initial, NO_LIFE, warm_up_weeks=13)
    assert warm["churn_annual"] == pytest.approx(1 - 60.0 / there[13])
    assert math.isnan(summarize(weekly, initial, NO_LIFE, warm_up_weeks=69)["churn_annual"])
    short = summarize(weekly[:51], initial, NO_LIFE)
    assert math.isnan(short["churn_annual"]) and math.isnan(short["nrr"])


def test_exposure_recovers_who_was_at_risk_from_who_entered_when() -> None:
    luck = np.random.default_rng(3)
    weeks, hazard = 80, np.where(np.arange(400) % 26 == 25, 0.2, 0.01)
    won = luck.integers(0, 40, weeks).astype(float)
    first = luck.integers(0, 30, 52).astype(float)
    life, truth = np.zeros((weeks + 2, 3)), np.zeros(weeks + 60)
    life[:52, 0] = first
    life[0, 0] += won.sum()
    cohorts = [(age, 0, float(n)) for age, n in enumerate(first)] + [(0, w + 1, n) for w, n in enumerate(won)]
    for age, entered, count in cohorts:
        for week in range(entered + 1, weeks + 1):
            lived = age + week - entered
            truth[lived] += count
            life[min(lived, weeks + 1), 1] += count * hazard[lived]
            life[min(lived, weeks + 1), 2] += count * 0.002
            count *= 1 - hazard[lived]
    got = exposure(life, won)
    assert len(got) == weeks
    np.testing.assert_allclose(got[:, 0], truth[1 : weeks + 1], rtol=1e-9)
    np.testing.assert_allclose(got[:, 1] / got[:, 0], hazard[1 : weeks + 1], rtol=1e-9)


def test_accounts_give_the_whale_curve() -> None:
    got = summarize(tiny(customers=[3.0]), start(customers=0.0), NO_LIFE, np.array([100.0, 50.0, -50.0]))
    assert got["loss_making_share"] == pytest.approx(1 / 3)
    assert got["whale_peak"] == pytest.approx(1.5)


def bits(made: Run) -> list[bytes]:
    arrays = made.arrays
    assert arrays.teams is not None
    assert arrays.need is not None
    return [a.tobytes() for a in (arrays.initial, arrays.weekly, arrays.teams, arrays.life, arrays.need)]


def test_save_and_open_keep_every_bit(tmp_path: Path) -> None:
    made = run(company(), seed=7, replicate=3)
    made.arrays.weekly[4, COL.nps_survey] = math.nan
    folder = made.save(tmp_path / "a/b")
    back = open_run(folder)
    assert bits(back) == bits(made)
    pd.testing.assert_frame_equal(back.customers, made.customers)
    assert dict(back.summary) == pytest.approx(dict(made.summary), abs=0, rel=0, nan_ok=True)
    assert (back.seed, back.replicate, back.weeks) == (7, 3, 104)
    assert back.scenario == made.scenario
    assert back.provenance == made.provenance
    assert [path.name for path in folder.parent.iterdir()] == ["b"]


def test_the_manifest_is_strict_json_and_names_what_made_it(tmp_path: Path) -> None:
    folder = run(company(), accounts=False).save(tmp_path / "x")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    manifest = json.loads((folder / "manifest.json").read_text(), parse_constant=refuse)
    assert manifest["schema"] == "flywheel.saved-run/1"
    assert manifest["summary"]["loss_making_share"] is None
    assert set(manifest["provenance"]) >= {"version", "engine", "python", "numpy", "numba", "platform", "command"}


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    real, calls = pq.write_table, []

    def full(*given: object, **more: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(*given, **more)

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        run(company()).save(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_result_is_never_written_over(tmp_path: Path) -> None:
    made = run(company(horizon_weeks=3))
    made.save(tmp_path / "x")
    before = sorted((tmp_path / "x").iterdir())
    with pytest.raises(ResultError, match="already there"):
        made.save(tmp_path / "x")
    assert sorted((tmp_path / "x").iterdir()) == before
    (tmp_path / "empty").mkdir()
    assert open_run(made.save(tmp_path / "empty")).weeks == 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda f: (f / "manifest.json").write_text('{"schema": "flywheel.saved-run/99"}'),
            "format 99.*reads format 1",
        ),
        (
            lambda f: (f / "manifest.json").write_text('{"schema": "flywheel.saved-comparison/1"}'),
            "holds a 'flywheel.saved-comparison",
        ),
        (lambda f: (f / "manifest.json").write_text('{"schema": 3}'), "broken"),
        (lambda f: (f / "manifest.json").write_text("{"), "broken"),
        (lambda f: (f / "manifest.json").unlink(), "not a saved result"),
        (lambda f: (f / "weekly.parquet").write_bytes(b"PAR1 nothing"), "weekly.parquet' is broken"),
        (lambda f: (f / "life.parquet").unlink(), "life.parquet is missing"),
    ],
)
def test_a_broken_result_is_refused_in_words(tmp_path: Path, damage: object, words: str) -> None:
    folder = run(company(horizon_weeks=3)).save(tmp_path / "x")
    damage(folder)  # type: ignore[operator]
    with pytest.raises(ResultError, match=words):
        open_run(folder)
    with pytest.raises(ResultError, match="no saved result"):
        open_run(tmp_path / "nothing")


def test_a_result_of_another_scenario_format_is_refused_in_words(tmp_path: Path) -> None:
    for folder, reader in (
        (run(company(horizon_weeks=3)).save(tmp_path / "a"), open_run),
        (Outcomes.of(runs(2)).save(tmp_path / "b"), Outcomes.open),
    ):
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["scenarios"][0]["resolved"]["market"]["unheard_of"] = 1
        tables = {name: read_table(folder, name) for name in manifest["tables"]}
        folder = write_folder(folder.with_name(f"{folder.name}-changed"), manifest, tables)
        with pytest.raises(ResultError, match=r"does not fit this version.*unheard_of"):
            reader(folder)


def test_outcomes_survive_the_disk(tmp_path: Path) -> None:
    made = Outcomes.of(runs(6))
    back = Outcomes.open(made.save(tmp_path / "x"))
    assert back.finals.tobytes() == made.finals.tobytes()
    assert back.gain_weeks.tobytes() == made.gain_weeks.tobytes()
    assert {name: fan.tobytes() for name, fan in back.fans.items()} == {
        name: fan.tobytes() for name, fan in made.fans.items()
    }
    for paths, other in zip(made.teams, back.teams, strict=True):
        assert paths is not None
        assert other is not None
        for name in ("angle", "direction", "magnitude", "need"):
            assert getattr(paths, name).tobytes() == getattr(other, name).tobytes()
        assert (paths.teams, paths.axes) == (other.teams, other.axes)
    assert back.verdict == made.verdict
    assert back.provenance == made.provenance
    with pytest.raises(ResultError, match="holds a 'flywheel"):
        open_run(tmp_path / "x")


def test_scenarios_that_share_a_title_get_names_of_their_own() -> None:
    base = company()
    assert labels([base, shared()]) == ("Silo pay", "Shared relationship pay")
    assert labels([base, base.with_({"teams.sales.headcount": 12})]) == ("Silo pay", "Silo pay (headcount 12)")
    same = base.with_({"market.price": 2.0})
    assert labels([same, same]) == ("Silo pay", "Silo pay (2)")
    assert labels([base, base]) == ("Silo pay", "Silo pay (2)")


def test_differences_list_what_was_changed_and_nothing_else() -> None:
    base = company()
    found = differences([base, base.with_({"market.price": 1.25})])
    assert found == {"market.price": (1.0, 1.25)}
    assert differences([base, base.with_({"title": "Another word"})]) == {}


def test_the_command_says_how_to_make_it_again(tmp_path: Path) -> None:
    from flywheel_sim.scenario import load

    file = tmp_path / "a.yaml"
    path = str(file)
    base = load({"segments": {"all": {"need": {"value": 1.0}}}})
    file.write_text(base.to_yaml())
    mine = load(path)
    other = mine.with_({"market.price": 1.25})
    assert command_for([mine], 3) == f"flywheel run {path} --seed 3"
    assert command_for([other, other], 3, replicates=5) == (
        f"flywheel compare {path} {path} --set market.price=1.25 --replicates 5 --seed 3"
    )
    assert command_for([mine, other], 3, replicates=5) == (
        f"fs.compare([fs.load('{path}'), fs.load('{path}').with_({{'market.price': 1.25}})], replicates=5, seed=3)"
    )
    assert command_for([mine], 3, replicate=2) == f"fs.run(fs.load('{path}'), seed=3, replicate=2)"


def test_frames_and_files_say_their_units(tmp_path):
    import pyarrow.parquet as pq

    from flywheel_sim.scenario.columns import COLUMNS

    made = run(company(horizon_weeks=3))
    units = {name: unit for name, unit, _ in COLUMNS}
    assert made.weekly.attrs["units"] == {"week": "weeks", **units}
    made.save(tmp_path / "mine")
    schema = pq.read_schema(tmp_path / "mine" / "weekly.parquet")
    assert {field.name: field.metadata[b"unit"].decode() for field in schema} == made.weekly.attrs["units"]
    assert open_run(tmp_path / "mine").weekly.attrs["units"] == made.weekly.attrs["units"]
