"""Answers of ``flywheel bench``: what was measured, as values and in words."""

from typing import Any, NamedTuple

from benchmarks import bench, big_run, costs, long_sweep, speed, timing
from flywheel_sim.commands.command_output import say, table

__all__ = ["Measured", "big", "mechanisms", "sweep", "whole"]


class Measured(NamedTuple):
    """Values strict JSON can hold, the same in words, more hashes, and whether what must hold did not."""

    data: dict[str, Any]
    text: str
    hashes: dict[str, str] = {}
    failed: bool = False


def whole(quick: bool, workers: int | None) -> Measured:
    """Measure speed, memory and start-up."""
    data = bench.bench(quick, cores=workers, progress=say).to_dict()
    return Measured(data, of_bench(data))


def big(workers: int | None) -> Measured:
    """Measure one run of 10 000 000 accounts and five years."""
    found = big_run.big_run(cores=workers, progress=say)
    off = found.error_at_a_tenth
    told = "was not announced early enough" if off is None else f"was announced {100 * off:+.0f} % off after a tenth"
    text = (
        f"{found.accounts:,} accounts, {found.weeks} weeks, {found.cores} cores: {found.seconds:.0f} s by the clock, "
        f"{found.cpu_seconds:.0f} s of processor time, at most {found.peak_bytes / 1e9:.2f} GB; the time left {told}"
    )
    return Measured(found.to_dict(), text)


def sweep(runs: int, workers: int | None) -> Measured:
    """Measure one sweep of many small runs."""
    found = long_sweep.long_sweep(runs, cores=workers, progress=say)
    looks = [(share, found.memory_at(share)) for share in (0.1, 0.5, 1.0)]
    held = ", ".join(f"{one['peak'] / 1e6:.0f} MB at {100 * share:.0f} %" for share, one in looks if one is not None)
    right = found.once and found.same_hash and not found.failed
    lines = [
        f"{found.runs:,} runs of {found.accounts:,} accounts and {found.weeks} weeks, {found.points:,} points, "
        f"{found.threads} threads: {found.seconds:.0f} s by the clock, {found.cpu_seconds:.0f} s of processor time, "
        f"{100 * found.overhead:+.1f} % over the kernels' {found.kernel_seconds:.0f} s",
        f"memory at most: {held or 'not told here'}",
        f"{found.rows:,} rows, {'every run exactly once' if found.once else 'NOT every run exactly once'}, "
        f"{found.failed} failed; {found.files} files, {found.bytes / 1e6:.1f} MB",
        f"content {found.hash}" if found.same_hash else "the content is NOT what the sweep told",
    ]
    return Measured(found.to_dict(), "\n".join(lines), {"runs": found.hash}, failed=not right)


def mechanisms(quick: bool) -> Measured:
    """Measure what each mechanism costs, switched on minus switched off."""
    accounts = 20_000 if quick else 100_000
    company = speed.scaled(accounts, 52, speed.EVERYTHING)
    everything, of_each = costs.mechanism_costs(company, progress=say)
    rows = [(cost.number, cost.block, f"{cost.ns:.1f}", f"{cost.spread:.1f}") for cost in of_each]
    text = table(("", "mechanism", "ns", "+-"), rows)
    head = f"{everything:.1f} ns per account-week, all on, {accounts:,} accounts; each mechanism on minus off:"
    listed = [cost.to_dict() for cost in of_each]
    machine = timing.machine()
    data = {"accounts": accounts, "whole_ns": everything, "mechanisms": listed, "machine": machine}
    return Measured(data, f"{head}\n\n{text}")


def of_bench(data: dict[str, Any]) -> str:
    """Return what the bench measured: its bars, sizes, rivals and small runs."""
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
    raced = table(
        ("core only", "accounts", "engine", "rival", "ratio"),
        [
            (x["rival"], f"{x['accounts']:,}", f"{x['engine_ns']:.1f}", f"{x['rival_ns']:.1f}", f"{x['ratio']:.1f}")
            for x in data["rivals"]
        ],
    )
    small = data["small"]
    many = (
        f"{small['runs']:,} runs of {small['accounts']:,} accounts and {small['weeks']} weeks, batch and single: "
        f"{'the same bits' if small['same_bits'] else 'DIFFERENT BITS'}; over the kernels "
        f"{100 * small['batch_overhead']:+.1f} % and {100 * small['single_overhead']:+.1f} %"
    )
    unit = "floor, engine and rivals in ns per account-week, one core"
    notes = [f"note: {note}" for note in data["notes"]]
    return "\n".join([head, "", bars, "", sizes, "", raced, unit, "", many, *notes])


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
