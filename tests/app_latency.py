"""How long the app takes from a key on a slider to its charts, in a real browser: ``python tests/app_latency.py``.

The default what-if is opened, the slider of a lever is moved by its arrow key again and again, and the page's own clock
is read: at the key, after the first chart that follows has been painted (two runs), and after the answer of all 24 runs
has been.  Then the slider is dragged for a second, and all of it is done again while a second session is being dragged
all the time.  Medians are printed with what they cost the server in processor time, and with how much longer a loop
that does nothing but count took than it computed: 1.0 on an idle machine; on a busy one everything else is stretched,
too.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

from chromium import CHROMIUM, PATIENCE, chromium, reached, served

SLIDER = "[data-path='handoffs.integration'] [role='slider']"
CLOCK = """() => {
  const c = window.clock = { from: null, first: null, full: null, seen: 0, drawn: [], waits: [] };
  const painted = then => requestAnimationFrame(() => setTimeout(() => then(performance.now())));
  c.until = name => c[name] != null ? c[name] : new Promise(tell => c.waits.push([name, tell]));
  const tell = (name, value) => {
    c[name] = value;
    c.waits = c.waits.filter(([one, tell]) => one !== name || tell(value));
  };
  document.addEventListener('keydown', e => {
    if (e.key.startsWith('Arrow')) Object.assign(c, { from: performance.now(), first: null, full: null, seen: 0 });
  }, true);
  const runs = () => Number((/(\\d+) paired runs/.exec(document.querySelector('.more').textContent) || [])[1]);
  new PerformanceObserver(list => painted(now => {
    const all = list.getEntriesByName('flywheel: all charts').length;
    if (list.getEntriesByName('flywheel: first chart').length) c.drawn.push(now);
    if (c.from != null && c.first == null) tell('first', now - c.from);
    if (c.from != null && runs() < 24) c.seen = runs();
    if (all && c.seen && c.full == null && runs() === 24) tell('full', now - c.from);
  })).observe({ type: 'mark' });
}"""
RESTLESS = """selector => {
  const one = document.querySelector(selector);
  let turn = 0;
  setInterval(() => {
    const right = ++turn % 40 < 20, [key, keyCode] = right ? ['ArrowRight', 39] : ['ArrowLeft', 37];
    one.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode, bubbles: true }));
  }, 300);
}"""


def stretch(seconds: float = 0.5) -> float:
    """How much longer counting takes than it computes."""
    wall, busy = time.perf_counter(), time.thread_time()
    while time.thread_time() - busy < seconds:
        sum(range(1000))
    return (time.perf_counter() - wall) / (time.thread_time() - busy)


def spent(root: int) -> float:
    """Processor seconds of a process and all below it so far; 0 where the system does not say."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        one = int(place.parent.name)
        parents[one] = int(fields[1])
        seconds[one] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def below(one: int) -> bool:
        return one == root or (one in parents and below(parents[one]))

    seconds[os.getpid()] = 0.0  # what looking costs is nobody's
    return sum(value for one, value in seconds.items() if below(one))


def said(page, text: str) -> None:
    """Wait for a text."""
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)


def opened(browser, address: str):
    """A session that has answered."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE)
    reached(page, address)
    said(page, "24 paired runs under")
    page.locator(SLIDER).first.wait_for()
    page.evaluate(CLOCK)
    return page


def keyed(page, times: int, server: int) -> dict[str, list[float]]:
    """Milliseconds to the first chart and to the full answer, and processor time, of every move."""
    names = ("first chart, ms", "full answer, ms", "processor to the first chart, server, ms",
             "processor to the first chart, browser, ms", "processor to the full answer, server, ms",
             "processor to the full answer, browser, ms")  # fmt: skip
    found: dict[str, list[float]] = {name: [] for name in names}
    slider = page.locator(SLIDER).first
    slider.focus()
    for turn in range(times + 2):  # the first two are not counted
        marks = [(spent(server), spent(os.getpid()))]
        slider.press("ArrowRight" if turn % 40 < 20 else "ArrowLeft")
        for mark in ("first", "full"):
            page.evaluate("name => window.clock.until(name)", mark)  # a promise: polling would keep the browser busy
            marks.append((spent(server), spent(os.getpid())))
        costs = [[1000 * (now[0] - marks[0][0]), 1000 * (now[1] - marks[0][1])] for now in marks[1:]]
        for cost in costs:
            cost[1] -= cost[0]  # the server is below this process, too
        if turn > 1:
            for name, value in zip(
                names, [*page.evaluate("[window.clock.first, window.clock.full]"), *costs[0], *costs[1]], strict=True
            ):
                found[name].append(value)
    return found


def dragged(page, seconds: float) -> tuple[float, float]:
    """Charts a second while the slider is dragged, and the longest wait for one in milliseconds."""
    box = page.locator(SLIDER).first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 5, middle)
    page.mouse.down()
    begun = page.evaluate("(window.clock.drawn = [], performance.now())")
    steps, until, k = 60, time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        k += 1
        place = abs((k % (2 * steps)) - steps) / steps
        page.mouse.move(box["x"] + 5 + place * (box["width"] - 10), middle)
        page.wait_for_timeout(16)
    now, drawn = page.evaluate("[performance.now(), window.clock.drawn]")
    page.mouse.up()
    said(page, "24 paired runs under")
    waits = [b - a for a, b in zip([begun, *drawn], [*drawn, now], strict=True)]
    frames = [t for t, wait in zip(drawn, waits, strict=False) if wait > 5]  # one chart can change in several steps
    return len(frames) / ((now - begun) / 1000), max(waits)


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--times", type=int, default=21, help="moves of the slider (21)")
    words.add_argument("--short", action="store_true", help="neither drag nor a second session")
    words.add_argument("--json", action="store_true", help="print one JSON object")
    given = words.parse_args()
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium on this machine")
    out: dict[str, float] = {"an idle loop, stretched by": round(stretch(), 2)}
    with served() as (address, server), chromium() as browser:
        page = opened(browser, address)
        for name, values in keyed(page, given.times, server.pid).items():
            out[f"{name}, median"] = round(statistics.median(values))
            if "processor" not in name:
                out[f"{name}, worst of {given.times}"] = round(max(values))
        if given.short:
            return shown(out, given.json)
        out["charts a second while dragging"], wait = dragged(page, 3.0)
        out["longest wait for one, ms"] = round(wait)
        other = opened(browser, address)
        other.evaluate(RESTLESS, SLIDER)
        for name, values in list(keyed(page, max(5, given.times // 2), server.pid).items())[:2]:
            out[f"{name}, median with a second busy session"] = round(statistics.median(values))
    shown(out, given.json)


def shown(out: dict[str, float], as_json: bool) -> None:
    """Print what was measured."""
    out["an idle loop, stretched by, at the end"] = round(stretch(), 2)
    if as_json:
        print(json.dumps(out))
        return
    for name, value in out.items():
        print(f"{name:<60} {value:>8.5g}")


if __name__ == "__main__":
    main()
