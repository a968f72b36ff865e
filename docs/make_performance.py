"""Make the tables of ``docs/performance.md`` and its picture again: ``python docs/make_performance.py``.

The page is written by hand but for the parts between ``<!-- made: name -->`` and ``<!-- end -->``.  What was measured
comes from ``docs/measured``, where ``python docs/make_performance.py --measure`` puts it: the answers of
``flywheel bench``, alone and with ``--mechanisms``, ``--big`` and ``--sweep``, as they are; ``--measure sweep`` makes
that one alone.  Bytes per account come from the engine's arrays.  A test compares, so nothing can drift.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flywheel_sim.engine.lowering import lower
from flywheel_sim.engine.state import BLOCK, State, allocate
from flywheel_sim.present.drawing import to_svg
from flywheel_sim.study.benchmarks import benchmark

BARS = benchmark("bench").BARS
account_columns = benchmark("floor").account_columns
SAID, roofline = benchmark("roofline").SAID, benchmark("roofline").roofline
bytes_of, scaled = benchmark("speed").bytes_of, benchmark("speed").scaled

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "roofline.svg"
MEASURED = ROOT / "docs" / "measured"
COMMANDS = {"bench": [], "mechanisms": ["--mechanisms"], "big": ["--big"], "sweep": ["--sweep"]}

#: Why a bar or an aim is not met, for those that are not; edited by hand.
REASONS = {
    "floor_ratio": "what comes of leads, renewals and money is looked at one by one",
    "mesa_ratio": "an agent that nothing happens to costs a call, a draw and a comparison, .6 us, no more, and the bar "
    "would leave the engine little more than its floor for the whole week",
    "numpy_ratio": "columns share every operation among thousands of accounts, as the engine's passes do, and in this "
    "core few accounts are idle; the bar would leave the engine little more than its floor",
    "scaling_exponent": "beyond 10^5 accounts the columns no longer fit the caches",
    "second_core_big": "some 7 % of a big run's week is serial, and the second core must be free",
    "second_core_small": "the second core must be free",
    "bytes_per_account": "36 bytes are the network's, 36 the nine numbers a customer's laws need",
    "sweep_overhead": "each point is checked and lowered, some 6 ms for 16 runs, and each run summed up, .17 ms",
    "crn_variance_ratio": "schemes change who is won, and luck is shared only as far as the same accounts meet it",
    "crn_variance_ratio_near": "a moved parameter changes who is won",
    "import_ratio": "the package's own modules",
    "compile_s": "numba's own Python, not LLVM",
    "compile_says_s": "imports come first",
    "warm_run_s": "reading what was compiled, and imports",
}


def answer(name: str) -> dict[str, Any]:
    """The data of one measurement."""
    whole: dict[str, Any] = json.loads((MEASURED / f"{name}.json").read_text("utf-8"))
    return dict(whole["data"])


def number(value: float | None) -> str:
    """Three digits at most."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def box() -> str:
    """The machine."""
    m = answer("bench")["machine"]
    versions = ", ".join(f"{name} {m[name]}" for name in ("python", "numpy", "numba"))
    return f"{m['processor']}, {m['cores']} cores, {m['memory_gb']} GB; {versions}."


def bars() -> str:
    """Every bar: met, or how far away and why."""
    ratios = answer("bench")["ratios"]
    rows = ["| ratio | what | bar | aim | measured | |", "|---|---|---|---|---|---|"]
    for bar in BARS:
        row, sign = bar.row(ratios.get(bar.key)), ">=" if bar.more else "<="
        why = f": {REASONS[bar.key]}" if REASONS.get(bar.key) else ""
        if row["met"] is None:
            verdict = "not measured"
        elif row["aim_met"]:
            verdict = "aim met"
        else:
            aim = bar.aim / row["value"] if bar.more else row["value"] / bar.aim
            verdict = f"met; {aim:.2g} times from the aim" if row["met"] else f"**missed by x{row['distance']:.2f}**"
            verdict += why
        measured = number(row["value"])
        rows.append(f"| `{bar.key}` | {bar.what} | {sign} {bar.bar:g} | {bar.aim:g} | {measured} | {verdict} |")
    notes = [f"- {note}" for note in answer("bench")["notes"] if " agree " not in note]
    return "\n".join([*rows, "", *notes] if notes else rows)


def sizes() -> str:
    """Floor, engine and the phases of a week by size."""
    rows = [
        "| accounts | floor | engine | opening (1-12) | customers (13) | closing (14-16) | building, s | bytes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for x in answer("bench")["timings"]:
        names = ("floor_ns", "engine_ns", "opening_ns", "customers_ns", "closing_ns", "build_s", "bytes")
        rows.append(f"| {x['accounts']:,} | {' | '.join(number(x[name]) for name in names)} |")
    return "\n".join(rows)


def rivals() -> str:
    """Engine and rivals on the core."""
    rows = ["| rival | accounts | engine, ns | rival, ns | ratio | bytes |", "|---|---|---|---|---|---|"]
    for x in answer("bench")["rivals"]:
        names = ("engine_ns", "rival_ns", "ratio", "rival_bytes")
        rows.append(f"| {x['rival']} | {x['accounts']:,} | {' | '.join(number(x[name]) for name in names)} |")
    return "\n".join([*rows, "", *(f"- {n}" for n in answer("bench")["notes"] if "agree" in n)])


def small() -> str:
    """Small runs as a batch and one by one."""
    x = answer("bench")["small"]
    bits = "the same bits" if x["same_bits"] else "**other bits**"
    return (
        f"{x['runs']:,} runs of {x['accounts']:,} accounts and {x['weeks']} weeks, {x['run_ms']:.1f} ms of kernels "
        f"each: as a batch and as so many single runs {bits}; over the kernels a batch takes "
        f"{100 * x['batch_overhead']:+.1f} % and single runs {100 * x['single_overhead']:+.1f} %."
    )


def big() -> str:
    """The very large run."""
    if not (MEASURED / "big.json").exists():
        return "Not measured yet."
    x = answer("big")
    off = x["error_at_a_tenth"]
    told = "" if off is None else f"; after a tenth, the time left was announced {100 * off:+.0f} % off"
    return (
        f"{x['accounts']:,} accounts, {x['weeks']} weeks, {x['cores']} cores: {x['seconds']:.0f} s by the clock, "
        f"{x['cpu_seconds']:.0f} s of processor time, {x['peak_bytes'] / 1e9:.2f} GB at most, "
        f"{x['customers_end']:,.0f} customers at the end{told}."
    )


def swept() -> str:
    """The long sweep."""
    if not (MEASURED / "sweep.json").exists():
        return "Not measured yet."
    x = answer("sweep")
    held = [f"{one['peak'] / 1e6:.0f} MB at {share}" for share, one in
            (("a tenth of the way", x["memory_at"]["0.1"]), ("half", x["memory_at"]["0.5"]),
             ("the end", x["memory_at"]["1.0"])) if one]  # fmt: skip
    fine = x["once"] and x["same_hash"] and not x["failed"]
    rows = "every run there exactly once" if fine else "**not every run there exactly once and well**"
    return (
        f"{x['runs']:,} runs of {x['accounts']:,} accounts and {x['weeks']} weeks, {x['points']:,} points, "
        f"{x['threads']} threads: {x['seconds']:.0f} s by the clock and {x['cpu_seconds']:.0f} s of processor time, "
        f"{100 * x['overhead']:+.1f} % over the kernels' {x['kernel_seconds']:.0f} s ({min(x['kernel_ms']):.1f} to "
        f"{max(x['kernel_ms']):.1f} ms a run in {len(x['kernel_ms'])} portions). "
        f"Most memory: {', '.join(held) or 'not told'}. "
        f"{x['rows']:,} rows in {x['files']} files of {x['bytes'] / 1e6:.1f} MB together, {rows}; content "
        f"`{x['hash'][:16]}`."
    )


def mechanisms() -> str:
    """What each mechanism costs, beyond its spread."""
    x = answer("mechanisms")
    rows = ["| mechanism | ns | +- |", "|---|---|---|"]
    clear = [m for m in x["mechanisms"] if abs(m["ns"]) > m["spread"]]
    rows += [f"| {m['number']} {m['block'].replace('_', ' ')} | {m['ns']:.1f} | {m['spread']:.1f} |" for m in clear]
    others = sorted((m["number"] for m in x["mechanisms"] if m not in clear), key=lambda name: int(name[1:]))
    return "\n".join(
        [f"{x['accounts']:,} accounts, {x['whole_ns']:.0f} ns with everything on.", "", *rows, "",
         f"Within their spread of nothing: {', '.join(others)}."]
    )  # fmt: skip


def state_of(blocks: int, queued: bool = False) -> State:
    """Arrays of one run of so many blocks of accounts, network included."""
    model = scaled(blocks * BLOCK, 4).model
    size = lower([model]).par[:1]["size"]
    n = blocks * BLOCK
    bare = allocate(
        1, np.array([n]), size, False, n * model.market.network.degree, len(model.axes), int(size["touchpoints"].max()),
        np.array([queued]), counted=np.array([model.measures.per_account or model.ledger.allocate_payroll]),
    )  # fmt: skip
    return bare


def accounts() -> str:
    """Bytes per account, by width."""
    blocks = 10
    state = state_of(blocks)
    n = blocks * BLOCK
    columns, rows = account_columns(state), ["| columns | bytes |", "|---|---|"]
    for width in sorted({column.itemsize for column in columns.values()}):
        for kind in sorted({c.dtype.kind for c in columns.values() if c.itemsize == width}):
            names = [name for name, c in columns.items() if c.itemsize == width and c.dtype.kind == kind]
            word = {1: "one each", 2: "two each", 4: "four each", 8: "eight each"}[width]
            sort = {"u": "unsigned", "i": "integer", "f": "real"}[kind]
            rows.append(f"| {', '.join(f'`{name}`' for name in names)} ({sort}, {word}) | {width * len(names)} |")
    rows.append(f"| place in the network: offset | {state.edge.itemsize} |")
    rows.append(f"| friends, mean degree 8 ({state.friend.itemsize} each) | {state.friend.nbytes // n} |")
    rows.append(
        f"| `tally`: what an account took, where payroll is shared out by it (four each) | {state.tally.nbytes // n} |"
    )
    whole = bytes_of(state) / n
    shared = state.edge.nbytes + state.friend.nbytes + state.tally.nbytes
    others = whole - sum(c.itemsize for c in columns.values()) - shared / n
    rows.append(f"| sums of its block of {BLOCK:,} accounts | {others:.1f} |")
    rows.append(f"| **together** | **{whole:.0f}** |")
    queue = state_of(1, True)
    told = (queue.marks.nbytes + queue.waited.nbytes) / BLOCK
    return "\n".join(
        [*rows, "", f"A run with an event-timed queue (the limit A21) adds {told:.0f} bytes for what queue and "
         f"customers tell each other and {queue.items.nbytes / BLOCK:.0f} for the room of its issues."]
    )  # fmt: skip


TABLES = {
    "machine": box, "bars": bars, "sizes": sizes, "rivals": rivals, "small": small, "big": big, "sweep": swept,
    "mechanisms": mechanisms, "accounts": accounts,
}  # fmt: skip


def page(text: str) -> str:
    """The page with all its tables made again."""
    for name, make in TABLES.items():
        whole = re.compile(rf"<!-- made: {name} -->\n.*?<!-- end -->", flags=re.S)
        made = f"<!-- made: {name} -->\n{make()}\n<!-- end -->"
        text, found = whole.subn(lambda _, made=made: made, text)
        assert found == 1, f"performance.md has no place for {name}"
    return text


def picture() -> str:
    """The roofline."""
    return to_svg(roofline(answer("bench")), "roofline", SAID) + "\n"


def measure(names: Sequence[str]) -> None:
    """Run these measurements, all of them when none is named: half an hour on two cores, the sweep most of it."""
    for name in names or COMMANDS:
        command = [sys.executable, "-m", "flywheel_sim.cli", "bench", "--json", *COMMANDS[name]]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        MEASURED.mkdir(exist_ok=True)
        (MEASURED / f"{name}.json").write_text(done.stdout, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2:])
    TARGET.write_text(page(TARGET.read_text("utf-8")), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
