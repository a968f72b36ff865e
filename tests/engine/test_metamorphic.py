"""Changes of a scenario that must change nothing, or only what they say: other axes, names, money, calendars, segments.

Runs that must be equal to the bit are compared bit by bit.  Where a sum is taken in another order (teams, axes or
segments rearranged), float64 rounds differently, so counts must be equal and everything else equal to a part in 10^5.
Noise is keyed by team and axis, so rearranging those is exact only without noise; with it, means must agree.
"""

import copy
import math

import numpy as np
import pytest

from flywheel_sim import load
from flywheel_sim.execute.run import batch
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario.columns import COLUMNS, NAMES
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import ScenarioModel

MONEY = [name for name, unit, _ in COLUMNS if "$" in unit]
COUNTS = ("customers", "prospects", "former", "leads", "sold", "new_customers", "churned", "handled", "survey_answers")
WEEKS = 40
#: Nothing random about teams and needs: directions move by fields and coupling alone, the map is right and common.
STILL = {
    "vectors.diffusion": 0.0, "vectors.coupling.fixed": 0.02, "vectors.craft_pull": 0.02, "vectors.pay_pull": 0.05,
    "vectors.map_pull": 0.02, "sensing.need_drift": 0.0, "sensing.accuracy": 1.0, "sensing.sharing": 1.0,
    "blockers.enabled": False,  # which pair has one is drawn by the pair's place
}  # fmt: skip


def company(name, **changes):
    """A shipped company shortened to 40 weeks and 600 accounts."""
    fewer = {"horizon_weeks": WEEKS, "market.accounts": 600, "market.initial_customers": 150, "market.external": 0.004}
    return load(name).with_({**fewer, **changes})


def turned(tree, of):
    """Every direction of a scenario tree replaced by ``of(vector)``."""
    out = copy.deepcopy(tree)
    for team in out["teams"].values():
        for part in ("craft", "direction", "field"):
            team[part] = of(team[part])
    for segment in out["segments"].values():
        segment["need"] = of(segment["need"])
    for touch in out["journey"]["touchpoints"].values():
        touch["need"] = of(touch["need"])
    for measure in out["incentives"]["measures"].values():
        measure["gradient"] = of(measure["gradient"])
    out["strategy"]["target"] = of(out["strategy"]["target"])
    return out


def flipped(tree):
    """One axis the other way round."""
    return turned(tree, lambda v: {a: -x if a == "ease" else x for a, x in v.items()})


def permuted(tree):
    """The axes in another order."""
    return copy.deepcopy(tree) | {"axes": tree["axes"][::-1]}


def rotated(tree):
    """All directions and needs rotated together, in two planes at once."""
    c, s = math.cos(0.7), math.sin(0.7)

    def of(v):
        if not v:
            return v
        a, b, x, y = (v.get(axis, 0.0) for axis in tree["axes"])
        return dict(zip(tree["axes"], (c * a - s * b, s * a + c * b, c * x + s * y, -s * x + c * y), strict=True))

    return turned(tree, of)


def renamed(tree, letters="abcdefghij"):
    """Every team under another name; a reference left behind would not load.  Names decide the order (not the file)."""
    out = copy.deepcopy(tree)
    new = {name: f"{letter} {name}" for name, letter in zip(tree["teams"], letters, strict=False)}
    out["teams"] = {new[name]: team for name, team in out["teams"].items()}
    for touch in out["journey"]["touchpoints"].values():
        touch["owner"] = new[touch["owner"]]
        touch["support"] = {new[name]: share for name, share in touch["support"].items()}
    for link in out["handoffs"]["links"].values():
        link["from"], link["to"] = new[link["from"]], new[link["to"]]
    out["incentives"]["pay"] = {new[name]: pay for name, pay in out["incentives"]["pay"].items()}
    out["cadence"]["members"] = [new[name] for name in out["cadence"]["members"]]
    for event in out["cadence"]["events"].values():
        event["members"] = [new[name] for name in event["members"]]
    out["decisions"]["competence"] = {new[name]: share for name, share in out["decisions"]["competence"].items()}
    out["ideas"]["owner"] = new.get(out["ideas"]["owner"], "")
    for team in out["teams"].values():
        team["reports_to"] = new.get(team["reports_to"], "")
    return out


def reordered(tree):
    """The teams the other way round."""
    return renamed(tree, "jihgfedcba")


def split(tree):
    """The first segment as two halves that are the same."""
    first, *rest = tree["segments"].items()
    half = first[1] | {"share": first[1]["share"] / 2}
    return copy.deepcopy(tree) | {
        "segments": {f"{first[0]} 1": half, f"{first[0]} 2": copy.deepcopy(half), **dict(rest)}
    }


def in_cents(tree):
    """Another currency, two of which make a dollar: every field whose unit has a dollar, and scores made of money."""
    out = copy.deepcopy(tree)

    def walk(block, values):
        for name, field in block.model_fields.items():
            key, kind = field.alias or name, field.annotation
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            inner = [k for k in getattr(kind, "__args__", ()) if isinstance(k, type) and issubclass(k, Block)]
            if isinstance(kind, type) and issubclass(kind, Block):
                walk(kind, values[key])
            elif inner:
                for entry in values[key].values():
                    walk(inner[0], entry)
            elif "$" in str(extra.get("unit", "")):
                values[key] *= 0.5 if "/$" in str(extra["unit"]) else 2

    walk(ScenarioModel, out)
    for measure in out["incentives"]["measures"].values():
        measure["columns"] = {c: w / 2 if c in MONEY else w for c, w in measure["columns"].items()}
    return out


#: Nobody is heard; talkers need a network with ties.
SILENT = {"word_of_mouth.rate": 0.0, "word_of_mouth.contagion": 1.0, "word_of_mouth.talk_spread": 0}
NETWORKS = ("complete", "pairs", "ring", "watts-strogatz", "barabasi-albert", "configuration", "blocks")
B2B, B2C = company("relationship-flywheel"), company("b2c-subscription")
SHARE = company("revenue-share", **{"cadence.enabled": True, "market.win_back.rate": 0.01})
QUIET = company("relationship-flywheel", **STILL)
#: family -> scenarios that must agree with the first
FAMILIES = {
    "axis flipped": [QUIET, load(flipped(QUIET.resolved()))],
    "axes permuted": [QUIET, load(permuted(QUIET.resolved()))],
    "rotated": [QUIET, load(rotated(QUIET.resolved()))],
    "teams renamed": [B2B, load(renamed(B2B.resolved()))],
    "teams reordered": [QUIET, load(reordered(QUIET.resolved()))],
    "segment split": [QUIET, load(split(QUIET.resolved()))],
    "calendars a year on": [SHARE, SHARE.with_({"contracts.fiscal_shift_weeks": 52})],
    "another currency": [SHARE, load(in_cents(SHARE.resolved()))],
    "another currency, consumers": [B2C, load(in_cents(B2C.resolved()))],
    "nobody talks": [
        B2C.with_({"word_of_mouth.enabled": False, "word_of_mouth.talk_spread": 0, "market.network": {"kind": kind}})
        for kind in NETWORKS
    ],
    "nobody listens": [B2B.with_(SILENT | {"market.network": {"kind": kind}}) for kind in NETWORKS],
}


@pytest.fixture(scope="module")
def runs():
    """All families in one batch, two replicates each."""
    flat = [scenario for family in FAMILIES.values() for scenario in family]
    found = iter(batch(flat, replicates=2, seed=5, accounts=True))
    return {name: [next(found) for _ in family] for name, family in FAMILIES.items()}


def pairs_of(runs, name):
    """Replicates of the first scenario with those of each other one."""
    first, *others = runs[name]
    return [(a, b) for other in others for a, b in zip(first, other, strict=True)]


@pytest.mark.parametrize("name", ["axis flipped", "teams renamed", "calendars a year on", "nobody talks"])
def test_nothing_changes_to_the_bit(runs, name):
    for a, b in pairs_of(runs, name):
        differing = [n for i, n in enumerate(NAMES) if not np.array_equal(a.arrays.weekly[:, i], b.arrays.weekly[:, i])]
        assert not differing, f"{name}: {', '.join(differing)}"


def test_a_network_nobody_listens_to_is_no_network(runs):
    for a, b in pairs_of(runs, "nobody listens"):
        assert np.array_equal(a.arrays.weekly, b.arrays.weekly)
        assert a.series("referred_new").sum() == a.series("blocked").sum() == 0


@pytest.mark.parametrize("name", ["axes permuted", "rotated", "teams reordered", "segment split"])
def test_nothing_changes_but_the_order_of_sums(runs, name):
    for a, b in pairs_of(runs, name):
        for column in COUNTS:
            assert np.array_equal(a.series(column), b.series(column)), f"{name}: {column}"
        for i, column in enumerate(NAMES):
            np.testing.assert_allclose(
                a.arrays.weekly[:, i], b.arrays.weekly[:, i], rtol=1e-5, atol=1e-7, err_msg=f"{name}: {column}"
            )


@pytest.mark.parametrize("name", ["another currency", "another currency, consumers"])
def test_all_money_doubles_and_nothing_else_changes(runs, name):
    for a, b in pairs_of(runs, name):
        for i, column in enumerate(NAMES):
            times = 2.0 if column in MONEY else 1.0
            assert np.array_equal(times * a.arrays.weekly[:, i], b.arrays.weekly[:, i]), column
        for column in ("revenue", "cost", "profit"):
            assert np.array_equal(2 * a.customers[column], b.customers[column])
        for key, value in a.summary.items():
            expected = 2 * value if "$" in SUMMARY[key][0] else value
            assert b.summary[key] == expected or math.isnan(value), key
    assert a.series("bonus").sum() > 0 or name != "another currency", "a bonus on revenue must be among the money"


def test_teams_and_segments_did_move():
    assert [name[2:] for name in FAMILIES["teams renamed"][1].teams] == list(B2B.teams)
    assert [name[2:] for name in FAMILIES["teams reordered"][1].teams] == list(B2B.teams)[::-1]
    assert len(FAMILIES["segment split"][1].segments) == len(QUIET.segments) + 1


def test_something_happens_in_every_family(runs):
    """A test of what stays the same shows nothing where nothing happens."""
    for name, ((first, *_), *_) in runs.items():
        assert first.series("new_customers").sum() > 3 and first.series("churned").sum() > 0, name
        assert np.ptp(first.series("customer_alignment")) > 1e-3, name


@pytest.mark.statistical
@pytest.mark.parametrize("change", [rotated, permuted, reordered, split], ids=lambda f: f.__name__)
def test_with_noise_means_agree(change):
    """The same company in other words, with the noise of its teams: means over luck agree."""
    words = {"horizon_weeks": WEEKS, "sensing.need_drift": 0.01, "vectors.diffusion": 0.1}
    one = company("siloed-close-rate", **words)
    a, b = batch([one, load(change(one.resolved()))], replicates=60, seed=11)
    for column in ("alignment", "customer_alignment", "customers", "relationship"):
        x, y = (np.array([run.series(column)[20:].mean() for run in runs]) for runs in (a, b))
        error = math.sqrt((x.var(ddof=1) + y.var(ddof=1)) / len(x))
        assert abs(x.mean() - y.mean()) < 4 * error, column
