"""Keyed graphs: what each family promises, and that luck depends on the key alone."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flywheel_sim.engine.choices import choice
from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms.m05_word_of_mouth import voice_unit
from flywheel_sim.engine.network import build_network
from flywheel_sim.scenario.blocks.m01_market import NetworkKind

KINDS = get_args(NetworkKind)


def build(kind, n=1000, degree=8, rewiring=0.1, homophily=0.5, seed=1, replicate=0, segment=None):
    network = np.zeros(1, PAR)[0]["market"]["network"]
    network["kind"], network["degree"], network["rewiring"], network["homophily"] = (
        choice(kind, NetworkKind),
        degree,
        rewiring,
        homophily,
    )
    segment = np.zeros(n, np.uint8) if segment is None else segment
    return build_network(network, n, seed, replicate, segment)


def ties(edge, friend):
    """Every directed tie as (from, to)."""
    return np.repeat(np.arange(edge.size - 1), np.diff(edge)), friend.astype(np.int64)


def test_kinds_are_those_of_the_scenario():
    from typing import get_args

    from flywheel_sim.scenario.blocks.m01_market import NetworkKind

    assert get_args(NetworkKind) == KINDS


@example(kind="barabasi-albert", half=5, n=14, rewiring=0.0, homophily=0.0, seed=380)
@example(kind="barabasi-albert", half=5, n=14, rewiring=0.0, homophily=0.0, seed=5)
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS[1:]),
    half=st.integers(1, 6),
    n=st.integers(14, 120),
    rewiring=st.floats(0, 1),
    homophily=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_ties_are_mutual_and_nobody_is_its_own_friend(kind, half, n, rewiring, homophily, seed):
    segment = (np.arange(n) % 3).astype(np.uint8)
    edge, friend = build(kind, n - n % 2, 2 * half, rewiring, homophily, seed, 0, segment[: n - n % 2])
    assert edge[0] == 0
    assert np.all(np.diff(edge) >= 0)
    assert edge[-1] == friend.size
    a, b = ties(edge, friend)
    assert np.all(a != b)
    assert np.all((b >= 0) & (b < edge.size - 1))
    there, back = np.lexsort((b, a)), np.lexsort((a, b))
    assert np.array_equal(a[there], b[back])
    assert np.array_equal(b[there], a[back])
    if kind in ("pairs", "ring", "watts-strogatz", "barabasi-albert"):
        assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == a.size, "a simple graph has no double ties"


def test_complete_stores_nothing():
    edge, friend = build("complete")
    assert friend.size == 0
    assert np.all(edge == 0)


def test_pairs():
    _, friend = build("pairs", 6)
    assert friend.tolist() == [1, 0, 3, 2, 5, 4]


@pytest.mark.parametrize("degree", [2, 4])
def test_ring(degree):
    n = 10
    edge, friend = build("ring", n, degree)
    for i in range(n):
        near = {(i + h) % n for h in range(-degree // 2, degree // 2 + 1)} - {i}
        assert set(friend[edge[i] : edge[i + 1]].tolist()) == near


def test_watts_strogatz_without_rewiring_is_the_ring():
    ring, small_world = build("ring"), build("watts-strogatz", rewiring=0.0)
    assert np.array_equal(ring[0], small_world[0])
    assert np.array_equal(ring[1], small_world[1])


@pytest.mark.parametrize("rewiring", [0.1, 0.5, 1.0])
def test_watts_strogatz_rewires_the_stated_share_and_keeps_the_mean_degree(rewiring):
    n, degree = 5000, 8
    edge, friend = build("watts-strogatz", n, degree, rewiring)
    assert friend.size == n * degree
    a, b = ties(edge, friend)
    gap = np.abs(a - b)
    far = np.mean(np.minimum(gap, n - gap) > degree // 2)
    assert abs(far - rewiring) < 5 * np.sqrt(rewiring * (1 - rewiring) / (n * degree / 2)) + 1e-12


def test_barabasi_albert_has_hubs_and_the_mean_degree():
    n, degree = 5000, 8
    edge, _ = build("barabasi-albert", n, degree)
    k = np.diff(edge)
    half = degree // 2
    assert k.sum() == 2 * (half * (half + 1) // 2 + half * (n - half - 1))
    assert k.min() == half
    # P(k) -> 2 m (m + 1) / (k (k + 1)(k + 2)) (Dorogovtsev, Mendes & Samukhin 2000): P(K = m) = 2/(m + 2)
    assert abs(np.mean(k == half) - 2 / (half + 2)) < 0.02
    # P(K >= k) = m (m + 1) / (k (k + 1))
    for tail in (10, 20, 40):
        assert abs(np.mean(k >= tail) - half * (half + 1) / (tail * (tail + 1))) < 0.012
    assert k.max() > 100


def test_configuration_has_geometric_degrees_of_the_stated_mean():
    n, degree = 5000, 8
    edge, _ = build("configuration", n, degree)
    k = np.diff(edge)
    assert abs(k.mean() - degree) < 5 * np.sqrt(degree * (degree - 1) / n) + 0.05
    assert abs(k.var() / (degree * (degree - 1)) - 1) < 0.15


@pytest.mark.parametrize("homophily", [0.0, 0.5, 1.0])
def test_blocks_keep_the_stated_share_of_ties_inside_the_segment(homophily):
    n, degree = 5000, 8
    segment = (np.arange(n) % 10 < 7).astype(np.uint8)
    edge, friend = build("blocks", n, degree, homophily=homophily, segment=segment)
    a, b = ties(edge, friend)
    by_chance = 0.7**2 + 0.3**2
    expected = homophily + (1 - homophily) * by_chance
    assert abs(np.mean(segment[a] == segment[b]) - expected) < 5 * np.sqrt(0.25 / (n * degree / 2)) + 1e-12
    assert friend.size == n * degree


@pytest.mark.parametrize("kind", KINDS[3:])
def test_the_key_alone_decides(kind):
    first, again, other = build(kind, seed=5), build(kind, seed=5), build(kind, seed=6)
    assert np.array_equal(first[1], again[1])
    assert first[1].size != other[1].size or not np.array_equal(first[1], other[1])
    assert not np.array_equal(first[1], build(kind, seed=5, replicate=1)[1])


@given(st.integers(1, 10**6), st.floats(0, 100))
def test_the_voices_an_account_hears_fit_its_counter(degree, heaviest):
    unit = voice_unit.py_func(degree, heaviest)
    assert 0 <= unit <= 20
    assert degree * max(heaviest, 1.0) * 2**unit < 2**31
