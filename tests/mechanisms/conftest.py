"""A company in which nothing happens, to switch one mechanism on in."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.results import Run
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS

Tree = dict[str, Any]


def _merge(base: Tree, changes: Mapping[str, Any]) -> Tree:
    out = copy.deepcopy(base)
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(out.get(key), dict):
            out[key] = _merge(out[key], value)
        else:
            out[key] = copy.deepcopy(value)
    return out


@pytest.fixture
def quiet() -> Callable[..., Tree]:
    """Build a scenario with every block off but those given: 1 000 customers, one segment, $1 a week each, 26 weeks.

    The market block is on, but nobody comes, leaves or speaks up until told to.
    """

    def build(**changes: Any) -> Tree:
        base: Tree = {block: {"enabled": False} for block in MECHANISMS.values()}
        base |= {
            "version": 1,
            "horizon_weeks": 26,
            "axes": ["acquire", "care"],
            "segments": {"all": {"spend": 52, "need": {"care": 1}}},
            "market": {
                "enabled": True,
                "accounts": 1000,
                "initial_customers": 1000,
                "initial_advocates": 0,
                "initial_detractors": 0,
                "external": 0,
                "network": {"kind": "complete"},
                "voice": dict.fromkeys(
                    ("neutral_to_advocate", "neutral_to_detractor", "advocate_to_neutral", "detractor_to_neutral"), 0
                ),
                "churn": {"mean": 0, "dispersion": 0},
                "funnel": {"enabled": False},
                "win_back": {"rate": 0},
                "fit_dispersion": 0,
            },
        }
        for block in changes:
            if isinstance(base.get(block), dict) and isinstance(changes[block], Mapping):
                base[block] = _merge(
                    {**base[block], "enabled": True} if "enabled" in base[block] else base[block], changes[block]
                )
            else:
                base[block] = changes[block]
        return base

    return build


@pytest.fixture
def once() -> Callable[..., Run]:
    """Run a scenario once, accounts and teams kept."""

    def call(scenario: Any, seed: int = 1) -> Run:
        return batch([scenario], replicates=1, seed=seed, accounts=True)[0][0]

    return call


@pytest.fixture
def same_bits() -> Callable[..., None]:
    """Assert that scenarios run to the same bits in all weekly columns (or all but some), and in the teams' vectors."""

    def check(*scenarios: Any, but: tuple[str, ...] = (), replicates: int = 2) -> None:
        runs = batch([load(s) for s in scenarios], replicates=replicates, accounts=True)
        columns = [i for i, name in enumerate(NAMES) if name not in but]
        for other in runs[1:]:
            for a, b in zip(runs[0], other, strict=True):
                differing = [
                    NAMES[i] for i in columns if not np.array_equal(a.arrays.weekly[:, i], b.arrays.weekly[:, i])
                ]
                assert not differing, f"the runs differ in {', '.join(differing)}"
                if a.arrays.teams is not None and b.arrays.teams is not None:
                    assert np.array_equal(a.arrays.teams, b.arrays.teams)

    return check
