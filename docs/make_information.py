"""Make the tables of ``docs/doubt.md`` on the value of information again: ``python docs/make_information.py``.

What was measured comes from ``docs/measured/information.json``, where ``python docs/make_information.py --measure``
puts it: data sets whose truth is known, estimated as a comparison over worlds does it.  A test compares, so nothing
can drift.
"""

import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.world_draws import WorldDraws
from flywheel_sim.study.worlds.shrinkage import shrink
from flywheel_sim.study.worlds.value_of_information import candidates, evpi

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "doubt.md"
MEASURED = ROOT / "docs" / "measured" / "information.json"
Floats = NDArray[np.float64]

#: Data sets of each case.
SETS, MANY = 40, 400
#: Inputs, mechanisms, correlation and mean of the difference in standard deviations of the worlds.
INPUTS, GROUPS, RHO, MEAN = 100, 10, 0.7, 0.3


def one(seed: int, worlds: int, luck: float, rho: float) -> tuple[WorldDraws, Floats]:
    """Return a normal difference that goes with input 0 by rho, with another mechanism's input for the rest."""
    draw = np.random.default_rng([seed, worlds, round(10 * luck), round(10 * rho)])
    x = draw.normal(size=(worlds, INPUTS))
    y = MEAN + rho * x[:, 0] + (math.sqrt(1 - rho**2) * x[:, -1] if rho else 0.0) + luck * draw.normal(size=worlds)
    names = [f"m{k * GROUPS // INPUTS}.x{k}" for k in range(INPUTS)]
    return WorldDraws(x, names, names, [name.partition(".")[0] for name in names]), y


def estimated(worlds: int, luck: float, rho: float) -> dict[str, Any]:
    """Return what estimates of an input's mechanism come to, and how often a mechanism without effect is found."""
    sys.path.insert(0, str(ROOT / "experiments" / "calibration"))
    from normal_difference import normal_information

    values, found, false, best = [], 0, 0, []
    for seed in range(SETS):
        draws, y = one(seed, worlds, luck, rho)
        groups = {
            name: [p for p, g in zip(draws.paths, draws.groups, strict=True) if g == name]
            for name in dict.fromkeys(draws.groups)
        }
        first, *others = candidates(draws, y, None, groups, seed)
        idle = others[:-1] if rho else [first, *others]
        values.append(first.value)
        found += first.distinguishable and rho > 0
        false += any(other.distinguishable for other in idle)
        best.append(sum(sorted((other.value for other in idle), reverse=True)[:3]))
    spread = np.std(values, ddof=1)
    return {
        "worlds": worlds, "luck": luck, "rho": rho, "true": normal_information(MEAN, rho),
        "mean": float(np.mean(values)), "error": float(spread / math.sqrt(SETS)), "spread": float(spread),
        "found": found / SETS, "false": false / SETS, "best_idle": float(np.mean(best)),
    }  # fmt: skip


def in_sample(worlds: int = 200, inputs: int = 380) -> float:
    """Return what the best three of cubic fits in sample claim of the EVPI, where nothing matters."""
    shares = []
    for seed in range(SETS):
        draw = np.random.default_rng([seed, 380])
        x, y = draw.normal(size=(worlds, inputs)), MEAN + draw.normal(size=worlds)
        fits = [np.polyval(np.polyfit(x[:, k], y, 3), x[:, k]) for k in range(inputs)]
        best = sorted((np.mean(np.maximum(fit, 0)) - max(y.mean(), 0.0) for fit in fits), reverse=True)[:3]
        shares.append(sum(best) / evpi(y))
    return float(np.mean(shares))


def shrunken(name: str, make: Callable[[np.random.Generator, int], Floats], again: int) -> dict[str, Any]:
    """Return shares of better worlds: true, as runs show them, with luck taken out, and of best guesses."""
    rows = []
    for seed in range(MANY):
        draw = np.random.default_rng([seed, again])
        truth, world = make(draw, 200), np.r_[0:200, 0:again]
        runs = truth[world] + 2.0 * draw.normal(size=len(world))
        found = shrink(runs, world)
        rows.append([np.mean(v > 0) for v in (truth, runs[:200], found.effects, found.guesses)] + [found.n_eff])
    table = np.array(rows)
    true, raw, shrunk, guesses = table[:, :4].mean(axis=0)
    return {
        "worlds": name, "again": again, "true": true, "raw": raw, "shrunk": shrunk, "guesses": guesses,
        "spread": float(table[:, 2].std(ddof=1)), "n_eff": float(np.median(table[:, 4])),
        "claimed": float(np.median(np.sqrt(shrunk * (1 - shrunk) / table[:, 4]))),
    }  # fmt: skip


#: Worlds whose mean is 1 and whose standard deviation is 1.
KINDS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda draw, n: draw.normal(1.0, 1.0, n),
    "skewed (exponential)": lambda draw, n: draw.exponential(1.0, n),
    "two kinds (one in five loses)": lambda draw, n: np.where(draw.random(n) < 0.2, -1.0, 1.5),
}


def measure() -> None:
    """Measure every case: some ten minutes on one core."""
    cases = [(n, luck, RHO) for n in (200, 1000) for luck in (0.0, 0.5, 2.0)] + [(n, 1.0, 0.0) for n in (200, 1000)]
    answer = {
        "estimates": [estimated(*case) for case in cases],
        "in_sample": in_sample(),
        "shares": [shrunken(name, make, again) for name, make in KINDS.items() for again in (20, 60, 200)],
    }
    MEASURED.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


def answer() -> dict[str, Any]:
    """Return what was measured."""
    found: dict[str, Any] = json.loads(MEASURED.read_text("utf-8"))
    return found


def information() -> str:
    """Return the table of estimates."""
    found = answer()
    rows = [
        "| worlds | luck | true | mean of the estimates | bias | of one data set | found | nothing found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for x in found["estimates"]:
        found_in = f"{100 * x['found']:.0f} %" if x["rho"] else ""
        bias = f"{100 * (x['mean'] / x['true'] - 1):+.0f} %" if x["rho"] else ""
        rows.append(
            f"| {x['worlds']:,} | {x['luck']:g} | {x['true']:.3f} | {x['mean']:.3f} ± {x['error']:.3f} | {bias} | "
            f"± {x['spread']:.3f} | {found_in} | {100 * x['false']:.0f} % |"
        )
    told = (
        f"{SETS} data sets a row, {INPUTS} inputs in {GROUPS} mechanisms, the difference {MEAN:g} on average; all "
        f"in standard deviations of the worlds. *Found*: the mechanism that matters is told apart from nothing; "
        f"*nothing found*: so is any mechanism that does not matter. Cubic fits in sample would have the best three of "
        f"380 inputs, none of which matters, claim {100 * found['in_sample']:.0f} % of the EVPI in 200 worlds."
    )
    return "\n".join([*rows, "", told])


def shares() -> str:
    """Return the table of shares."""
    rows = [
        "| worlds | run twice | true | as run | luck taken out | best guesses | of one data set | claimed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {x['worlds']} | {x['again']} of 200 | {100 * x['true']:.1f} | {100 * x['raw']:.1f} | "
        f"{100 * x['shrunk']:.1f} | {100 * x['guesses']:.1f} | ± {100 * x['spread']:.1f} | ± {100 * x['claimed']:.1f} |"
        for x in answer()["shares"]
    ]
    return "\n".join(
        [*rows, "", f"Better worlds of 100, means of {MANY} data sets of 200 worlds whose luck is twice their spread."]
    )


TABLES = {"information": information, "shares": shares}


def page(text: str) -> str:
    """Return the page with its tables made again."""
    for name, make in TABLES.items():
        whole = re.compile(rf"(<!-- made: {name} -->)\n?.*?\n?(<!-- end -->)", flags=re.S)
        text, count = whole.subn(lambda found, make=make: f"{found[1]}\n{make()}\n{found[2]}", text)
        assert count == 1, f"doubt.md has no place for {name}"
    return text


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure()
    TARGET.write_text(page(TARGET.read_text("utf-8")), encoding="utf-8")
