"""Workers whose outcomes are functions with a known optimum, with luck; by name so that other processes import them.

Paths of a scenario stand for the arguments, outcomes for what is looked for; the engine is not used.
"""

import os
import time
import zlib

import numpy as np

from flywheel_sim.execute.chunk import Chunk
from flywheel_sim.execute.rows import Rows

#: Real numbers of a scenario that stand for x1 .. x4, each asked for between 0 and 1.
X = ("ledger.discount_rate", "word_of_mouth.rate", "market.churn.mean", "market.price")
#: What each job does, and how much luck there is.
NOISE = 0.3


def rows_of(chunk: Chunk, function) -> Rows:
    """Rows of a chunk whose outcomes are ``function(changes, luck)``, luck normal and the same in all points."""
    if wait := float(os.environ.get("MADE_UP_WAIT", "0")):
        time.sleep(wait * len(chunk.jobs))
    found = []
    for job in chunk.jobs:
        luck = np.random.default_rng([job.seed, job.replicate]).normal(size=3)
        values = function(dict(job.changes), luck)
        outcomes = np.array([[values.get(name, np.nan) for name in chunk.outcomes]])
        none = np.zeros(0, np.int64)
        found.append(Rows(np.array([job.run]), outcomes, (None,), none, none, np.zeros((0, len(chunk.columns)))))
    return Rows(**(vars(Rows.joined(found)) | {"seconds": 1e-4 * len(found)}))


def x_of(changes, base=0.9):
    return np.array([changes.get(path, base) for path in X])


def sphere(chunk: Chunk) -> Rows:
    """npv = -|x - 0.3|^2, with luck of its own size and luck that depends on the point."""

    def value(changes, luck):
        x = x_of(changes)
        y = -((x - 0.3) ** 2).sum() + NOISE * luck[0] + 0.02 * luck[1] * np.sin(9 * x[0])
        return {"npv": y, "customers_end": x[0] + x[1]}

    return rows_of(chunk, value)


def rosenbrock(chunk: Chunk) -> Rows:
    """npv = Rosenbrock's function of the first two, least at (0.75, 0.75) in units where x = 4 (u - 0.5)."""

    def value(changes, luck):
        a, b = 4 * (x_of(changes)[:2] - 0.5)
        return {"npv": 100 * (b - a * a) ** 2 + (1 - a) ** 2 + 5 * luck[0]}

    return rows_of(chunk, value)


def zdt1(chunk: Chunk) -> Rows:
    """ZDT1 of Zitzler et al. (2000): the front is f2 = 1 - sqrt(f1)."""

    def value(changes, luck):
        x = x_of(changes)
        f, g = x[0], 1 + 9 * x[1:].mean()
        return {"npv": f + 0.1 * luck[0], "customers_end": g * (1 - np.sqrt(f / g)) + 0.1 * luck[1]}

    return rows_of(chunk, value)


def staff(chunk: Chunk) -> Rows:
    """npv = -|heads in sales - 7|, 8 as it stands; anything but 8 loses 20 more where overhead is above 70."""

    def value(changes, luck):
        sales = changes.get("teams.sales.headcount", 8)
        harm = 20.0 if sales != 8 and changes.get("ledger.overhead", 0.0) > 70 else 0.0
        return {"npv": -abs(sales - 7) - harm + luck[0]}

    return rows_of(chunk, value)


def risky(chunk: Chunk) -> Rows:
    """4 heads: npv 1 with little luck; 12: 1.5 with much; 8, as it stands: 0.  clv is the same, upside down."""

    def value(changes, luck):
        mean, spread = {4: (1.0, 0.1), 12: (1.5, 3.0)}.get(changes.get("teams.sales.headcount", 8), (0.0, 1.0))
        return {"npv": mean + spread * luck[0], "clv": -mean - spread * luck[0]}

    return rows_of(chunk, value)


_WEIGHTS = ("bookings", "churn", "csat")


def weights(chunk: Chunk) -> Rows:
    """Whole numbers and weights: best at 7 heads in sales and weights 0.2, 0.5, 0.3."""

    def value(changes, luck):
        sales = changes.get("teams.sales.headcount", 10)
        shares = np.array([changes.get(f"incentives.pay.sales.on.{name}", 1 / 3) for name in _WEIGHTS])
        return {"npv": -abs(sales - 7) - 10 * ((shares - [0.2, 0.5, 0.3]) ** 2).sum() + luck[0]}

    return rows_of(chunk, value)


def luck(chunk: Chunk) -> Rows:
    """Nothing but luck, and of each point its own: no point is better than another."""

    def value(changes, luck):
        own = np.random.default_rng(zlib.crc32(f"{sorted(changes.items())}{luck[0]}".encode()))
        return {"npv": own.normal()}

    return rows_of(chunk, value)


def growth(chunk: Chunk) -> Rows:
    """A company that grows by g = ln(100 x talk) in 104 weeks, with luck of sd 0.03 in g; each customer pays spend."""

    def value(changes, luck):
        g = np.log(100 * changes.get("word_of_mouth.rate", 0.02)) + 0.03 * luck[0]
        spend = changes.get("segments.all.spend", 9000.0)
        found = {}
        for name in chunk.outcomes:
            column, way = name.split(".")
            weeks = np.arange(1, int(way[2:]) + 1)
            customers = 100 * np.exp(g * weeks / 104)
            found[name] = customers[-1] if column == "customers" else spend / 52 * customers.sum()
        return found

    return rows_of(chunk, value)
