"""The hash of what a store holds: of every run and nothing else."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from flywheel_sim.execute.design_table import matrix

__all__ = ["content_hash"]


def content_hash(parts: Iterable[tuple[Any, Any]], outcomes: Sequence[str], columns: Sequence[str]) -> str:
    """Return the hash of finished runs, their series included.  Order, parts, repeats and what ran them do not matter.

    Parameters
    ----------
    parts : iterable of (pyarrow.Table, pyarrow.Table or None)
        Runs, and the weekly columns of the same runs.
    outcomes, columns : sequences of str
    """
    digests = []
    for table, weekly in parts:
        values = matrix(table, outcomes)
        series = b""
        cuts = np.zeros((table.num_rows, 2), np.int64)
        if weekly is not None:
            of = weekly.column("run").to_numpy()
            rows = np.column_stack([weekly.column("week").to_numpy(), matrix(weekly, columns)])
            order = np.lexsort((rows[:, 0], of))
            series, of = rows[order].astype("<f8").tobytes(), of[order]
            run = table.column("run").to_numpy()
            cuts = np.column_stack([np.searchsorted(of, run), np.searchsorted(of, run, side="right")])
            cuts *= 8 * rows.shape[1]
        ids, errors = table.column("run_id").to_pylist(), table.column("error").to_pylist()
        for k, (run_id, error) in enumerate(zip(ids, errors, strict=True)):
            digest = hashlib.sha256(f"{run_id}|{error or ''}|".encode())
            digest.update(values[k].astype("<f8").tobytes())
            digest.update(series[cuts[k, 0] : cuts[k, 1]])
            digests.append(digest.digest())
    return hashlib.sha256(b"".join(sorted(set(digests)))).hexdigest()
