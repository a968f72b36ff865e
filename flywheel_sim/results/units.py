"""Units of weekly columns and of a run's numbers, for data frames and for Parquet files."""

from typing import Any

from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario.columns import COLUMNS

__all__ = ["UNITS", "in_dollars", "in_units", "with_units"]

#: Unit of every weekly column, that of the week included.
UNITS: dict[str, str] = {"week": "weeks", **{name: unit for name, unit, _ in COLUMNS}}
_ALL = {**{name: one.unit for name, one in SUMMARY.items()}, **UNITS}


def in_dollars(outcome: str) -> bool:
    """Tell whether a number of a run, or the mean or end of a column, is an amount of money.

    Examples
    --------
    >>> in_dollars("npv"), in_dollars("cost_to_serve"), in_dollars("cash at 52"), in_dollars("nps_true")
    (True, True, True, False)
    """
    return _ALL.get(outcome.partition(" ")[0], "").startswith("$")


def with_units(schema: Any) -> Any:
    """Return an Arrow schema whose fields say their units, under the key ``unit``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> schema = with_units(pa.schema([("week", pa.int64()), ("cash", pa.float64())]))
    >>> schema.field("cash").metadata
    {b'unit': b'$'}
    """
    for k, field in enumerate(schema):
        if field.name in _ALL:
            schema = schema.set(k, field.with_metadata({b"unit": _ALL[field.name].encode()}))
    return schema


def in_units(table: Any) -> Any:
    """Return an Arrow table whose columns say their units.

    Examples
    --------
    >>> import pyarrow as pa
    >>> in_units(pa.table({"run": [0], "npv": [1.0]})).schema.field("npv").metadata
    {b'unit': b'$'}
    """
    return table.cast(with_units(table.schema))
