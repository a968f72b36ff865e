"""``flywheel bench``: speed, memory and start-up of this installation on this machine."""

from pathlib import Path
from typing import Any

import click

from flywheel_sim.commands.command_output import Answer, answers, say
from flywheel_sim.files import place

__all__ = ["bench"]


@click.command()
@click.option("--quick", is_flag=True, help="Up to 100 000 accounts and fewer repetitions: under three minutes.")
@click.option("--mechanisms", is_flag=True, help="Instead: what each mechanism costs, switched on minus switched off.")
@click.option("--big", is_flag=True, help="Instead: one run of 10 000 000 accounts and five years, in its own process.")
@click.option(
    "--sweep",
    type=click.IntRange(16),
    is_flag=False,
    flag_value=100_000,
    default=None,
    metavar="[RUNS]",
    help="Instead: one sweep of so many runs of 2 000 accounts (100 000 when nothing is said), in its own process.",
)
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
    from flywheel_sim.study.benchmarks import benchmark

    if mechanisms + big + (sweep is not None) + (figure is not None) > 1:
        raise click.UsageError("--mechanisms, --big, --sweep and --figure exclude one another")
    if figure is not None:
        place(figure, ".svg", what="this figure")
    measure = benchmark("wording")
    if mechanisms:
        measured = measure.mechanisms(quick)
    elif big:
        measured = measure.big(workers)
    elif sweep is not None:
        measured = measure.sweep(sweep, workers)
    else:
        measured = measure.whole(quick, workers)
    if figure is not None:
        _draw(measured.data, figure)
    manifest = {"hashes": {"engine": engine_hash(), **measured.hashes}}
    return Answer(measured.data, measured.text, manifest, failed=measured.failed)


def _draw(data: dict[str, Any], figure: Path) -> None:
    from flywheel_sim.files import write_text
    from flywheel_sim.present.drawing import to_svg
    from flywheel_sim.study.benchmarks import benchmark

    roofline = benchmark("roofline")
    write_text(figure, to_svg(roofline.roofline(data), "roofline", roofline.SAID) + "\n")
    say(f"wrote {figure}")
