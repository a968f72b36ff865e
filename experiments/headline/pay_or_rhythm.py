"""Is it what teams are paid for, or that they meet?  A 2 x 2 experiment with the same luck in all four cells.

Pay: close-rate silos, or relationship quality and peers.  Rhythm: none, or a fortnightly group with common themes and a
shared map.  Prints the two main effects and their interaction on the value of the company, each a paired contrast with
its 95 % t interval.

    python experiments/headline/pay_or_rhythm.py [--replicates 40] [--seed 1]
"""

import argparse

import numpy as np
from scipy import stats

import flywheel_sim as fs

CELLS = {
    ("silo", "none"): "siloed-close-rate",
    ("relationship", "none"): "relationship-pay",
    ("silo", "group"): "close-rate-with-group",
    ("relationship", "group"): "relationship-flywheel",
}


def contrasts(values: dict[tuple[str, str], np.ndarray]) -> dict[str, np.ndarray]:
    """Per replicate: main effects (difference of means) and interaction (half the difference of differences)."""
    a, b = values["silo", "none"], values["relationship", "none"]
    c, d = values["silo", "group"], values["relationship", "group"]
    return {"pay": (b - a + d - c) / 2, "rhythm": (c - a + d - b) / 2, "interaction": (d - c - b + a) / 2}


def main(replicates: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """Run the four cells; returns mean and interval of each contrast, in dollars."""
    # every cell starts in the same established way of working, so that the contrast is not the cost of change
    scenarios = [fs.load(name).with_({"strategy.established": True}) for name in CELLS.values()]
    runs = fs.batch(scenarios, replicates=replicates, seed=seed, teams=False)
    values = {cell: np.array([run.summary["npv"] for run in row]) for cell, row in zip(CELLS, runs, strict=True)}
    found = {}
    print(f"{'contrast':<12} {'mean':>10}   95 % interval   (value over five years, {replicates} paired runs)")
    for name, x in contrasts(values).items():
        half = float(stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
        found[name] = (float(x.mean()), float(x.mean() - half), float(x.mean() + half))
        print(f"{name:<12} {x.mean() / 1e6:>+9.2f}m   {found[name][1] / 1e6:+.2f}m to {found[name][2] / 1e6:+.2f}m")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    main(arguments.replicates, arguments.seed)
