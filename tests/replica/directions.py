"""M11 Team vectors and M13's needs: where teams look, and where customers would have them look."""

import math

from replica import luck
from replica.arithmetic import exp64, log64, normal_quantile, sincos64
from replica.cadence import same_theme
from replica.culture import discipline_yield
from replica.journey import dot
from replica.luck import pick_lane, unit
from replica.world import Rules, World, normalise

__all__ = [
    "change_needs", "company_need", "observe_alignment", "refresh_belief", "step_directions",
    "step_needs",
]  # fmt: skip


def move_along(u: list[float], step: list[float]) -> None:
    """Move a unit vector along the great circle of the tangent part of a step, by its length."""
    along, length = dot(u, step), 0.0
    for a in range(len(u)):
        step[a] -= along * u[a]
        length += step[a] * step[a]
    length = math.sqrt(length)
    if length > 0.0:
        s, c = sincos64(length)
        for a in range(len(u)):
            u[a] = c * u[a] + s * step[a] / length
        normalise(u)


# --- M13 needs and the experience map ---------------------------------------------------------------------------------


def step_needs(w: World, p: Rules, t: int) -> None:
    """Needs wander on the sphere, and are drawn back to what the segments state."""
    m = p.sensing
    if m.enabled and (m.need_drift > 0.0 or m.need_reversion > 0.0):
        size = math.sqrt(2.0 * m.need_drift)
        for s, need in enumerate(w.need):
            kicks = [size * normal_quantile(unit(pick_lane(w.key, s, t, luck.NEED, a))) for a in range(p.d)]
            move_along(need, [kick + m.need_reversion * p.need[s][a] for a, kick in enumerate(kicks)])


def change_needs(w: World, before: Rules, p: Rules) -> None:
    """Move needs by what the timeline changed; how far they have drifted stays."""
    for need, old, new in zip(w.need, before.need, p.need, strict=True):
        moved = 0.0
        for a in range(p.d):
            moved += abs(new[a] - old[a])
        if moved > 0.0:
            for a in range(p.d):
                need[a] += new[a] - old[a]
            normalise(need)


def company_need(w: World, p: Rules) -> None:
    """The company's need: segments by size and spend, at the touchpoints that count."""
    counted = 0.0
    for touch in p.touch:
        counted += touch.weight
    total, before = [0.0] * p.d, 0.0
    for s, row in enumerate(p.segment):
        weight = (row.upto - before) * max(row.spend, 1e-12)
        before = row.upto
        if counted <= 0.0:
            for a in range(p.d):
                total[a] += weight * w.need[s][a]
            continue
        for touch, offset in zip(p.touch, p.offset, strict=True):
            here = [w.need[s][a] + offset[a] for a in range(p.d)]
            normalise(here)
            for a in range(p.d):
                total[a] += weight * touch.weight * here[a]
    normalise(total)
    w.company_need = total


def listen(w: World, p: Rules) -> float:
    """Listening and deep relationships sharpen the map; returns the share of news of the need heard in a week."""
    m, heard = p.sensing, 0.0
    if m.listening_hours > 0.0:
        heard = 1.0 - exp64(-m.listening_hours / m.listening_scale)
        w.map_accuracy = 1.0 - (1.0 - w.map_accuracy) * (1.0 - m.listening_gain * heard)
        for k, team in enumerate(w.teams):
            if p.team[k].front:
                team.taken += m.listening_hours * team.heads
    if m.depth_effect > 0.0 and p.relationship.enabled and w.map_accuracy < 1.0:
        depth = w.last["relationship"] - p.relationship.relationship_reference
        w.map_accuracy = 1.0 - min(1.0, (1.0 - w.map_accuracy) * exp64(-m.depth_effect * depth))
    return heard


def refresh_belief(w: World, p: Rules, t: int) -> None:
    """n_k = A n + sqrt(1 - A^2) unit(error): drawn afresh when due, kept up by listening in between."""
    m, need = p.sensing, w.company_need
    if not m.enabled:
        return
    found = 1.0
    if t > 0:
        found -= m.exploration * w.alignment * w.alignment
    heard = listen(w, p) * found
    begun = t - t % m.refresh_weeks if m.refresh_weeks > 0 else 0
    due = m.refresh_weeks > 0 and begun == t
    if due or heard > 0.0:
        share = found if due else heard
        w.known = [need[a] if share >= 1.0 else (1.0 - share) * w.known[a] + share * need[a] for a in range(p.d)]
        if not due or found < 1.0:
            normalise(w.known)
        for k in range(len(w.teams)):
            draw_map(w, p, k, begun)
    w.belief_cosine = 0.0
    for team in w.teams:
        for a in range(p.d):
            w.belief_cosine += team.belief[a] * need[a] / len(w.teams)


def draw_map(w: World, p: Rules, k: int, begun: int) -> None:
    """One team's belief: its error is partly everybody's, and orthogonal to what is known."""
    share, row = p.sensing.sharing, w.teams[k].belief
    for a in range(p.d):
        shared = normal_quantile(unit(pick_lane(w.key, 1 << 20, begun, luck.BELIEF, a)))
        mine = normal_quantile(unit(pick_lane(w.key, k, begun, luck.BELIEF, a)))
        row[a] = math.sqrt(share) * shared + math.sqrt(1.0 - share) * mine
    along = dot(row, w.known)
    for a in range(p.d):
        row[a] -= along * w.known[a]
    normalise(row)
    side = math.sqrt(max(0.0, 1.0 - w.map_accuracy * w.map_accuracy))
    for a in range(p.d):
        row[a] = w.map_accuracy * w.known[a] + side * row[a]


# --- M11 --------------------------------------------------------------------------------------------------------------


def growth_rate(w: World, p: Rules, t: int) -> float:
    """g: log growth of the customers over the last 13 weeks."""
    if p.vectors.growth_effect <= 0.0:
        return 0.0
    now = w.last["customers"]
    then = w.rows[t - 14]["customers"] if t > 13 else w.initial["customers"]
    return log64(now / then) if now > 0.0 and then > 0.0 else 0.0


def diffusion(w: World, p: Rules, growth: float) -> float:
    """D of this week: heated by growth, cooled by culture."""
    v, hot = p.vectors, 0.0
    if v.growth_effect > 0.0 and growth > 0.0:
        e = exp64(-2.0 * growth / v.growth_reference)
        hot = v.growth_effect * (1.0 - e) / (1.0 + e)  # tanh
    cool = v.culture_effect * w.culture if p.culture.enabled else 0.0
    return float(v.diffusion * (1.0 + hot) * (1.0 - cool))


def field_of(w: World, p: Rules, k: int) -> list[float]:
    """What pulls a team: craft, its map, pay, leadership, and a field of the scenario; in units of D."""
    v, team = p.vectors, w.teams[k]
    mapped = 0.0
    if p.sensing.enabled:
        mapped = v.map_pull * p.sensing.sharing * w.adherence * discipline_yield(w, p)
    field = []
    for a in range(p.d):
        pull = v.craft_pull * p.craft[k][a] + mapped * team.belief[a]
        if p.incentives.enabled:
            pull += v.pay_pull * team.pay[a]
        if p.strategy.enabled:
            pull += (v.lead_pull + w.lead_added) * w.target[a]
        field.append((v.diffusion if v.diffusion > 0.0 else 1.0) * (pull + p.field[k][a]))
    return field


def step_directions(w: World, p: Rules, t: int) -> None:
    """du = P [fields + (K/T) sum_j w_kj u_j] dt + sqrt(2 D) P o dW: all teams from the same positions."""
    v, count = p.vectors, len(w.teams)
    if not v.enabled or count == 0:
        return
    scale = v.diffusion if v.diffusion > 0.0 else 1.0
    coupling = v.coupling.fixed * w.coupling_factor * scale / count
    lift = w.coupling_factor * scale / count
    dt = 1.0 / v.substeps
    kick = math.sqrt(2.0 * diffusion(w, p, growth_rate(w, p, t)) * dt)
    fields, draws = [field_of(w, p, k) for k in range(count)], (p.d + 3) // 4
    for n in range(v.substeps):
        steps = []
        for k in range(count):
            step = list(fields[k])
            for j in range(count):
                weight = p.overlap[k][j] * same_theme(w, p, k, j, t)
                if weight != 0.0:
                    pull = coupling + lift * w.made[k][j]
                    for a in range(p.d):
                        step[a] += pull * weight * w.teams[j].direction[a]
            for a in range(p.d):
                step[a] *= dt
                if kick > 0.0:
                    step[a] += kick * normal_quantile(unit(pick_lane(w.key, k, t, luck.TEAM, a, n * draws)))
            steps.append(step)
        for team, step in zip(w.teams, steps, strict=True):
            move_along(team.direction, step)


def observe_alignment(w: World, p: Rules) -> None:
    """r = |sum u|/T, the same by weight, the cosine of the resultant with the need, and the net force along it."""
    w.alignment = w.alignment_weighted = w.customer_alignment = w.net_force = 0.0
    if not w.teams:
        return
    plain = heavy = along = total = 0.0
    for team in w.teams:
        total += team.heads * team.magnitude
    for a in range(p.d):
        x = y = 0.0
        for team in w.teams:
            x += team.direction[a]
            y += team.heads * team.magnitude * team.direction[a]
        plain += x * x
        heavy += y * y
        along += x * w.company_need[a]
        w.net_force += y * w.company_need[a]
    w.alignment = math.sqrt(plain) / len(w.teams)
    w.alignment_weighted = math.sqrt(heavy) / total if total > 0.0 else 0.0
    w.customer_alignment = along / math.sqrt(plain) if plain > 0.0 else 0.0
