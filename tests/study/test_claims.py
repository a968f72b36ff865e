"""Claims on trial: every verdict can come out, and the command tells it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.results.claims import VERDICTS, Trials
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.claims import trial
from flywheel_sim.study.claims.table import Claim, claim_table
from flywheel_sim.study.claims.trial import Pair, judged

SMALL = ("horizon_weeks=30", "market.accounts=600", "market.initial_customers=200", "market.external=0.004")
SET = [word for path in SMALL for word in ("--set", path)]
RUNS = 20
LUCK = np.random.default_rng(5).normal(size=(2, RUNS))

CLAIM = Claim(
    "C1", "a claim made up for this test", ("000",), ("M1",), observe=("churned",), effect={"relationship.gain": 0.2},
    vanish=({"relationship.gain": 0.1},), direction="up",
)  # fmt: skip


def pair(shift=0.0, noise=0.1, *, same=False):
    """Runs that share most of their luck; ``shift`` is the effect."""
    level = 10 + LUCK[0]
    return Pair(level, level.copy() if same else level + shift + noise * (LUCK[1] - LUCK[1].mean()), same)


GONE = pair(same=True)


def verdict(claim, *measured):
    (found,) = judged([(claim, [list(some) for some in measured])])
    assert found.verdict in VERDICTS
    return found


@pytest.mark.parametrize(
    ("changes", "effect", "expected", "said"),
    [
        ({}, pair(1.0), "holds", "churned goes up, as claimed"),
        ({"direction": "down"}, pair(-1.0), "holds", "churned goes down, as claimed"),
        ({"by_construction": True}, pair(1.0), "holds by construction", "as claimed"),
        ({"direction": ""}, pair(-1.0), "effect", "churned goes down; no direction claimed"),
        ({}, pair(-1.0), "no", "churned goes down; claimed: up"),
        ({"direction": "down"}, pair(1.0), "no", "churned goes up; claimed: down"),
        ({"by_construction": True}, pair(-1.0), "no", "claimed: up"),
        ({}, pair(0.02, 1.0), "not shown", "would have been found 9 times in 10"),
        ({}, GONE, "not shown", "churned is the same to the bit"),
    ],
)
def test_verdicts_on_an_effect_that_vanishes(changes, effect, expected, said):
    found = verdict(replace(CLAIM, **changes), [effect], [GONE])
    assert found.verdict == expected and said in found.says
    assert found.vanished[0].gone and found.gone == "to the bit"


@pytest.mark.parametrize(
    ("effect", "expected"), [(GONE, "null holds"), (pair(1.0), "no"), (pair(0.02, 1.0), "not shown")]
)
def test_verdicts_where_the_null_is_the_claim(effect, expected):
    null = replace(CLAIM, expect="null", vanish=(), direction="")
    assert verdict(null, [effect]).verdict == expected


def test_a_null_is_about_everything_observed_and_may_be_built_in():
    null = replace(CLAIM, expect="null", vanish=(), direction="", observe=("churned", "customers"))
    assert verdict(null, [GONE, pair(1.0)]).verdict == "no"
    assert verdict(replace(null, by_construction=True), [GONE, GONE]).verdict == "holds by construction"


def test_what_must_vanish_to_the_bit_and_does_not_is_a_fault_however_little_is_left():
    left = pair(1e-9, 0.0)
    found = verdict(CLAIM, [pair(1.0)], [left])
    assert found.verdict == "fault" and found.gone == "NOT GONE" and "NOT GONE" in found.vanished[0].told
    two = replace(CLAIM, vanish=(*CLAIM.vanish, {"relationship.gain": 0}), observe=("churned", "customers"))
    assert verdict(two, [pair(1.0), GONE], [GONE, GONE], [GONE, left]).verdict == "fault"
    assert not Trials((found,), RUNS, 1, "full", 0.05, 0.01).ok


def test_what_must_vanish_on_average_may_differ_by_luck_and_no_more():
    claim = replace(CLAIM, expect="interval")
    assert verdict(claim, [pair(1.0)], [pair(0.01, 1.0)]).verdict == "holds"
    assert verdict(claim, [pair(1.0)], [pair(0.5)]).verdict == "fault"


def test_the_more_claims_are_tried_the_more_an_effect_must_be():
    edge = pair(0.4, 1.0)
    alone = verdict(CLAIM, [edge], [GONE])
    assert alone.verdict == "holds" and 0.002 < alone.p < 0.05
    many = judged([(replace(CLAIM, number=f"C{k}"), [[edge if k == 0 else pair(0.0, 1.0)], [GONE]]) for k in range(40)])
    assert many[0].verdict == "not shown" and many[0].seen[0].sees > alone.seen[0].sees


def test_the_smallest_change_that_would_be_found_is_found_nine_times_in_ten():
    rng = np.random.default_rng(11)
    found, size = 0, verdict(CLAIM, [pair(0.0, 1.0)], [GONE]).seen[0].sees / np.std(LUCK[1], ddof=1)
    for _ in range(400):
        noise = rng.normal(size=RUNS)
        found += verdict(CLAIM, [Pair(np.zeros(RUNS), size + noise, False)], [GONE]).verdict == "holds"
    assert abs(found / 400 - 0.9) < 0.06


def test_an_open_claim_is_not_tried_and_says_why():
    (found,) = judged([(claim_table()["C28"], [])])
    assert found.verdict == "not tried" and "interaction" in found.says and not found.seen


def test_claims_are_named_or_the_nearest_is_offered():
    assert list(trial.chosen([])) == list(claim_table())
    with pytest.raises(ScenarioError, match="expected C1 to C78") as caught:
        trial.chosen(["C37", "C780", "alignment"])
    assert [problem.suggestion for problem in caught.value.problems][:1] == ["C78"]
    with pytest.raises(ScenarioError, match="at least 2 replicates"):
        trial.claims(["C37"], replicates=1)


def test_two_claims_through_the_command():
    words = ["claims", "C74", "C34", "C28", *SET, "--replicates", "6", "--json"]
    answer = CliRunner().invoke(flywheel, words)
    assert answer.exit_code == 0, answer.output
    whole = json.loads(answer.stdout)
    assert whole["schema"] == "flywheel.claims/1" and whole["manifest"]["seeds"] == {"seed": 1, "replicates": 6}
    found = {one["number"]: one for one in whole["data"]["claims"]}
    assert list(found) == ["C28", "C34", "C74"]
    assert {n: one["verdict"] for n, one in found.items()} == {
        "C28": "not tried",
        "C34": "holds",
        "C74": "holds by construction",
    }
    first = found["C34"]["seen"][0]
    assert first["observed"] == "expansions" and first["difference"] == pytest.approx(first["with"] - first["without"])
    assert first["interval"][0] < first["difference"] < first["interval"][1] and found["C34"]["weeks"] == 30
    assert found["C34"]["vanished"][0]["gone"] and found["C34"]["vanished"][0]["settings"]
    assert all(one["same"] for one in found["C74"]["seen"]) and whole["data"]["counts"]["not tried"] == 1


def test_the_luck_is_the_same_however_runs_are_sliced(monkeypatch):
    shape = dict(word.split("=") for word in SMALL)
    shape = {path: float(value) if "." in value else int(value) for path, value in shape.items()}
    whole = trial.claims(["C73", "C20"], changes=shape, replicates=3)
    monkeypatch.setattr(trial, "_ROWS", 1)
    monkeypatch.setattr(trial, "_TOGETHER", 1)
    told = []
    apart = trial.claims(["C73", "C20"], changes=shape, replicates=3, progress=lambda *row: told.append(row))
    assert whole.trials == apart.trials
    assert told[0][2] == "C20" and told[-1][:2] == (told[-1][1],) * 2
    assert [row[0] for row in told] == sorted(row[0] for row in told)


def test_the_command_tells_one_claim_in_words_and_a_fault_is_exit_1(monkeypatch):
    call = CliRunner().invoke
    monkeypatch.setattr(trial, "claims", lambda *_, **__: Trials(tuple(answers), 4, 1, "full", 0.05, 0.01))
    answers = [verdict(CLAIM, [pair(-1.0)], [GONE])]
    told = call(flywheel, ["claims", "C1", "--set", "horizon_weeks=20"])
    assert told.exit_code == 0 and "claimed: up" in told.stdout and "gone, to the bit" in told.stdout
    assert "1 claim: no 1." in told.stdout and "no evidence about the world" in " ".join(told.stdout.split())
    answers = [verdict(CLAIM, [pair(1.0)], [pair(1.0)])]
    told = call(flywheel, ["claims", "C1", "--set", "horizon_weeks=20"])
    assert told.exit_code == 1 and "NOT GONE" in told.stdout


def test_mistakes_come_before_the_first_run(monkeypatch):
    monkeypatch.setattr(trial, "batch", None)
    for words, said in ((["C79"], "no claim 'C79'"), (["C1", "--set", "market.acounts=3"], "market.accounts")):
        told = CliRunner().invoke(flywheel, ["claims", *words])
        assert told.exit_code == 2 and said in told.output
