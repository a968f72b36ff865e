"""The customers of a block side by side: names of the rows of the three tables that hold them for the length of a week.

A table has a column for each customer of the block, in the order of the accounts, so that a pass of plain arithmetic
can go through sixteen of them at a time.
"""

from collections import namedtuple
from typing import Any

from flywheel_sim.engine.bundle import names

__all__ = ["LANES", "LOT", "NUM", "WHO"]

#: Numbers of 32 bits that a processor takes at once, at most.
LANES = 16

#: Rows of ``num``, real numbers: memory; the effort of this week, mean number of issues; rates of a better and of a
#: worse voice, chance of either; shares of promoters and detractors in a survey.
NUM: Any = names(
    namedtuple(
        "NUM",
        (
            "relationship", "effort", "recent", "history", "fit", "shock", "mean", "rise", "fall", "turn",
            "promoter", "detractor",
        ),
    )(*range(12))
)  # fmt: skip
#: Rows of ``who``, whole numbers: place in the block; what it is; failed touches, whether anybody was in touch, and
#: whether service, expansion (perhaps) or a change of voice needs a look; and the columns of those whom service looks
#: at.
WHO: Any = names(
    namedtuple(
        "WHO",
        ("place", "age", "segment", "status", "referred", "open", "failed", "contact", "busy", "expands", "turns",
         "marked"),
    )(*range(12))
)  # fmt: skip
#: Rows of ``lot``, random words: the lanes of LIFE, then of the touchpoints, four at a time, of CHANNEL and of POINTS.
LOT: Any = names(
    namedtuple(
        "LOT",
        ("exit", "voice", "expand", "issues", "touch0", "touch1", "touch2", "touch3", "channel0", "channel1",
         "channel2", "channel3", "joins", "redeems", "points2", "points3"),
    )(*range(16))
)  # fmt: skip
