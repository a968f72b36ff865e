"""What a file that changes a company leaves of what was measured in the one it extends.

A target of a measure is what that measure came to in a base case.  A file that changes the company, or what a measure
reads, has another base case, where nobody has measured anything yet: an inherited target goes, and is found when it is
needed.  So do the bands that the other company was calibrated to (``frozen``): nobody has measured this one against
them.  Plans are laid over a company and leave its base case as it is.
"""

from flywheel_sim.scenario.measures import READING
from flywheel_sim.scenario.reading import Node, plain
from flywheel_sim.scenario.roles import role_of

__all__ = ["another_company", "own_targets"]


def another_company(below: Node, own: Node, path: tuple[str, ...] = ()) -> str:
    """Return the first setting of the company that a file changes, as a dotted path; empty where it changes none."""
    if isinstance(own.value, dict) and isinstance(below.value, dict):
        for name, value in own.value.items():
            here = (*path, name)
            under = below.value.get(name)
            if isinstance(value.value, dict) and under is not None and isinstance(under.value, dict):
                if setting := another_company(under, value, here):
                    return setting
            elif (under is None or plain(under) != plain(value)) and _of_company(here):
                return ".".join(here)
    return ""


def own_targets(below: Node, own: Node, merged: Node, *, overlay: bool) -> Node:
    """Lay a file over another, without the targets that do not hold for it any more.

    Parameters
    ----------
    below, own, merged : Node
        What lies below, what the file says, and both together.
    overlay : bool
        Whether it is a plan, which changes no base case.
    """
    other = not overlay and bool(another_company(below, own))
    if other:
        merged = _own_record(own, merged)
    inherited = _measures(below)
    if not any("target" in one.value for one in inherited.values() if isinstance(one.value, dict)):
        return merged
    said = _measures(own)
    gone = set()
    for name, one in inherited.items():
        mine = said[name].value if name in said and isinstance(said[name].value, dict) else {}
        under = one.value if isinstance(one.value, dict) else {}
        read = any(part in mine and (part not in under or plain(mine[part]) != plain(under[part])) for part in READING)
        if "target" not in mine and (other or read):
            gone.add(name)
    if not gone:
        return merged
    block = merged.value["incentives"]
    measures = block.value["measures"]
    entries = {}
    for name, one in measures.value.items():
        if name in gone and isinstance(one.value, dict):
            one = Node({part: x for part, x in one.value.items() if part != "target"}, one.place, one.key)
        entries[name] = one
    kept = Node({**block.value, "measures": Node(entries, measures.place, measures.key)}, block.place, block.key)
    return Node({**merged.value, "incentives": kept}, merged.place, merged.key)


def _own_record(own: Node, merged: Node) -> Node:
    """Return the settings with the record of calibration that the file itself has, or with none."""
    entries = {name: value for name, value in merged.value.items() if name != "frozen"}
    record = own.value.get("frozen")
    if record is not None and isinstance(record.value, dict):
        targets = record.value.get("targets")
        if targets is not None and isinstance(targets.value, dict):  # null took away what is gone anyway
            kept = {name: one for name, one in targets.value.items() if one.value is not None}
            record = Node({**record.value, "targets": Node(kept, targets.place, targets.key)}, record.place, record.key)
        entries["frozen"] = record
    elif record is not None:
        entries["frozen"] = record
    return Node(entries, merged.place, merged.key)


def _measures(node: Node) -> dict[str, Node]:
    for name in ("incentives", "measures"):
        below = node.value.get(name) if isinstance(node.value, dict) else None
        if below is None:
            return {}
        node = below
    return node.value if isinstance(node.value, dict) else {}


def _of_company(path: tuple[str, ...]) -> bool:
    try:
        return role_of(".".join(path)) == "company"
    except LookupError:
        return False
