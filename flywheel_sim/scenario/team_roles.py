"""Teams by what they do: ``all``, ``front``, ``powering``, ``owner of sale``, so that a plan fits every company.

A role stands wherever a team's name may stand.  It is resolved when a file is laid over a company, against the teams
and touchpoints that company has: what is left names teams, with the places of the file that named the role.

Within one file the more specific wins: ``all``, then ``front`` and ``powering``, then ``owner of``, then a team's own
name.  A name with ``?`` is left out where a company has no such team or owner.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest
from flywheel_sim.scenario.reading import Node, plain

__all__ = ["BY_TEAM", "OF_A_TEAM", "OF_TEAMS", "ROLES", "Company", "names_roles", "paid_on", "spread", "with_teams"]

Path = tuple[str, ...]

#: Mappings whose names are teams; any name is written ``*``.
BY_TEAM: tuple[Path, ...] = (
    ("teams",),
    ("incentives", "pay"),
    ("decisions", "competence"),
    ("journey", "touchpoints", "*", "support"),
)
#: Settings that name one team.
OF_A_TEAM: tuple[Path, ...] = (
    ("teams", "*", "reports_to"),
    ("journey", "touchpoints", "*", "owner"),
    ("handoffs", "links", "*", "from"),
    ("handoffs", "links", "*", "to"),
    ("ideas", "owner"),
)
#: Lists of teams.
OF_TEAMS: tuple[Path, ...] = (("cadence", "members"), ("cadence", "events", "*", "members"))
#: A mapping whose names are channels; one with ``?`` is left out where a company has no such channel.
OF_CHANNELS: Path = ("channels", "replaced")
#: What a team is paid on: one value.
PAID_ON: Path = ("incentives", "pay", "*", "on")
#: Roles of one word; the others are ``owner of`` a stage or touchpoint.
ROLES = ("all", "front", "powering")
_OWNER = "owner of "


@dataclass(slots=True)
class Company:
    """Who works in a company, as far as roles ask.

    Parameters
    ----------
    teams : dict of str to bool
        Name -> whether it faces customers.
    owners : dict of str to list of str
        Touchpoint, and stage -> its owners.
    channels : frozenset of str
        Ways in which customers are met.
    """

    teams: dict[str, bool] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()

    @classmethod
    def of(cls, root: Node, known: Container[str] = ()) -> "Company":
        """Read off a tree of settings; ``known`` are teams for certain, even where they are called as a role is."""
        company = cls()
        for name, team in _entries(root, "teams"):
            if (name in known or not _is_role(name)) and isinstance(team.value, dict):
                front = team.value.get("front")
                company.teams[name] = front is None or front.value is not False
        points: dict[str, list[str]] = {}
        stages: dict[str, list[str]] = {}
        for name, point in _entries(root, "journey", "touchpoints"):
            said = point.value if isinstance(point.value, dict) else {}
            owner = said["owner"].value if "owner" in said else None
            if isinstance(owner, str) and owner in company.teams:
                points[name] = [owner]
                stage = said["stage"].value if "stage" in said else "use"
                stages.setdefault(str(stage), []).append(owner)
        company.owners = {name: list(dict.fromkeys(owners)) for name, owners in (stages | points).items()}
        company.channels = frozenset(name for name, _ in _entries(root, "channels", "kinds"))
        return company

    def named(self, role: str) -> list[str] | None:
        """Return the teams of a role or a name; None when this company has nothing of the kind."""
        if role in self.teams:
            return [role]
        if role == "all":
            return list(self.teams) or None
        if role in ("front", "powering"):
            return [name for name, front in self.teams.items() if front == (role == "front")] or None
        return self.owners.get(role.removeprefix(_OWNER).strip()) if role.startswith(_OWNER) else None

    def lacking(self, role: str) -> tuple[str, str | None]:
        """Return what to say of a role that means nobody here, and the nearest that means somebody."""
        if not self.teams:
            return f"this company has no teams, so '{role}' is nobody", None
        if role.startswith(_OWNER):
            near = nearest(role.removeprefix(_OWNER), self.owners)
            return f"nothing here has this owner; there are owners of {_listed(self.owners)}", near and _OWNER + near
        if role in ("front", "powering"):
            return f"no team here is {role}; there are {_listed(self.teams)}", None
        some = "all, front, powering, owner of <stage or touchpoint>"
        near = nearest(role, [*self.teams, "all", "front", "powering"])
        return f"no such team or role; there are {_listed(self.teams)}, and {some}", near


def paid_on(path: Path) -> bool:
    """Tell whether a path is what a team is paid on, which is one value."""
    return _matches(path, PAID_ON)


_ALL, _SIDE, _OWNS, _TEAM = range(4)


def _rank(role: str) -> int:
    """Return how specific a name is."""
    if role in ("front", "powering"):
        return _SIDE
    return _ALL if role == "all" else _OWNS if role.startswith(_OWNER) else _TEAM


def _listed(names: "dict[str, bool] | dict[str, list[str]]") -> str:
    return ", ".join(names) or "none"


def _entries(root: Node, *path: str) -> Iterator[tuple[str, Node]]:
    node = root
    for name in path:
        node = node.value.get(name) if isinstance(node.value, dict) else None  # type: ignore[assignment]
        if node is None:
            return
    if isinstance(node.value, dict):
        yield from node.value.items()


@dataclass(slots=True)
class _Layer:
    """One file being laid over a company."""

    company: Company
    only: frozenset[str] | None
    problems: list[Problem]
    strict: bool
    limited: bool = False

    def teams(self, said: str, node: Node, path: Path) -> list[str]:
        """Return the teams that a name or a role means; what means nobody is a problem, but for an optional name."""
        name, optional = said.removesuffix("?").strip(), said.endswith("?") and said not in self.company.teams
        teams = self.company.named(name)
        if not self.company.teams and self.problems:
            return []  # that there is nobody is said once
        if teams is None and not optional:
            message, near = self.company.lacking(name)
            self.problems.append(Problem(*(node.key or node.place), ".".join(path), message, near))
        return teams or []

    def walk(self, node: Node, path: Path) -> Node:
        """Return the same settings with teams in place of roles."""
        at = tuple(path)
        if isinstance(node.value, dict):
            if any(_matches(at, one) for one in BY_TEAM):
                return self.by_team(node, path)
            entries = {}
            for name, value in node.value.items():
                if path == OF_CHANNELS and name.endswith("?") and name not in self.company.channels:
                    name = name.removesuffix("?").strip()
                    if name not in self.company.channels:
                        continue
                dotted = path[:2] == ("timeline", "changes") and path[3:] == ("set",)
                if dotted:
                    entries.update(self.changed(name, value, path))
                else:
                    entries[name] = self.walk(value, (*path, name))
            return Node(entries, node.place, node.key, node.blank, node.covers)
        if isinstance(node.value, str) and any(_matches(at, one) for one in OF_A_TEAM):
            return self.one(node, path)
        if isinstance(node.value, list) and any(_matches(at, one) for one in OF_TEAMS):
            return self.members(node, path)
        return node

    def one(self, node: Node, path: Path) -> Node:
        """Return a setting that names one team."""
        said = node.value
        if not _is_role(said) or said in self.company.teams:
            return node
        teams = self.teams(said, Node(said, node.place), path)
        if len(teams) > 1:
            message = f"expected one team, but '{said}' here is {', '.join(teams)}; name one of them"
            self.problems.append(Problem(*node.place, ".".join(path), message))
        return Node(teams[0] if teams else "", node.place, node.key)

    def members(self, node: Node, path: Path) -> Node:
        """Return the teams of a role as a list."""
        teams: dict[str, Node] = {}
        for item in node.value:
            if isinstance(item.value, str) and _is_role(item.value):
                for team in self.teams(item.value, item, path):
                    teams.setdefault(team, Node(team, item.place))
            else:
                teams.setdefault(str(item.value), item)
        if self.only is not None and path == ("cadence", "members"):
            self.limited = True
            teams = {team: item for team, item in teams.items() if team in self.only}
        return Node(list(teams.values()), node.place, node.key)

    def by_team(self, node: Node, path: Path) -> Node:
        """Return a mapping from teams to something."""
        ranked: dict[str, list[tuple[int, str, Node]]] = {}
        plainly: dict[str, Node] = {}
        mapping = path == ("teams",)
        for name, value in node.value.items():
            inner = self.walk(value, (*path, name))
            if not _is_role(name) or name in self.company.teams:
                if self.only is not None and not mapping:
                    self.limited = True
                    if name not in self.only:
                        continue
                if name in self.company.teams:
                    ranked.setdefault(name, []).append((_TEAM, name, inner))
                elif mapping or not self.strict:
                    plainly[name] = inner
                else:
                    self.teams(name, value, (*path, name))
                continue
            for team in self.teams(name, value, (*path, name)):
                self.limited = self.limited or self.only is not None
                if self.only is None or team in self.only:
                    ranked.setdefault(team, []).append((_rank(name.removesuffix("?")), name, inner))
        entries = {team: self.together(said, (*path, team)) for team, said in ranked.items()}
        return Node({**plainly, **entries}, node.place, node.key, node.blank, node.covers)

    def together(self, said: list[tuple[int, str, Node]], path: Path) -> Node:
        """Return what a file says of one team by several names: the more specific wins."""
        by_rank: dict[int, list[tuple[str, Node]]] = {}
        for rank, name, node in said:
            by_rank.setdefault(rank, []).append((name, node))
        merged: Node | None = None
        for rank in sorted(by_rank):
            tied = by_rank[rank]
            level = tied[0][1]
            for name, node in tied[1:]:
                level = self.tie(level, node, (tied[0][0], name), path)
            merged = level if merged is None else _over(merged, level, path)
        assert merged is not None
        return merged

    def tie(self, a: Node, b: Node, names: tuple[str, str], path: Path) -> Node:
        """Return what two names of equal rank say of one team: both, where they do not contradict each other."""
        if isinstance(a.value, dict) and isinstance(b.value, dict):
            if _matches(path, PAID_ON):
                return _shared(a, b)
            entries = dict(a.value)
            for name, value in b.value.items():
                entries[name] = self.tie(entries[name], value, names, (*path, name)) if name in entries else value
            return Node(entries, a.place, a.key)
        if a.value != b.value and not isinstance(a.value, list | dict):
            message = f"'{names[0]}' and '{names[1]}' are one team here and say {a.value} and {b.value}; name the team"
            self.problems.append(Problem(*b.place, ".".join(path), message))
        return b

    def changed(self, dotted: str, value: Node, path: Path) -> dict[str, Node]:
        """Return a change of the timeline, whose path may name a role."""
        parts = tuple(dotted.split("."))
        for group in BY_TEAM:
            n = len(group)
            if _matches(parts[:n], group) and len(parts) > n and _is_role(parts[n]):
                teams = self.teams(parts[n], value, (*path, dotted))
                return {".".join((*parts[:n], team, *parts[n + 1 :])): value for team in teams}
        inner = self.walk(value, parts)
        return {dotted: inner}


def with_teams(
    layer: Node, company: Company, only: tuple[str, ...] = (), *, strict: bool = False
) -> tuple[Node, list[Problem]]:
    """Return a file's settings with teams in place of roles.

    Parameters
    ----------
    layer : Node
        What the file says.
    company : Company
        What it is laid over, together with what it adds itself.
    only : tuple of str
        Roles and teams that it is limited to; empty: all.
    strict : bool
        Whether a team's own name that the company lacks is told here, with what the company has.

    Returns
    -------
    settings : Node
    problems : list of Problem
    """
    problems: list[Problem] = []
    chosen: set[str] = set()
    for role in only:
        teams = company.named(role)
        if teams is None:
            message, near = company.lacking(role)
            problems.append(Problem(None, None, None, "", f"'{role[:80]}': {message}", near))
        chosen |= set(teams or ())
    work = _Layer(company, frozenset(chosen) if only else None, problems, strict)
    merged = work.walk(layer, ())
    if work.only is not None:
        merged, meets = _who_meets(merged, [team for team in company.teams if team in work.only])
        if not meets and not work.limited and not problems:
            message = "says nothing by team and has no group, so it cannot be limited to teams"
            problems.append(Problem(layer.place.file, None, None, "", message))
    return merged, problems


def _who_meets(node: Node, teams: list[str]) -> tuple[Node, bool]:
    """Return a group that a limited file starts has only these teams."""
    group = node.value.get("cadence") if isinstance(node.value, dict) else None
    if group is None or not isinstance(group.value, dict) or "enabled" not in group.value:
        return node, False
    if "members" in group.value or group.value["enabled"].value is not True:
        return node, True
    place = group.value["enabled"].place
    members = Node([Node(team, place) for team in teams], place, group.value["enabled"].key)
    cadence = Node({**group.value, "members": members}, group.place, group.key)
    return Node({**node.value, "cadence": cadence}, node.place, node.key), True


def spread(changes: Mapping[str, Any], company: Company, node: Callable[[Any], Node]) -> dict[str, Any]:
    """Return dotted changes with teams in place of roles; the more specific name wins, as within a file.

    Parameters
    ----------
    changes : mapping
        Dotted path -> value.
    company : Company
        Whose teams they are.
    node : callable
        Makes a tree of a value.

    Raises
    ------
    ScenarioError
        When a role means nobody here.
    """
    problems: list[Problem] = []
    work = _Layer(company, None, problems, False)
    changes_by_path: dict[str, tuple[int, Any]] = {}
    for path, value in changes.items():
        parts = path.split(".")
        rank = min((_rank(part.removesuffix("?")) for part in parts), default=_TEAM)
        made = work.changed(path, node(value), ())
        for one, inner in made.items():
            if one not in changes_by_path or changes_by_path[one][0] <= rank:
                changes_by_path[one] = (rank, plain(inner))
    if problems:
        raise ScenarioError(problems)
    return {path: value for path, (_, value) in changes_by_path.items()}


def names_roles(path: Any, value: Any) -> bool:
    """Tell whether a change names a role where a team's name may stand, in its dotted path or in its value.

    Examples
    --------
    >>> names_roles("teams.owner of sale.headcount", 9), names_roles("ideas.owner", "owner of sale")
    (True, True)
    >>> names_roles("teams.sales.headcount", 9)
    False
    """
    if not isinstance(path, str):
        return False
    parts = tuple(path.split("."))
    there = [len(one) for one in BY_TEAM if len(parts) > len(one) and _matches(parts[: len(one)], one)]
    return any(_is_role(parts[n]) for n in there) or (not isinstance(value, int | float) and _says_role(value))


def _says_role(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_says_role(name) or _says_role(entry) for name, entry in value.items())
    if isinstance(value, list | tuple):
        return any(_says_role(item) for item in value)
    return isinstance(value, str) and _is_role(value)


def _is_role(text: str) -> bool:
    return _rank(text) < _TEAM or text.endswith("?")


def _matches(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and all(b in ("*", a) for a, b in zip(path, pattern, strict=True))


def _shared(a: Node, b: Node) -> Node:
    """Return a team with two tasks is paid on both, half on each."""
    entries: dict[str, Node] = {}
    for part in (a, b):
        for name, weight in part.value.items():
            half = weight.value / 2 if isinstance(weight.value, int | float) else weight.value
            before = entries[name].value if name in entries else 0
            entries[name] = Node(half + before if isinstance(half, float) else half, weight.place, weight.key)
    return Node(entries, a.place, a.key)


def _over(below: Node, above: Node, path: Path) -> Node:
    """Return mappings merge, but what a team is paid on is one value."""
    if isinstance(below.value, dict) and isinstance(above.value, dict) and not _matches(path, PAID_ON):
        entries = dict(below.value)
        for name, value in above.value.items():
            entries[name] = _over(entries[name], value, (*path, name)) if name in entries else value
        return Node(entries, above.place, above.key)
    return above
