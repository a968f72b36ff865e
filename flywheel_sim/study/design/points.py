r"""From a study to the points of its design.

Points are laid in the unit cube and carried to values: a list of values in equal shares, a range evenly or evenly in
its logarithm, a distribution by its quantiles; whole numbers in equal shares of the range.

grid
    Every combination; a range at ``levels`` even steps, ends included; a distribution at the middles of ``levels``
    equal shares.
lhs
    Latin hypercube: each parameter has one point in each of n equal shares (McKay, Beckman and Conover 1979).
sobol
    Saltelli's scheme for variance-based indices on scrambled Sobol' sequences: of n base rows, matrices A and B, and
    for each parameter A with that parameter's column of B (``AB:path``); with ``second_order`` also B with that of A
    (Saltelli 2002).  n (d + 2) or n (2 d + 2) points.
morris
    r trajectories of d + 1 points, each step moving one parameter by :math:`\Delta = p / (2 (p - 1))` (Morris 1991).
table
    The points themselves, as rows or a CSV file.

In sobol and morris, the points of one base row or trajectory share their luck and no others do: differences within a
row are the parameters' doing, and the spread over rows holds the luck's.  Elsewhere replicate k has the same luck in
every point.
"""

import csv
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.outcome import beyond
from flywheel_sim.scenario import Problem, ScenarioError
from flywheel_sim.scenario.numbers import Unreadable, decimal_of, number
from flywheel_sim.scenario.reading import scalar
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.blocks import ParameterBlock
from flywheel_sim.study.calibration.observed_table import split_head, twice
from flywheel_sim.study.design.study import Study

__all__ = ["MOST_RUNS", "drawn", "laid", "of_unit_points"]

#: More runs than this are a slip of the pen.
MOST_RUNS = 20_000_000
#: Points that are made into scenarios before the first run, to see whether they fit.
TRIED = 200

Floats = NDArray[np.float64]
Values = Mapping[str, Sequence[Any]]


def laid(study: Study) -> Design:
    """Return the design of a study, its points checked against the scenarios.

    Raises
    ------
    ScenarioError
        When a value or a combination of values is none the scenario can have.

    Examples
    --------
    >>> from flywheel_sim.study.design.study_file import read_study
    >>> study = read_study({"scenario": "b2b-saas", "parameters": {"teams.sales.headcount": [6, 8]}, "replicates": 5})
    >>> laid(study).runs
    10
    """
    file, kind = study.file, study.file.design.kind
    _not_too_many(study)
    rows = _table(study) if kind == "table" else _LAYERS[kind](study)
    points = [
        Point(changes, name if len(study.scenarios) > 1 else "", row * file.replicates, marks)
        for changes, row, marks in rows
        for name in study.scenarios
    ]
    if (len(points) and max(point.first for point in points) + file.replicates) > 2**32:
        raise ScenarioError.single("more than 2^32 replicates", field="replicates")
    problems = [*_misfits(study, points), *_beyond(study, points)]
    if problems:
        raise ScenarioError(problems)
    return Design(points, file.replicates)


def _beyond(study: Study, points: Sequence[Point]) -> Iterator[Problem]:
    """Yield outcomes that look at weeks which some runs do not have."""
    own = {name: scenario.model.horizon_weeks for name, scenario in study.scenarios.items()}
    horizons = [
        point.changes.get("horizon_weeks", own.get(point.scenario, study.base.model.horizon_weeks)) for point in points
    ]
    shortest = min((weeks for weeks in horizons if isinstance(weeks, int | float)), default=math.inf)
    for k, name in enumerate(study.file.outcomes):
        if wrong := beyond(name, shortest):
            yield study.problem(("outcomes", str(k)), *wrong)


def drawn(study: Study) -> list[dict[str, Any]]:
    """Return what the points of a study set, for analyses that run them their own way.

    Raises
    ------
    ScenarioError
        When a value or a combination of values is none the scenario can have.
    """
    kind = study.file.design.kind
    _not_too_many(study)
    points = [changes for changes, _, _ in (_table(study) if kind == "table" else _LAYERS[kind](study))]
    problems = _misfits(study, [Point(changes) for changes in points])
    if problems:
        raise ScenarioError(problems)
    return points


def of_unit_points(study: Study, unit: Floats, rows: Sequence[int] | NDArray[np.int64]) -> Design:
    """Return the design that has these points of the unit cube, for analyses that lay their own.

    Parameters
    ----------
    study : Study
    unit : float64 array, shape (m, parameters)
        Shares in [0, 1], parameters in the order of the study.
    rows : int array, shape (m,)
        Points of one row share their luck, points of different rows do not.

    Returns
    -------
    Design
        m points, times the scenarios of the study, each with the study's replicates.

    Examples
    --------
    >>> from flywheel_sim.study.design.study_file import read_study
    >>> talk = {"word_of_mouth.rate": {"range": [0.01, 0.03]}}
    >>> study = read_study({"scenario": "b2b-saas", "parameters": talk, "design": {"kind": "lhs", "points": 1}})
    >>> [list(point.changes.values()) for point in of_unit_points(study, np.array([[0.0], [1.0]]), [0, 0]).points]
    [[0.01], [0.03]]
    """
    several, count = len(study.scenarios) > 1, study.file.replicates
    points = [
        Point(_spread(study, values), name if several else "", int(row) * count, {"row": int(row)})
        for values, row in zip(_carried(study, np.asarray(unit, np.float64)), rows, strict=True)
        for name in study.scenarios
    ]
    return Design(points, count)


Laid = Iterator[tuple[dict[str, Any], int, dict[str, Any]]]


def _not_too_many(study: Study) -> None:
    design, d = study.file.design, len(study.parameters)
    counts = {
        "grid": float(np.prod([float(len(b.values) or b.levels) for b in study.parameters.values()] or [1.0])),
        "lhs": design.points,
        "sobol": design.points * (2.0 * d + 2 if design.second_order else d + 2.0),
        "morris": design.points * (d + 1.0),
        "table": len(design.rows),
    }
    runs = counts[design.kind] * study.file.replicates * len(study.scenarios)
    if runs > MOST_RUNS:
        message = f"this design has {runs:,.0f} runs, more than {MOST_RUNS:,}; take fewer values, points or replicates"
        raise ScenarioError([study.problem(("design",), message)])


def _grid(study: Study) -> Laid:
    axes = []
    for path, block in study.parameters.items():
        if block.values:
            axes.append(list(block.values))
        else:
            ends = (np.arange(block.levels) + 0.5) / block.levels
            u = np.linspace(0.0, 1.0, block.levels) if block.range else ends
            axes.append(list(dict.fromkeys(_carrier(study, path, block, whole_ends=True)(u))))
    for combination in itertools.product(*axes):
        yield _spread(study, combination), 0, {}


def _lhs(study: Study) -> Laid:
    from scipy.stats import qmc

    sampler = qmc.LatinHypercube(len(study.parameters), rng=np.random.default_rng(study.file.design.seed))
    for values in _carried(study, sampler.random(study.file.design.points)):
        yield _spread(study, values), 0, {}


def _sobol(study: Study) -> Laid:
    from scipy.stats import qmc

    n, d, design = study.file.design.points, len(study.parameters), study.file.design
    # one sequence of 2 d dimensions, so that A and B are laid against each other
    both = qmc.Sobol(2 * d, scramble=True, rng=np.random.default_rng(design.seed)).random(n)
    a, b = both[:, :d], both[:, d:]
    parts: list[tuple[str, Floats]] = [("A", a), ("B", b)]
    for name, one, other in (("AB", a, b), ("BA", b, a)):
        for k, path in enumerate(study.parameters):
            if name == "AB" or design.second_order:
                mixed = one.copy()
                mixed[:, k] = other[:, k]
                parts.append((f"{name}:{path}", mixed))
    values = [list(_carried(study, unit)) for _, unit in parts]
    for row in range(n):
        for (part, _), column in zip(parts, values, strict=True):
            yield _spread(study, column[row]), row, {"row": row, "part": part}


def _morris(study: Study) -> Laid:
    design, paths = study.file.design, list(study.parameters)
    luck, d, levels = np.random.default_rng(design.seed), len(study.parameters), study.file.design.levels
    step = levels // 2
    units = np.empty((design.points, d + 1, d))
    moved = np.empty((design.points, d), int)
    for r in range(design.points):
        at = luck.integers(0, levels, d)
        moved[r] = luck.permutation(d)
        units[r, 0] = at
        for s, k in enumerate(moved[r]):
            at = at.copy()
            up = at[k] + step < levels
            down = at[k] - step >= 0
            at[k] += step if up and (not down or luck.random() < 0.5) else -step
            units[r, s + 1] = at
    values = list(_carried(study, units.reshape(-1, d) / (levels - 1), discrete=levels))
    for r in range(design.points):
        for s in range(d + 1):
            part = "" if s == 0 else paths[moved[r, s - 1]]
            yield _spread(study, values[r * (d + 1) + s]), r, {"row": r, "part": part}


_LAYERS: dict[str, Callable[[Study], Laid]] = {"grid": _grid, "lhs": _lhs, "sobol": _sobol, "morris": _morris}


def _table(study: Study) -> Laid:
    design = study.file.design
    rows = design.rows or _csv(study)
    for row in rows:
        yield dict(row), 0, {}


def _csv(study: Study) -> list[dict[str, Any]]:
    """Return the rows of a table's file; an empty cell leaves the scenario's own value."""
    path, here = study.folder / study.file.design.file, ("design", "file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sign = split_head(file.readline())
            file.seek(0)
            whole = list(csv.reader(file, delimiter=sign))
    except FileNotFoundError:
        raise ScenarioError([study.problem(here, f"no such file: {path}")]) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError([study.problem(here, f"cannot be read: {error}")]) from None
    lines = [(k, cells) for k, cells in enumerate(whole, 1) if any(cell.strip() for cell in cells)]
    if len(lines) < 2:
        raise ScenarioError([study.problem(here, f"expected a line of paths and at least one row in {path}")])
    names = [cell.strip() for cell in lines[0][1]]
    if again := twice(names):
        message = f"the path '{again[0]}' stands over two columns of {path}"
        raise ScenarioError([study.problem(here, message)])
    decimal = study.file.design.decimal
    try:
        decimal or decimal_of(cell for _, cells in lines[1:] for cell in cells)
    except Unreadable as error:
        message = f"{error.said}; say what the decimal sign of {path} is with decimal: '.' or ','"
        if study.searches:
            message = message.replace("decimal:", "draws_decimal:")
        raise ScenarioError([study.problem(here, message)]) from None
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            problems.append(Problem(str(path), line, 1, "", f"expected {len(names)} cells, got {len(cells)}"))
            continue
        try:
            row = {name: _cell(cell.strip(), decimal) for name, cell in zip(names, cells, strict=True) if cell.strip()}
        except ValueError as error:
            problems.append(Problem(str(path), line, 1, "", str(error)))
            continue
        rows.append(row)
    if problems:
        raise ScenarioError(problems)
    return rows


def _cell(text: str, decimal: str) -> Any:
    """Return a number with the decimal sign that was stated, or a plain scalar.

    Examples
    --------
    >>> _cell("11.584", ","), _cell("11.584", ""), _cell("ring", ",")
    (11584.0, 11.584, 'ring')
    """
    try:
        return number(text, decimal) if decimal else scalar(text)
    except Unreadable:
        return scalar(text)


def _spread(study: Study, values: Sequence[Any]) -> dict[str, Any]:
    """Return values by path, the paths that share one included."""
    by_path: dict[str, Any] = {}
    for (path, block), value in zip(study.parameters.items(), values, strict=True):
        for other in (path, *block.also):
            by_path[other] = value
    return by_path


def _carried(study: Study, unit: Floats, discrete: int = 0) -> Iterator[tuple[Any, ...]]:
    """Return rows of values from points of the unit cube.

    ``discrete``: the points lie on so many levels with ends; a distribution then takes the middles of equal shares.
    """
    columns = []
    for k, (path, block) in enumerate(study.parameters.items()):
        u = unit[:, k]
        if discrete and not block.range:
            u = (np.rint(u * (discrete - 1)) + 0.5) / discrete
        columns.append(_carrier(study, path, block, whole_ends=bool(discrete))(u))
    return zip(*columns, strict=True)


def _carrier(study: Study, path: str, block: ParameterBlock, *, whole_ends: bool) -> Callable[[Floats], list[Any]]:
    """Return from shares in [0, 1] to values."""
    shape = along(root(type(study.base.model)), tuple(path.split(".")))
    whole = block.whole or (shape is not None and any(kind.startswith("a whole number") for kind in shape.kinds))
    if block.values:
        return lambda u: [
            block.values[k] for k in np.minimum((u * len(block.values)).astype(int), len(block.values) - 1)
        ]
    if block.distribution:
        from scipy import stats

        law = getattr(stats, block.distribution)

        def quantile(u: Floats) -> list[Any]:
            inside = np.clip(u, 1e-9, 1.0 - 1e-9)
            return [int(np.rint(x)) if whole else float(x) for x in law.ppf(inside, **block.arguments)]

        return quantile
    low, high = block.range
    low, high = float(low), float(high)
    if whole and not whole_ends:
        low, high = low - 0.5, high + 0.5  # equal shares for every whole number, those at the ends included
        if block.scale == "log":
            low = max(low, 0.5)

    def along_range(u: Floats) -> list[Any]:
        even, logarithmic = low + u * (high - low), block.scale == "log"
        x = np.exp(np.log(low) + u * (np.log(high) - np.log(low))) if logarithmic else even
        if whole:
            return [int(value) for value in np.clip(np.rint(x), block.range[0], block.range[1])]
        return [float(value) for value in np.clip(x, low, high)]

    return along_range


def _misfits(study: Study, points: Sequence[Point]) -> list[Problem]:
    """Return mistakes in the points: every path at its least and greatest value, then whole points, evenly chosen."""
    tries: dict[int, None] = {}
    for path in dict.fromkeys(path for point in points for path in point.changes):
        having = [k for k, point in enumerate(points) if path in point.changes]
        values = [points[k].changes[path] for k in having]
        numbers = all(isinstance(value, int | float) for value in values)
        if numbers:
            tries[having[int(np.argmin(values))]] = tries[having[int(np.argmax(values))]] = None
        else:
            tries |= dict.fromkeys({repr(value): k for k, value in zip(having, values, strict=True)}.values())
    tries |= dict.fromkeys(range(0, len(points), max(1, len(points) // TRIED)))
    problems: dict[Problem, None] = {}
    for k in tries:
        point = points[k]
        scenario = study.scenarios[point.scenario] if point.scenario else study.base
        try:
            scenario.with_(point.changes)
        except ScenarioError as error:
            for p in error.problems:
                problems[_placed(study, p, point.changes)] = None
    return list(problems)


def _placed(study: Study, p: Problem, changes: Mapping[str, Any]) -> Problem:
    if p.line is not None:
        return p
    table = study.file.design.kind == "table"
    path = next((path for path in changes if f"{p.field}.".startswith(f"{path}.")), "")
    if path:
        owner = next((name for name, block in study.parameters.items() if path == name or path in block.also), path)
        here = ("design", "file" if study.file.design.file else "rows") if table else ("parameters", owner)
        message = f"{path}: {p.message}" if table else p.message
        return study.problem(here, message, p.suggestion)
    listed = ", ".join(f"{name} = {value}" for name, value in list(changes.items())[:6])
    return study.problem(("design",), f"{p.field}: {p.message} (at {listed})", p.suggestion)
