"""Stand-ins for what a worker runs, by name so that other processes can import them; the numbers need no engine."""

import os
import time
from pathlib import Path

import numpy as np

from flywheel_sim.execute.chunk import Chunk
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.versions import agree


def made_up(chunk: Chunk) -> Rows:
    """Numbers that depend on the run alone; fails, ends its process or waits where the point says so.

    ``ledger.overhead`` of a point stands for what happens: 1 raises, 2 ends the process, above 10 is milliseconds.
    """
    agree(chunk.code, "the driver runs", "install the same version")
    rows = []
    for job in chunk.jobs:
        what = dict(job.changes).get("ledger.overhead", 0.0)
        if what == 2:
            os._exit(3)
        if what > 10:
            time.sleep(what / 1000)
        luck = np.random.default_rng([job.seed, job.replicate])
        heads = dict(job.changes).get("teams.sales.headcount", 1)
        columns = len(chunk.columns)
        if what == 1:
            rows.append(Rows.lost([job.run], "ValueError: made to fail", len(chunk.outcomes), columns))
            continue
        week = np.arange(1, 4)
        outcomes = heads * luck.normal(size=(1, len(chunk.outcomes)))
        rows.append(
            Rows(np.array([job.run]), outcomes, (None,), np.full(3, job.run), week, luck.normal(size=(3, columns)))
        )
    return Rows(**(vars(Rows.joined(rows)) | {"seconds": 0.001 * len(rows)}))


def other_code(chunk: Chunk) -> Rows:
    """A worker with another engine."""
    return made_up(Chunk(chunk.code | {"engine": "0000"}, chunk.scenarios, chunk.jobs, chunk.outcomes))


def leave_a_trace(chunk: Chunk) -> Rows:
    """Writes its process and runs into the folder TRACES, then works for a moment."""
    for job in chunk.jobs:
        (Path(os.environ["TRACES"]) / f"{job.run}-{os.getpid()}").touch()
    time.sleep(0.02)
    return made_up(chunk)
