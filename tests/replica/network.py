"""Who is friends with whom (M5): keyed graphs, as a list of friends for every account."""

from typing import Any

from replica.arithmetic import log64
from replica.luck import NETWORK, Key, unit, words

__all__ = ["build_friends"]


def build_friends(network: Any, n: int, key: Key, segment: list[int]) -> list[list[int]]:
    """Friends of every account, in the order in which the ties were made."""
    builders = {
        "pairs": pairs, "ring": ring, "watts-strogatz": watts_strogatz, "barabasi-albert": barabasi_albert,
        "configuration": configuration, "blocks": segments,
    }  # fmt: skip
    friends: list[list[int]] = [[] for _ in range(n)]
    if network.kind == "complete" or n < 2:
        return friends
    for i, j in builders[network.kind](network, n, key, segment):
        friends[i].append(j)
        friends[j].append(i)
    return friends


Ties = list[tuple[int, int]]


def pairs(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """0-1, 2-3, ..."""
    return [(i, i + 1) for i in range(0, n - 1, 2)]


def ring(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """Half of the degree to either side."""
    return [(i, (i + h + 1) % n) for i in range(n) for h in range(network.degree // 2)]


def watts_strogatz(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """A ring whose ties to the right are rewired by luck, to an account that is not a friend already."""
    half, ties = network.degree // 2, ring(network, n, key, segment)
    for e, (i, _) in enumerate(ties):
        h = e % half
        if unit(words(key, i, 0, NETWORK, h)[0]) >= network.rewiring:
            continue
        for k in range(1, 9):
            j = int(unit(words(key, i, k, NETWORK, h)[1]) * n)
            gap = abs(i - j)
            near = min(gap, n - gap) <= half
            mine = any(ties[i * half + x][1] == j for x in range(half))
            theirs = any(ties[j * half + x][1] == i for x in range(half))
            if not (near or mine or theirs):
                ties[e] = (i, j)
                break
    return ties


def barabasi_albert(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """Newcomers tie to others in proportion to the ties these have: to a random end of a random tie."""
    half, ties = max(network.degree // 2, 1), Ties()
    for i in range(1, n):
        for h in range(min(half, i)):
            new = {tie[1] for tie in ties[len(ties) - h :]} if h else set()
            j = i - 1 - h
            if i > half:
                for k in range(8):
                    pick = int(unit(words(key, i, k, NETWORK, h)[0]) * 2 * len(ties))
                    j = ties[pick // 2][pick % 2]
                    if j != i and j not in new:
                        break
                for _ in range(i):
                    if j not in new:
                        break
                    j = (j + 1) % i
            ties.append((i, j))
    return ties


def configuration(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """Geometric degrees; the stubs are shuffled and joined two by two."""
    degree, most = network.degree, 3 * n * network.degree
    stubs: list[int] = []
    for i in range(n):
        u = unit(words(key, i, 0, NETWORK)[0])
        own = 1 + int(log64(u) / log64(1.0 - 1.0 / degree)) if degree > 1 else 1
        stubs += [i] * min(own, 50 * degree)
    stubs = stubs[: 2 * most]
    for x in range(len(stubs) - 1, 0, -1):
        y = int(unit(words(key, x, 1, NETWORK)[0]) * (x + 1))
        stubs[x], stubs[y] = stubs[y], stubs[x]
    joined = [(stubs[x], stubs[x + 1]) for x in range(0, len(stubs) - 1, 2)]
    return [(i, j) for i, j in joined if i != j][:most]


def segments(network: Any, n: int, key: Key, segment: list[int]) -> Ties:
    """Each account ties to others, inside its segment with probability ``homophily``."""
    ties = []
    for i in range(n):
        for h in range(network.degree // 2):
            for k in range(64):
                j = int(unit(words(key, i, k, NETWORK, h)[1]) * n)
                inside = unit(words(key, i, 64, NETWORK, h)[0]) < network.homophily
                if j != i and (not inside or segment[j] == segment[i]):
                    ties.append((i, j))
                    break
    return ties
