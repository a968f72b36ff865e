"""A design as rows of a table, and rows of it as what to run.

A column of ``design.parquet`` that holds a value set in the scenario says so in its metadata: the path, and whether its
values stand there as they are or, where they are of several kinds, as JSON.
"""

import json
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.chunk import Job
from flywheel_sim.execute.design import Design, Names

__all__ = ["design_table", "jobs_of", "joined", "matrix"]

_FIXED = ("run", "point", "run_id", "scenario", "seed", "replicate")
_KINDS = {"run_id": "string", "scenario": "string"}
_PLAIN = {bool: "bool", int: "int64", float: "float64", str: "string"}
_UNSET: Any = type("Unset", (), {"__repr__": lambda self: "unset"})()


def design_table(
    design: Design,
    names: Callable[[str], Names],
    seed: int,
    first_run: int = 0,
    first_point: int = 0,
    known: Container[str] | None = None,
) -> tuple[Any, list[str]]:
    """Return the runs of a design as a table.

    Parameters
    ----------
    design : Design
    names : callable
        Names of the runs of a scenario, by its name; ``""`` means the first one.
    seed : int
        Root of the luck.
    first_run, first_point : int
        Numbers of the first row and of the first point.
    known : container of str, optional
        Names of runs that have rows already; then only what is new gets one, and only one.  Otherwise every run that is
        asked for has a row, equal ones included.

    Returns
    -------
    table : pyarrow.Table
    ids : list of str
        Names of all the runs asked for, points first, replicates inside.
    """
    import pyarrow as pa

    rows: dict[str, list[Any]] = {name: [] for name in _FIXED}
    marks = list(dict.fromkeys(name for point in design.points for name in point.marks))
    paths = list(dict.fromkeys(path for point in design.points for path in point.changes))
    values: dict[str, list[Any]] = {name: [] for name in (*marks, *paths)}
    ids: list[str] = []
    fresh: set[str] = set()
    for position, point in enumerate(design.points):
        of = names(point.scenario)
        scenario_hash = of.hash_of(point.changes)
        for replicate in range(point.first, point.first + design.replicates):
            run_id = of.run_id(scenario_hash, seed, replicate)
            ids.append(run_id)
            if known is not None and (run_id in known or run_id in fresh):
                continue
            fresh.add(run_id)
            numbers = (first_run + len(rows["run"]), first_point + position)
            fixed = (*numbers, run_id, of.name, seed, replicate)
            for column, value in zip(_FIXED, fixed, strict=True):
                rows[column].append(value)
            for mark in marks:
                values[mark].append(point.marks.get(mark))
            for path in paths:
                values[path].append(point.changes.get(path, _UNSET))
    columns = [pa.array(rows[name], pa.type_for_alias(_KINDS.get(name, "int64"))) for name in _FIXED]
    fields = [pa.field(name, column.type) for name, column in zip(_FIXED, columns, strict=True)]
    for name in (*marks, *paths):
        column, how = _column(values[name])
        columns.append(column)
        fields.append(pa.field(name, column.type, metadata={"path": name, "how": how} if name in paths else None))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields)), ids


def jobs_of(table: Any, which: NDArray[np.int64]) -> list[Job]:
    """Return the jobs of some rows of a design's table, one run each."""
    rows = table.take(which)
    fixed = (rows.column(name).to_pylist() for name in ("run", "scenario", "seed", "replicate", "run_id"))
    set_here = [
        (field.name, _values(rows.column(field.name), field))
        for field in rows.schema
        if field.metadata and b"path" in field.metadata
    ]
    return [
        Job(
            run=run,
            scenario=scenario,
            changes=tuple((path, v[k]) for path, v in set_here if v[k] is not _UNSET),
            seed=seed,
            replicate=replicate,
            run_id=name,
        )
        for k, (run, scenario, seed, replicate, name) in enumerate(zip(*fixed, strict=True))
    ]


def _column(values: Sequence[Any]) -> tuple[Any, str]:
    """Return values as a column, and how to read them: as they are, or as JSON where they are of several kinds."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not _UNSET}
    if kinds == {int, float}:
        # whole numbers among others are the same numbers to a scenario
        kinds = {float}
        values = [value if value is _UNSET else float(value) for value in values]
    if len(kinds) <= 1 and kinds <= set(_PLAIN):
        kind = _PLAIN[next(iter(kinds))] if kinds else "float64"
        return pa.array([None if value is _UNSET else value for value in values], pa.type_for_alias(kind)), "plain"
    return pa.array([None if value is _UNSET else json.dumps(value) for value in values], pa.string()), "json"


def _values(column: Any, field: Any) -> list[Any]:
    read = json.loads if field.metadata.get(b"how") == b"json" else (lambda value: value)
    return [_UNSET if value is None else read(value) for value in column.to_pylist()]


def joined(parts: Sequence[Any]) -> Any:
    """Return several tables of designs as one; a column that is of another kind in each stands there as JSON."""
    import pyarrow as pa

    kinds: dict[str, set[str]] = {}
    for part in parts:
        for field in part.schema:
            kinds.setdefault(field.name, set()).add(str(field.type))
    mixed = [name for name, types in kinds.items() if len(types) > 1 and not types <= {"int64", "double"}]
    tables = []
    for part in parts:
        for name in mixed:
            at = part.schema.get_field_index(name)
            if at >= 0 and (field := part.schema.field(at)).metadata.get(b"how") == b"plain":
                texts = [None if value is None else json.dumps(value) for value in part.column(at).to_pylist()]
                part = part.set_column(at, pa.field(name, pa.string()), pa.array(texts, pa.string()))
        tables.append(part.replace_schema_metadata(None))
    return pa.concat_tables(tables, promote_options="permissive")


def matrix(table: Any, names: Sequence[str]) -> NDArray[np.float64]:
    """Return some columns of a table as float64 array, shape (rows, names); every NaN is the same."""
    values = np.empty((table.num_rows, len(names)))
    for k, name in enumerate(names):
        values[:, k] = table.column(name).to_numpy()
    values[np.isnan(values)] = np.nan
    return values
