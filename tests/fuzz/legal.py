"""Random scenarios that the schema allows, drawn from its own bounds, their ends included.

    python tests/fuzz/legal.py --count 10000 --seed 1

Each is a shipped company made small, with a handful of settings moved anywhere they may be.  It is run, and nothing it
tells may be NaN or infinite: not a column, not a direction of a team, not an account, and of the summary only what
`results.missing_values` declares, with its reason.
"""

import argparse
import collections
import functools
import math
import random
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import annotated_types as limits
import numpy as np

from flywheel_sim.results.missing_values import MAY_BE_MISSING
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import Shape, along, root

BASES = (
    "everything-on",
    "b2b-two-teams",
    "b2c-subscription",
    "b2b-saas",
    "nps-pay",
    "b2b-thirty-teams",
    "limits/a21-queue",
)
#: Left as they are: words, data to compare with, the timeline's own names, and what sets the size of a run.
APART = ("version", "title", "question", "description", "horizon_weeks", "axes", "observed", "frozen", "timeline",
         "market.accounts", "market.initial_customers", "market.network.degree", "vectors.substeps",
         "culture.learning.people", "culture.learning.practices")  # fmt: skip
#: No scenario came of so many draws in a row: the generator itself is at fault.
TRIES = 60
NUMBERS = (float, int)


def bounds(shape: Shape) -> tuple[float, float] | None:
    """Smallest and largest number that may stand at a path; None where no number may."""
    kind = (shape.kinds or ("",))[0]
    if "number" not in kind:
        return None
    low, high, metadata = -math.inf, math.inf, shape.metadata
    for limit in metadata:
        if isinstance(limit, limits.Ge):
            low = float(limit.ge)
        elif isinstance(limit, limits.Gt):
            low = math.nextafter(float(limit.gt), math.inf)
        elif isinstance(limit, limits.Le):
            high = float(limit.le)
        elif isinstance(limit, limits.Lt):
            high = math.nextafter(float(limit.lt), -math.inf)
    return low, high


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value of a resolved scenario with its path."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from leaves(entry, (*path, name))
    elif not isinstance(value, list):
        yield path, value


def number(luck: random.Random, low: float, high: float, now: float, whole: bool) -> float:
    """A number between two bounds: an end, one near what stands there, one of any size, or one anywhere."""
    how = luck.random()
    if how < 0.4:
        value = luck.choice((low, high))
    elif how < 0.6:
        value = now * luck.choice((0.0, 0.1, 0.5, 2.0, 10.0, 1000.0))
    elif how < 0.85:
        least = low if low > 0 else 1e-12
        value = math.exp(luck.uniform(math.log(least), math.log(max(high, least)))) if high > 0 else low
        value = -value if low < 0 and luck.random() < 0.5 else value
    else:
        value = luck.uniform(low, high)
    value = min(max(value, low), high)
    return round(value) if whole else value


@functools.cache
def company(name: str) -> Scenario:
    """A shipped company, read once."""
    return load(name)


@functools.cache
def candidates(name: str) -> tuple[tuple[tuple[str, ...], Any], ...]:
    """The settings of a company that may be moved."""
    found = leaves(company(name).resolved())
    return tuple((path, value) for path, value in found if not ".".join(path).startswith(APART))


def draw(luck: random.Random) -> Scenario:
    """A legal scenario."""
    model = root(ScenarioModel)
    for _ in range(TRIES):
        name = luck.choice(BASES)
        base = company(name)
        accounts = 2 * luck.randint(1, 100)
        changes: dict[str, Any] = {
            "horizon_weeks": luck.choice((1, 2, 8, 26, 53)),
            "market.accounts": accounts,
            "market.initial_customers": luck.randint(0, accounts),
            "market.network.degree": 1,
            "ledger.can_fail": luck.random() < 0.3,  # made small, most of them fail soon
            "vectors.substeps": luck.choice((1, 2, 4, 50)),
            "culture.learning.people": luck.randint(1, 8),
            "culture.learning.practices": luck.randint(1, 8),
        }
        if base.get("market.network.kind") in ("ring", "watts-strogatz"):
            changes["market.network.degree"] = 2
        if accounts == 2:
            changes |= {"market.network.kind": "complete", "word_of_mouth.talk_spread": 0}
        if base.get("timeline.changes") or base.get("timeline.customers"):
            changes["timeline.enabled"] = luck.random() < 0.5
        for path, now in luck.sample(candidates(name), luck.choice((1, 2, 4, 8, 16, 32, 64))):
            shape = along(model, path)
            if shape is None:
                continue
            dotted, ends = ".".join(path), bounds(shape)
            if shape.choices and isinstance(now, str):
                changes[dotted] = luck.choice(shape.choices)
            elif isinstance(now, bool):
                changes[dotted] = luck.random() < 0.7
            elif ends is not None and isinstance(now, NUMBERS):
                changes[dotted] = number(luck, *ends, now, "whole" in shape.kinds[0])
        found = legal(base, changes)
        if found is not None:
            return found
    raise RuntimeError(f"no legal scenario in {TRIES} draws")


def legal(base: Scenario, changes: dict[str, Any]) -> Scenario | None:
    """The base with the changes that may be made together."""
    for _ in range(6):
        try:
            return base.with_(changes)
        except ScenarioError as error:
            fields = {problem.field for problem in error.problems}
            left = {
                path: value
                for path, value in changes.items()
                if not any(f"{path}.".startswith(f"{field}.") or f"{field}.".startswith(f"{path}.") for field in fields)
            }
            if len(left) == len(changes):  # the fault lies where nothing was changed: take one change back
                left.popitem()
            changes = left
    return None


def faults(scenario: Scenario, seed: int) -> list[str]:
    """What is not a number in what a run tells; empty when all is."""
    from flywheel_sim.execute.run import run

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".* has no effect", UserWarning)  # drawn values need not act
        result = run(scenario, seed, workers=1)
        summary, missing = result.summary, result.missing
    arrays, found = result.arrays, []
    for name, table in (("initial", arrays.initial), ("teams", arrays.teams), ("life", arrays.life)):
        if table is not None and not np.isfinite(table).all():
            found.append(f"{name} holds what is no number")
    for column in ("revenue", "cost", "profit"):
        if not np.isfinite(result.customers[column].dropna()).all():
            found.append(f"customers.{column} holds what is no number")
    for key, value in summary.items():
        if not math.isfinite(value) and key not in MAY_BE_MISSING:
            found.append(f"summary.{key} is {value}")
        if (not math.isfinite(value)) != (key in missing):
            found.append(f"summary.{key} is {value}, and its reason is {missing.get(key)!r}")
    return found


def attempt(seed: int) -> tuple[Scenario, list[str], float]:
    """Draw the scenario of this seed and run it; what failed, and how long it took."""
    scenario = draw(random.Random(seed))
    before = time.perf_counter()
    try:
        found = faults(scenario, seed)
    except Exception as error:
        found = [f"{type(error).__name__}: {error}"]
    return scenario, found, time.perf_counter() - before


def main() -> int:
    """Run many, say what failed, and how to see it again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, help="print the changes of this one scenario and run it")
    given = parser.parse_args()
    if given.show is not None:
        scenario, found, seconds = attempt(given.show)
        print(scenario.name, scenario.changes, *found, f"{seconds:.2f} s", sep="\n")
        return bool(found)
    kinds: collections.Counter[str] = collections.Counter()
    first: dict[str, int] = {}
    slowest, bad = (0.0, 0), 0
    for number_of in range(given.seed, given.seed + given.count):
        _, found, seconds = attempt(number_of)
        slowest, bad = max(slowest, (seconds, number_of)), bad + bool(found)
        for text in found:
            kind = text.split("seed")[0] + text.split("column")[-1][:60]
            kinds[kind] += 1
            if first.setdefault(kind, number_of) == number_of:
                print(f"{number_of}: {text}", flush=True)
    for kind, count in kinds.most_common():
        print(f"{count:6d}  {kind}  (first: --show {first[kind]})")
    print(f"{bad} of {given.count} failed; slowest {slowest[0]:.1f} s (--show {slowest[1]})")
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main())
