"""``flywheel bench``: speed, memory and start-up of this installation on this machine."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say, table
from flywheel_sim.files import place

__all__ = ["bench"]


@click.command()
@click.option("--quick", is_flag=True, help="Up to 100 000 accounts and fewer repetitions: under three minutes.")
@click.option("--mechanisms", is_flag=True, help="Instead: what each mechanism costs, switched on minus switched off.")
@click.option("--big", is_flag=True, help="Instead: one run of 10 000 000 accounts and five years, in its own process.")
@click.option(
    "--sweep", type=click.IntRange(16), is_flag=False, flag_value=100_000, default=None, metavar="[RUNS]",
    help="Instead: one sweep of so many runs of 2 000 accounts (100 000 when nothing is said), in its own process.",
)  # fmt: skip
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw time against bytes here, as SVG: floor, memory, engine, rivals.",
)
@answers("bench", "workers")
def bench(
    quick: bool, mechanisms: bool, big: bool, sweep: int | None, figure: Path | None, workers: int | None
) -> Answer:
    """Measure speed, memory and start-up on this machine, from a checkout.

    Speed is stated against the floor (one random draw per account and one pass over the account columns), and against
    the same laws as Mesa agents and as NumPy columns, timed in the same run.  Close other programs first; the full
    bench takes up to fifteen minutes.
    """
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.benchmarks import bench as benched

    if mechanisms + big + (sweep is not None) + (figure is not None) > 1:
        raise click.UsageError("--mechanisms, --big, --sweep and --figure exclude one another")
    if figure is not None:
        place(figure, ".svg", what="this figure")
    if mechanisms:
        return _mechanisms(quick)
    if big:
        return _big(workers)
    if sweep is not None:
        return _sweep(sweep, workers)
    found = benched(quick, cores=workers, progress=say)
    data = found.to_dict()
    if figure is not None:
        _draw(data, figure)
    return Answer(data, _readable(data), {"hashes": {"engine": engine_hash()}})


def _draw(data: dict[str, Any], figure: Path) -> None:
    from flywheel_sim.files import write_text
    from flywheel_sim.present.drawing import to_svg
    from flywheel_sim.study.benchmarks import benchmark

    roofline = benchmark("roofline")
    write_text(figure, to_svg(roofline.roofline(data), "roofline", roofline.SAID) + "\n")
    say(f"wrote {figure}")


def _big(workers: int | None) -> Answer:
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.benchmarks import benchmark

    found = benchmark("big_run").big_run(cores=workers, progress=say)
    off = found.error_at_a_tenth
    told = "was not announced early enough" if off is None else f"was announced {100 * off:+.0f} % off after a tenth"
    text = (
        f"{found.accounts:,} accounts, {found.weeks} weeks, {found.cores} cores: {found.seconds:.0f} s by the clock, "
        f"{found.cpu_seconds:.0f} s of processor time, at most {found.peak_bytes / 1e9:.2f} GB; the time left {told}"
    )
    return Answer(found.to_dict(), text, {"hashes": {"engine": engine_hash()}})


def _sweep(runs: int, workers: int | None) -> Answer:
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.benchmarks import benchmark

    found = benchmark("long_sweep").long_sweep(runs, cores=workers, progress=say)
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
    manifest = {"hashes": {"engine": engine_hash(), "runs": found.hash}}
    return Answer(found.to_dict(), "\n".join(lines), manifest, failed=not right)


def _mechanisms(quick: bool) -> Answer:
    from flywheel_sim.engine.fingerprint import engine_hash
    from flywheel_sim.study.benchmarks import benchmark

    accounts = 20_000 if quick else 100_000
    speed = benchmark("speed")
    company = speed.scaled(accounts, 52, speed.EVERYTHING)
    whole, costs = benchmark("costs").mechanism_costs(company, progress=say)
    rows = [(cost.number, cost.block, f"{cost.ns:.1f}", f"{cost.spread:.1f}") for cost in costs]
    text = table(("", "mechanism", "ns", "+-"), rows)
    words = f"{whole:.1f} ns per account-week with everything on, {accounts:,} accounts; each mechanism on minus off:"
    listed = [cost.to_dict() for cost in costs]
    machine = benchmark("timing").machine()
    data = {"accounts": accounts, "whole_ns": whole, "mechanisms": listed, "machine": machine}
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
