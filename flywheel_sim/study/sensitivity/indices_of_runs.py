"""Indices from a table of runs: which run is which part of its design, and what its row has in common."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.sensitivity.morris import morris_indices
from flywheel_sim.study.sensitivity.sobol import sobol_indices

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["analyzed"]

Floats = NDArray[np.float64]


def analyzed(
    table: "pd.DataFrame",
    parameters: Sequence[str],
    outcomes: Sequence[str],
    *,
    scenarios: Sequence[str] = (),
    levels: int = 4,
    once: bool = False,
) -> Sensitivity:
    """Return indices from a table of runs of a ``sobol`` or ``morris`` design.

    Parameters
    ----------
    table : DataFrame, one row per run
        Columns ``row`` (the base row or trajectory), ``part`` (Sobol: A, B, ``AB:<parameter>``, ``BA:<parameter>``;
        Morris: the parameter that moved, empty at the start), the parameters, the outcomes, and ``scenario`` where
        there is more than one.  The runs of a trajectory stand in their order, by ``run`` if there is such a column.
        Replicates are averaged.
    parameters, outcomes : sequences of str
    scenarios : sequence of str
        Two of them add the paired differences of the outcomes, the second less the first: the tornado of a verdict.
    levels : int
        Of a Morris design.
    once : bool
        Points of a row that are the same (whole numbers, names) stand in the table once, under their first part.

    Raises
    ------
    ScenarioError
        When the table is of no such design, or too many runs failed.
    """
    import pandas as pd

    if not {"row", "part"} <= set(table.columns):
        raise ScenarioError.single("expected the runs of a sobol or morris design, with their rows and parts")
    table = table.sort_values("run", kind="stable") if "run" in table.columns else table
    table = _with_repeats(table, parameters) if once else table
    names = list(scenarios) or [""]
    frames = [table[table["scenario"] == name] if name else table for name in names]
    missing = [name for name, frame in zip(names, frames, strict=True) if frame.empty]
    if missing:
        raise ScenarioError.single(f"the table has no runs of {', '.join(missing) or 'any scenario'}")
    points = [_points(frame, outcomes) for frame in frames]
    titles = [f"{outcome} ({name})" if len(names) > 1 else outcome for name in names for outcome in outcomes]
    if len(names) == 2:
        titles += [f"{outcome} (difference)" for outcome in outcomes]
        points.append(points[1] - points[0])
    values = pd.concat(points, axis=1)
    settings = frames[0].drop_duplicates(["row", "part"]).set_index(["row", "part"])[list(parameters)]
    places = settings.apply(_ranked)
    rows = list(dict.fromkeys(frames[0]["row"]))
    parts = set(table["part"])

    def at(part: str, of: "pd.DataFrame") -> Floats:
        index = pd.MultiIndex.from_product([rows, [part]])
        return np.asarray(of.reindex(index).to_numpy(np.float64))

    if "A" in parts and "B" in parts:
        mirrored = f"BA:{parameters[0]}" in parts
        return sobol_indices(
            at("A", values),
            at("B", values),
            np.array([at(f"AB:{p}", values) for p in parameters]),
            np.array([at(f"BA:{p}", values) for p in parameters]) if mirrored else None,
            parameters=parameters,
            outcomes=titles,
            places=(at("A", places), at("B", places)),
        )
    order = {row: list(frames[0].loc[frames[0]["row"] == row, "part"].unique()) for row in rows}
    walks = [row for row in rows if order[row][:1] == [""] and sorted(order[row][1:]) == sorted(parameters)]
    if not walks:
        raise ScenarioError.single("expected the runs of a sobol or morris design; no trajectory is complete")
    number = {parameter: p for p, parameter in enumerate(parameters)}
    moved = np.array([[number[part] for part in order[row][1:]] for row in walks])
    ranks = np.array([[places.loc[(row, part)].to_numpy(np.float64) for part in order[row]] for row in walks])
    ups = np.take_along_axis(np.diff(ranks, axis=1), moved[:, :, None], axis=2)[:, :, 0]
    size = (levels // 2) / (levels - 1)
    return morris_indices(
        moved,
        np.where(ups < 0, -size, size),
        np.array([[values.loc[(row, part)].to_numpy(np.float64) for part in order[row]] for row in walks]),
        parameters=parameters,
        outcomes=titles,
        luck=_luck(frames, outcomes),
    )


def _with_repeats(table: "pd.DataFrame", parameters: Sequence[str]) -> "pd.DataFrame":
    """Return the table with the points that were left out because they are the same as others of their row."""
    import pandas as pd

    names, sobol_design = list(parameters), "B" in set(table["part"]) or any(table["part"].str.startswith("AB:"))
    parts = ["A", "B", *(f"AB:{p}" for p in names)]
    parts += [f"BA:{p}" for p in names] if any(table["part"].str.startswith("BA:")) else []
    added = []
    keys = ["row", "scenario"] if "scenario" in table.columns else ["row"]
    for _, group in table.groupby(keys, sort=False):
        by_part = {part: some for part, some in group.groupby("part", sort=False)}
        if not sobol_design:
            # A step that changed nothing: where in the walk it stood does not matter.
            last = by_part[list(by_part)[-1]]
            added += [last.assign(part=p) for p in names if p not in by_part]
            continue
        if "A" not in by_part or len(by_part) == len(parts):
            continue
        at = {tuple(some[names].iloc[0]): some for some in by_part.values()}
        a = by_part["A"]
        b = by_part.get("B", a)
        for part in parts:
            if part not in by_part:
                start, _, moved = part.partition(":")
                one, other = (b, a) if start in ("B", "BA") else (a, b)
                values = tuple((other if p == moved else one)[p].iloc[0] for p in names)
                if values in at:
                    added.append(at[values].assign(part=part))
    return pd.concat([table, *added], ignore_index=True) if added else table


def _points(frame: "pd.DataFrame", outcomes: Sequence[str]) -> "pd.DataFrame":
    """Return mean outcomes by row and part; missing where a replicate is."""
    groups = frame.groupby(["row", "part"], sort=False)[list(outcomes)]
    return groups.mean().where(groups.count().eq(groups.size(), axis=0))


def _luck(frames: "Sequence[pd.DataFrame]", outcomes: Sequence[str]) -> Floats | None:
    """Return the variance of a point's mean by its replicates, averaged over points; None with one replicate a
    point.
    """
    columns = list(outcomes)
    count = int(frames[0].groupby(["row", "part"], sort=False).size().max())
    if count < 2:
        return None
    parts = [frame.set_index(["row", "part", "replicate"])[columns] for frame in frames]
    if len(parts) == 2:
        parts.append(parts[1] - parts[0])
    each = [part.groupby(level=["row", "part"], sort=False).var().mean().to_numpy() / count for part in parts]
    return np.concatenate(each)


def _ranked(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return numbers as they are; names by their order of appearance."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        return numbers.astype(float)
    order: Mapping[Any, int] = {value: k for k, value in enumerate(dict.fromkeys(column))}
    return column.map(order).astype(float)
