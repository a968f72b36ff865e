"""What does common luck save when the best of eight pay schemes is chosen with a 95 % guarantee?

The eight shipped schemes whose names end in ``-pay`` are run with common luck.  The choice by Kim and Nelson's
procedure (first stage of 10, one run at a time, at most 1 000 each) is then repeated many times on runs drawn from
these: the same numbers for all schemes (common luck), or other numbers for each (independent seeds, as replicates are
independent of one another).  Told are the runs that both ways take, and how often the chosen scheme is the best or
within the indifference zone of it.

    python experiments/headline/best_of_eight.py --replicates 120
"""

import argparse

import numpy as np

import flywheel_sim as fs
from flywheel_sim.study.comparison.sequential import kim_nelson

LIMIT = 1000


def cost(
    values: np.ndarray, indifference: float, trials: int = 200, *, common: bool, seed: int = 1
) -> dict[str, float]:
    """Runs that the choice takes, and how often it is right.

    Parameters
    ----------
    values : float64 array, shape (schemes, replicates)
        Outcomes with common luck.
    common : bool
        Draw the same replicates for all schemes.
    """
    luck = np.random.default_rng(seed)
    means = values.mean(axis=1)
    totals, right = [], 0
    for _ in range(trials):
        drawn = luck.integers(values.shape[1], size=(1 if common else len(values), LIMIT))
        sample = np.take_along_axis(values, np.broadcast_to(drawn, (len(values), LIMIT)), axis=1)
        found = kim_nelson(
            lambda systems, first, count, of=sample: of[list(systems), first : first + count], len(values),
            indifference=indifference, first_stage=10, step=1, limit=LIMIT,
        )  # fmt: skip
        totals.append(found.total)
        right += bool(means[found.best] >= means.max() - indifference)
    return {
        "mean": float(np.mean(totals)),
        "low": float(np.quantile(totals, 0.1)),
        "high": float(np.quantile(totals, 0.9)),
        "right": right / trials,
    }


def main(replicates: int = 120, seed: int = 1, zones: tuple[float, ...] = (2e5, 3e5, 5e5)) -> dict[float, dict]:
    """Print the means of the schemes and, for every zone, what both ways cost."""
    names = [name for name in fs.scenarios() if name.endswith("-pay")]
    values = np.array(
        [[run.summary["npv"] for run in runs] for runs in fs.batch(names, replicates=replicates, seed=seed)]
    )
    for name, row in sorted(zip(names, values, strict=True), key=lambda pair: -pair[1].mean()):
        print(f"{name:20s} mean {row.mean() / 1e6:8.2f}M   sd {row.std(ddof=1) / 1e6:6.2f}M")
    correlation = np.corrcoef(values)[np.triu_indices(len(values), 1)]
    print(f"correlation of two schemes under common luck: median {np.median(correlation):.2f}")
    found = {}
    for zone in zones:
        both = {way: cost(values, zone, common=way == "common") for way in ("common", "independent")}
        ratio = both["independent"]["mean"] / both["common"]["mean"]
        found[zone] = {**both, "ratio": ratio}
        told = ", ".join(
            f"{way} {one['mean']:.0f} runs ({one['low']:.0f} to {one['high']:.0f}), right {one['right']:.3f}"
            for way, one in both.items()
        )
        print(f"indifference ${zone / 1e3:.0f}k: {told}; ratio {ratio:.1f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    main(given.replicates, given.seed)
