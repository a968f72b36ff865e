"""Who is friends with whom: keyed graphs as adjacency lists.

Every builder returns ``(edge, friend)``: the friends of account i are ``friend[edge[i]:edge[i+1]]``.  Luck is keyed by
account, so a graph depends on its parameters and the run's key alone.  ``complete`` stores nothing: sums come from
counts.

=================  ==============================================================================================
kind               construction
=================  ==============================================================================================
pairs              0-1, 2-3, ... (A2's two-node bound)
ring               ``degree/2`` neighbours on each side; degree 2 is A2's exact ring
watts-strogatz     a ring, each tie to the right rewired with probability ``rewiring`` to an account that is not a
                   friend already (Watts & Strogatz 1998)
barabasi-albert    accounts arrive in order and tie to ``degree/2`` others in proportion to their ties
configuration      stubs from a geometric degree distribution of mean ``degree``, matched by keyed order
blocks             each account draws ``degree/2`` ties, inside its segment with probability ``homophily``
=================  ==============================================================================================
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import inlined, kernel, step
from flywheel_sim.engine.portable_math import log64
from flywheel_sim.engine.random import NETWORK as NETWORK_BLOCK
from flywheel_sim.engine.random import unit64, words
from flywheel_sim.scenario.blocks.m01_market import Network

__all__ = ["NETWORK", "build_network"]

NETWORK = codes(Network, "kind")


@step
def ring_ties(n: int, half: int, out: Any) -> int:
    """Tie every account to ``half`` neighbours on its right."""
    m = 0
    for i in range(n):
        for h in range(half):
            out[m, 0], out[m, 1] = i, (i + h + 1) % n
            m += 1
    return m


@step
def rewire(n: int, half: int, m: int, rewiring: float, seed: Any, replicate: Any, out: Any) -> None:
    """Give some ties of a ring another end, that is no friend already."""
    for e in range(m):
        i, h = out[e, 0], e % half
        if unit64(words(seed, replicate, i, 0, NETWORK_BLOCK, h)[0]) >= rewiring:
            continue
        for k in range(1, 9):
            j = np.int64(unit64(words(seed, replicate, i, k, NETWORK_BLOCK, h)[1]) * n)
            gap = abs(i - j)
            known = min(gap, n - gap) <= half
            for x in range(half):
                known = known or out[i * half + x, 1] == j or out[j * half + x, 1] == i
            if not known:
                out[e, 1] = j
                break


@inlined
def is_new(j: int, i: int, h: int, m: int, out: Any) -> bool:
    """Whether account j is neither i nor the end of one of the h ties before tie m."""
    new = j != i
    for x in range(h):
        new = new and out[m - 1 - x, 1] != j
    return new


@step
def preferential_ties(n: int, half: int, seed: Any, replicate: Any, out: Any) -> int:
    """Tie accounts as they arrive to others in proportion to their ties."""
    m = 0
    j: Any = 0
    for i in range(1, n):
        for h in range(min(half, i)):
            j = i - 1 - h  # the first few tie to all before them
            if i > half:
                for k in range(8):
                    u = words(seed, replicate, i, k, NETWORK_BLOCK, h)
                    pick = np.int64(unit64(u[0]) * 2 * m)
                    j = out[pick >> 1, pick & 1]
                    if is_new(j, i, h, m, out):
                        break
                for _ in range(i):  # small graphs: by luck only old ties came up; take the next account that is new
                    if is_new(j, i, h, m, out):
                        break
                    j = (j + 1) % i
            out[m, 0], out[m, 1] = i, j
            m += 1
    return m


@step
def configured_ties(n: int, degree: int, seed: Any, replicate: Any, out: Any) -> int:
    """Give accounts stubs from a geometric distribution, and join these by keyed order."""
    m, count = 0, 0
    own: Any = 0
    stubs = np.empty(2 * out.shape[0], np.int64)
    for i in range(n):
        u = unit64(words(seed, replicate, i, 0, NETWORK_BLOCK, 0)[0])
        own = 1 + np.int64(log64(u) / log64(1.0 - 1.0 / degree)) if degree > 1 else 1
        for _ in range(min(own, 50 * degree)):
            if count < stubs.size:
                stubs[count] = i
                count += 1
    for x in range(count - 1, 0, -1):  # Fisher-Yates, keyed by position
        y = np.int64(unit64(words(seed, replicate, x, 1, NETWORK_BLOCK, 0)[0]) * (x + 1))
        stubs[x], stubs[y] = stubs[y], stubs[x]
    for x in range(0, count - 1, 2):
        if stubs[x] != stubs[x + 1] and m < out.shape[0]:
            out[m, 0], out[m, 1] = stubs[x], stubs[x + 1]
            m += 1
    return m


@step
def block_ties(n: int, half: int, homophily: float, seed: Any, replicate: Any, segment: Any, out: Any) -> int:
    """Tie accounts to others at random, some of them inside their segment."""
    m = 0
    for i in range(n):
        for h in range(half):
            inside = unit64(words(seed, replicate, i, 64, NETWORK_BLOCK, h)[0]) < homophily
            for k in range(64):
                j = np.int64(unit64(words(seed, replicate, i, k, NETWORK_BLOCK, h)[1]) * n)
                if j != i and (not inside or segment[j] == segment[i]):
                    out[m, 0], out[m, 1] = i, j
                    m += 1
                    break
    return m


@kernel
def half_edges(
    kind: int, n: int, degree: int, rewiring: float, homophily: float, seed: Any, replicate: Any, segment: Any, out: Any
) -> int:
    """Fill ``out`` (m, 2) with the ties of a graph, each once; returns how many."""
    m, half = 0, degree // 2
    if kind == NETWORK.pairs:
        for i in range(0, n - 1, 2):
            out[m, 0], out[m, 1] = i, i + 1
            m += 1
    elif kind == NETWORK.ring:
        m = ring_ties(n, half, out)
    elif kind == NETWORK.watts_strogatz:
        m = ring_ties(n, half, out)
        rewire(n, half, m, rewiring, seed, replicate, out)
    elif kind == NETWORK.barabasi_albert:
        m = preferential_ties(n, max(half, 1), seed, replicate, out)
    elif kind == NETWORK.configuration:
        m = configured_ties(n, degree, seed, replicate, out)
    elif kind == NETWORK.blocks:
        m = block_ties(n, half, homophily, seed, replicate, segment, out)
    return m


@kernel
def adjacency(n: int, m: int, ties: Any, edge: Any, friend: Any) -> None:
    """Turn ties into adjacency lists."""
    for i in range(n + 1):
        edge[i] = 0
    for e in range(m):
        edge[ties[e, 0] + 1] += 1
        edge[ties[e, 1] + 1] += 1
    for i in range(n):
        edge[i + 1] += edge[i]
    at = edge[:-1].copy()
    for e in range(m):
        i, j = ties[e, 0], ties[e, 1]
        friend[at[i]] = j
        at[i] += 1
        friend[at[j]] = i
        at[j] += 1


def build_network(
    network: Any, n: int, seed: int, replicate: int, segment: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Build the graph of one run.

    Parameters
    ----------
    network : record of the scenario's ``market.network`` block.
    n : accounts.
    seed, replicate : key of the run.
    segment : segment of every account (used by ``blocks``).

    Returns
    -------
    edge : int32 array (n + 1,)
    friend : int32 array (edge[n],)
    """
    kind, degree = int(network["kind"]), int(network["degree"])
    if kind == NETWORK.complete or n < 2:
        return np.zeros(n + 1, np.int32), np.zeros(0, np.int32)
    most = {NETWORK.pairs: n // 2, NETWORK.configuration: 3 * n * degree}.get(kind, n * max(degree // 2, 1))
    ties = np.empty((max(most, 1), 2), np.int32)
    m = half_edges(
        kind,
        n,
        degree,
        float(network["rewiring"]),
        float(network["homophily"]),
        np.uint32(seed),
        np.uint32(replicate),
        segment,
        ties,
    )
    edge, friend = np.empty(n + 1, np.int32), np.empty(2 * m, np.int32)
    adjacency(n, m, ties, edge, friend)
    return edge, friend
