"""``flywheel bench``: speed, memory and start-up of this installation on this machine."""

from typing import Any

import click

from flywheel_sim.commands.envelope import Answer, answers, say, table

__all__ = ["bench"]


@click.command()
@click.option("--quick", is_flag=True, help="Up to 100 000 accounts and fewer repetitions: under three minutes.")
@click.option("--mechanisms", is_flag=True, help="Instead: what each mechanism costs, switched on minus switched off.")
@answers("bench", "workers")
def bench(quick: bool, mechanisms: bool, workers: int | None) -> Answer:
    """Measure speed, memory and start-up on this machine.

    Speed is stated against the floor: one random draw per account and one pass over the account columns, timed in the
    same run.  Close other programs first; the full bench takes up to fifteen minutes.
    """
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.bench import bench as benched

    if mechanisms:
        return _mechanisms(quick)
    found = benched(quick, cores=workers, progress=say)
    data = found.to_dict()
    return Answer(data, _readable(data), {"hashes": {"engine": engine_hash()}})


def _mechanisms(quick: bool) -> Answer:
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.bench import EVERYTHING, scaled
    from flywheel_sim.study.costs import mechanism_costs
    from flywheel_sim.study.timing import machine

    accounts = 20_000 if quick else 100_000
    whole, costs = mechanism_costs(scaled(accounts, 52, EVERYTHING), progress=say)
    rows = [(cost.number, cost.block, f"{cost.ns:.1f}", f"{cost.spread:.1f}") for cost in costs]
    text = table(("", "mechanism", "ns", "+-"), rows)
    words = f"{whole:.1f} ns per account-week with everything on, {accounts:,} accounts; each mechanism on minus off:"
    data = {"accounts": accounts, "whole_ns": whole, "mechanisms": [c.to_dict() for c in costs], "machine": machine()}
    return Answer(data, f"{words}\n\n{text}", {"hashes": {"engine": engine_hash()}})


def _readable(data: dict[str, Any]) -> str:
    box = data["machine"]
    versions = ", ".join(f"{name} {box[name]}" for name in ("python", "numpy", "numba", "llvmlite"))
    memory = f", {box['memory_gb']} GB" if box["memory_gb"] else ""
    head = f"{box['processor']}, {box['cores']} cores{memory}, {box['system']}; {versions}"
    rows = [
        (row["key"], _number(row["value"]), ("<= " if row["better"] == "less" else ">= ") + f"{row['bar']:g}",
         f"{row['aim']:g}", _judged(row), row["what"])
        for row in data["table"]
    ]  # fmt: skip
    bars = table(("ratio", "value", "bar", "aim", "", "what"), rows)
    names = ("accounts", "floor_ns", "engine_ns", "build_s", "bytes")
    sizes = table(
        ("accounts", "floor", "engine", "build", "memory"),
        [tuple(_with_unit(name, row[name]) for name in names) for row in data["timings"]],
    )
    notes = [f"note: {note}" for note in data["notes"]]
    return "\n".join([head, "", bars, "", sizes, "floor and engine in ns per account-week, one core", *notes])


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3g}"


def _with_unit(name: str, value: float) -> str:
    if name == "accounts":
        return f"{value:,}"
    return f"{value:.1f}" + {"build_s": " s", "bytes": " B"}.get(name, "")


def _judged(row: dict[str, Any]) -> str:
    if row["met"] is None:
        return ""
    if row["aim_met"]:
        return "aim met"
    return "met" if row["met"] else f"missed by x{row['distance']:.2f}"
