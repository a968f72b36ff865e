"""A table of worlds: what was drawn for each of them, with names that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_TELLING", "ToLearn", "WorldDraws"]

Floats = NDArray[np.float64]

#: In fewer worlds nothing is looked for: neither what is worth finding out nor where a plan fails.
FEWEST_TELLING = 30


class ToLearn(TypedDict):
    """One thing that could be found out, and what that is worth.

    ``name`` says what it is, ``path`` is the setting that stands for it (of a mechanism, the one that matters most of
    those it has), ``paths`` are all settings that were used, ``evppi`` is what it would be worth to know them, in
    dollars, ``evpi_share`` the same as a share of what it would be worth to know everything, and ``distinguishable``
    tells whether luck alone would hardly ever look like it.  ``measure`` says how one could find it out.
    """

    name: str
    path: str
    paths: list[str]
    evppi: float
    evpi_share: float
    distinguishable: bool
    measure: NotRequired[str]


@dataclass(frozen=True, eq=False)
class WorldDraws:
    """What is not known, as it was drawn for every world.

    Parameters
    ----------
    values : float64 array, shape (n, p)
        A row a world, a column an input.
    paths : sequence of str, length p
        Where each input stands in a scenario.
    labels : sequence of str, length p
        What each input is, in plain words.
    groups : sequence of str, length p
        Mechanism that each input belongs to.
    units : sequence of str, length p, optional
        Unit of each input; empty where it has none.
    options : mapping of str to tuple of str, optional
        Path of an input that is a choice -> what it is between; its values are places in that.

    Raises
    ------
    ValueError
        When the lengths differ, a path stands twice, or a value is not a finite number.

    Examples
    --------
    >>> draws = WorldDraws(np.array([[1.0, 2.0], [3.0, 4.0]]), ("a", "b"), ("first", "second"), ("m", "m"))
    >>> len(draws), draws.column("b").tolist(), draws.units
    (2, [2.0, 4.0], ('', ''))
    """

    values: Floats
    paths: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str]
    units: Sequence[str] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.asarray(self.values, np.float64)
        if values.ndim != 2:
            raise ValueError(f"expected a table of draws with a row per world, not an array of shape {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError("expected a finite number in every row of the draws")
        units = tuple(self.units) or ("",) * values.shape[1]
        for name, given in (("paths", self.paths), ("labels", self.labels), ("groups", self.groups), ("units", units)):
            if len(given) != values.shape[1]:
                raise ValueError(f"{len(given)} {name} for {values.shape[1]} columns of draws")
            object.__setattr__(self, name, tuple(given))
        if len(set(self.paths)) < len(self.paths):
            raise ValueError("a path stands twice among the draws")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "units", units)

    def __len__(self) -> int:
        """Return the number of worlds."""
        return len(self.values)

    def column(self, path: str) -> Floats:
        """Return what was drawn for one input, shape (n,)."""
        return np.asarray(self.values[:, self.paths.index(path)])

    def only(self, paths: Sequence[str]) -> "WorldDraws":
        """Return the same worlds with some of their inputs."""
        k = [self.paths.index(path) for path in paths]
        labels, groups, units = ([given[i] for i in k] for given in (self.labels, self.groups, self.units))
        options = {path: self.options[path] for path in paths if path in self.options}
        return WorldDraws(
            values=self.values[:, k], paths=paths, labels=labels, groups=groups, units=units, options=options
        )

    def entry(self, path: str, value: float) -> float | str:
        """Return a value of an input as a scenario states it: a number, or the option that was chosen.

        Examples
        --------
        >>> draws = WorldDraws(np.array([[1.0]]), ["a"], ["a"], ["m"], options={"a": ("ring", "blocks")})
        >>> draws.entry("a", 1.0)
        'blocks'
        """
        return self.options[path][int(value)] if path in self.options else float(value)
