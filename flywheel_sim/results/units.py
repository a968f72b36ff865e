"""Units of weekly columns, for data frames and for Parquet files."""

from typing import Any

from flywheel_sim.scenario.columns import COLUMNS

__all__ = ["UNITS", "with_units"]

#: Unit of every weekly column, that of the week included.
UNITS: dict[str, str] = {"week": "weeks", **{name: unit for name, unit, _ in COLUMNS}}


def with_units(schema: Any) -> Any:
    """Return an Arrow schema whose fields say their units, under the key ``unit``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = with_units(pa.schema([("week", pa.int64()), ("cash", pa.float64())]))
    >>> found.field("cash").metadata
    {b'unit': b'$'}
    """
    for k, field in enumerate(schema):
        if field.name in UNITS:
            schema = schema.set(k, field.with_metadata({b"unit": UNITS[field.name].encode()}))
    return schema
