"""A battery for luck: equal shares and independence across agent, tick and decision, and no key used twice.

One chance in a thousand that any test of the battery fails while the generator is right (Holm); keys are fixed, so the
answer is always the same.  Which word decides what is recorded in the replica, whose draws are the engine's to the bit.
"""

import ast
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import replica
from replica import luck, network, word_of_mouth, world
from scipy import stats

from flywheel_sim.engine import random
from flywheel_sim.engine.random import philox_words
from flywheel_sim.scenario import load
from flywheel_sim.study.verification.verify import holm

FALSE_ALARM = 1e-3
BLOCKS = sorted(value for name in random.__all__ if isinstance(value := getattr(random, name), int))
AGENTS, TICKS = 160, 160


def engine_words(counter, key):
    out = np.empty((len(counter), 4), np.uint32)
    philox_words(np.ascontiguousarray(counter, np.uint32), np.array(key, np.uint32), out)
    return out


def cubes(words, k=0, key=(20, 3)):
    """Words of every block on a grid, shape (blocks, agents, ticks, 4)."""
    agent, tick = (x.ravel() for x in np.meshgrid(np.arange(AGENTS), np.arange(TICKS), indexing="ij"))
    found = [words(np.column_stack([agent, tick, np.full_like(agent, b), np.full_like(agent, k)]), key) for b in BLOCKS]
    return np.array(found).reshape(len(BLOCKS), AGENTS, TICKS, 4)


def together(a, b, bits=4):
    """Whether two sets of words share nothing: all pairs of their leading bits equally often."""
    cells = (a.ravel() >> (32 - bits)).astype(np.int64) << bits | (b.ravel() >> (32 - bits)).astype(np.int64)
    return stats.chisquare(np.bincount(cells, minlength=4**bits)).pvalue


def battery(cube):
    """Every p-value with the name of its test."""
    found = {}
    u = (cube + 0.5) / 2.0**32
    count = AGENTS * TICKS
    for n, block in enumerate(BLOCKS):
        for lane in range(4):
            here, x = cube[n, :, :, lane], u[n, :, :, lane]
            at = f"block {block}, lane {lane}"
            found[f"{at}: equal shares"] = stats.chisquare(np.bincount((here >> 24).ravel(), minlength=256)).pvalue
            found[f"{at}: low bits"] = stats.chisquare(np.bincount((here & 255).ravel(), minlength=256)).pvalue
            found[f"{at}: uniform"] = stats.kstest(x.ravel(), "uniform").pvalue
            found[f"{at}: next agent"] = together(here[:-1], here[1:])
            found[f"{at}: next tick"] = together(here[:, :-1], here[:, 1:])
            found[f"{at}: agent and tick swapped"] = together(*(m[np.triu_indices(AGENTS, 1)] for m in (here, here.T)))
            # luck of one agent over all ticks, and of one tick over all agents, is no better than another's
            for name, axis, rows in (("agents", 1, AGENTS), ("ticks", 0, TICKS)):
                z = (x.mean(axis=axis) - 0.5) * np.sqrt(12 * count / rows)
                found[f"{at}: {name} alike"] = min(
                    1.0, 2 * min(stats.chi2(rows).sf(z @ z), stats.chi2(rows).cdf(z @ z))
                )
            found[f"{at}: next lane"] = together(here, cube[n, :, :, (lane + 1) % 4])
            found[f"{at}: next block"] = together(here, cube[(n + 1) % len(BLOCKS), :, :, lane])
    every = u.transpose(0, 3, 1, 2).reshape(4 * len(BLOCKS), count)
    r = np.corrcoef(every)[np.triu_indices(len(every), 1)]
    found["all pairs of decisions"] = min(1.0, r.size * 2 * stats.norm.sf(np.abs(r).max() * np.sqrt(count)))
    found["all pairs of decisions together"] = stats.chi2(r.size).sf(count * (r @ r))
    return found


@pytest.mark.parametrize(("k", "key"), [(0, (20, 3)), (1, (20, 3)), (0, (0, 0)), (0, (1, 4_000_000_000))])
def test_luck_is_uniform_and_independent_across_agent_tick_and_decision(k, key):
    p = battery(cubes(engine_words, k, key))
    assert len(p) > 1000
    stands = holm(list(p.values()), FALSE_ALARM / 4)
    assert [name for name, ok in zip(p, stands, strict=True) if not ok] == []


def test_the_battery_notices_a_poor_generator():
    def poor(counter, key):
        """Words that mix agent, tick and decision by sums only."""
        c = counter.astype(np.uint64)
        mixed = c[:, 0] * 2654435761 + c[:, 1] * 2246822519 + c[:, 2] * 3266489917 + np.uint64(key[0])
        return np.column_stack([(mixed * (lane + 1) * 668265263 >> 7) & 0xFFFFFFFF for lane in range(4)]).astype(
            np.uint32
        )

    p = battery(cubes(poor))
    assert not all(holm(list(p.values()), FALSE_ALARM))


# --- no key twice -------------------------------------------------------------------------------------------------

REPLICA = Path(luck.__file__).parent


@cache
def lanes(file, line):
    """Lanes of a draw that are looked at where it is called: an index, or the names a row of four is given."""
    tree = ast.parse(Path(file).read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if not (hasattr(node, "lineno") and node.lineno <= line <= node.end_lineno):
            continue
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
            called = node.value.func
            if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "words":
                found.add(node.slice.value if isinstance(node.slice, ast.Constant) else None)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and not found:
            names = [target.id for target in node.targets[0].elts]
            if isinstance(node.value, ast.Call) and len(names) == 4:
                found |= {k for k, name in enumerate(names) if name != "_"}
    return frozenset(found)


@pytest.fixture
def drawn(monkeypatch):
    """Record (agent, tick, block, k, lane) -> where it decides, while a replica runs."""
    seen = defaultdict(set)
    real, real_pick = luck.words, luck.pick_lane

    def caller():
        frame = sys._getframe(2)
        while Path(frame.f_code.co_filename).name in ("luck.py", "world.py") or "<" in frame.f_code.co_name:
            frame = frame.f_back
        return frame

    def recorded(key, agent, tick, block, k=0):
        frame = caller()
        where = Path(frame.f_code.co_filename)
        if where.parent == REPLICA:
            for lane in lanes(str(where), frame.f_lineno) or {None}:
                seen[agent, tick, block, k, lane].add(f"{where.stem}.{frame.f_code.co_name}")
        return real(key, agent, tick, block, k)

    def picked(key, agent, tick, block, n, k=0):
        frame = caller()
        seen[agent, tick, block, k + n // 4, n % 4].add(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        return real(key, agent, tick, block, k + n // 4)[n % 4]

    for module in (luck, network, word_of_mouth, world):
        monkeypatch.setattr(module, "words", recorded)
    for module in list(sys.modules.values()):
        if getattr(module, "pick_lane", None) is real_pick:
            monkeypatch.setattr(module, "pick_lane", picked)
    return seen


#: Draws that are looked at in two places for one decision.
ONE_DECISION = {
    # without contracts leaving and the changes of voice are competing exits of one state and share a draw
    (luck.LIFE, 0): {"customers.renewal", "customers.voice"},
}
SMALL = {"market.accounts": 80, "market.initial_customers": 40, "horizon_weeks": 30}
COMPANIES = {
    "everything-on": {
        "service.patience_weeks": 1.0, "service.issues": 3.0, "sensing.closed_loop.enabled": True,
        "sensing.survey_weeks": 2, "sensing.response_rate": 1.0,
        "market.pricing": {"law": "felt", "spread": 0.3, "rival": 0.8},
    },
    "without contracts": {
        "contracts.kind": "non-contractual", "service.event_timed": True, "service.patience_hours": 5,
        "word_of_mouth.normalise": "per_tie", "word_of_mouth.weak_ties": "redrawn", "cadence.themes": "own",
        "market.network.kind": "watts-strogatz", "word_of_mouth.strong": 0.3, "word_of_mouth.weak": 0.1,
        "timeline.enabled": True, "timeline.customers": {"gift": {"week": 5, "add": 7}},
    },
    "monthly, among strangers": {
        "teams.sales.start": "random", "contracts.kind": "monthly", "market.network.kind": "blocks",
        "reactions.letters": 3.0,
        "selling.lone_wolves": 0.5, "decisions.centralisation": 0.3, "leadership.clarity": 0.5,
    },
}  # fmt: skip


def places(block, lane, where):
    """Decisions taken from a word: places that look at it for the same one count once."""
    same = ONE_DECISION.get((block, lane), set())
    return where - same | ({"one decision"} if where & same else set())


def test_no_key_decides_two_things(drawn):
    seen = set()
    for changes in COMPANIES.values():
        drawn.clear()
        replica.run(load("everything-on").with_({**SMALL, **changes}), 3)
        assert all(lane is not None for *_, lane in drawn), "every draw says which lane it looks at"
        twice = {
            (block, lane, tuple(sorted(where)))
            for (_, _, block, _, lane), where in drawn.items()
            if len(places(block, lane, where)) > 1
        }
        assert twice == set()
        seen |= {block for _, _, block, _, _ in drawn}
    assert set(BLOCKS) - seen <= {luck.GO_LIVE}, "every block has been seen at work"
    source = "".join(path.read_text("utf-8") for path in REPLICA.glob("*.py"))
    uses = [source.count(f"luck.GO_LIVE)[{word}]") for word in range(4)]
    assert uses == [1, 1, 0, 0], "few are sold to in so small a company; each word has but one place"
