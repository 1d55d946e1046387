"""Place the nodes of a graph in layers, each above what feeds it, with few crossings."""

from collections.abc import Sequence

import numpy as np

SWEEPS = 4


def layered(count: int, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return x and y of each node: y is the longest way from a source, x spreads each layer evenly.

    Edges that close a cycle do not lift their node, so any graph gets a finite place.

    >>> layered(3, [(0, 1), (1, 2)])[:, 1].tolist()
    [0.0, 1.0, 2.0]
    """
    forward = _without_cycles(count, edges)
    height = _heights(count, forward)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for leaves, enters in forward:
        neighbours[leaves].append(enters)
        neighbours[enters].append(leaves)
    x = np.zeros(count)
    levels = [np.flatnonzero(height == level).tolist() for level in range(int(height.max(initial=0)) + 1)]
    for level in levels:
        _spread(level, x)
    for sweep in range(SWEEPS):
        for level in levels if sweep % 2 == 0 else levels[::-1]:
            wish = {node: np.mean([x[n] for n in neighbours[node]] or [x[node]]) for node in level}
            level.sort(key=lambda node: (wish[node], node))
            _spread(level, x)
    return np.stack([x, height.astype(float)], axis=1)


def _spread(level: list[int], x: np.ndarray) -> None:
    """Put the nodes of a layer side by side around the middle, in the order of the list."""
    for place, node in enumerate(level):
        x[node] = (place + 0.5) / len(level)


def _without_cycles(count: int, edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the edges that a walk from the sources meets before it comes back on itself."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    entered = np.zeros(count, int)
    for leaves, enters in edges:
        if leaves != enters:
            leaving[leaves].append(enters)
            entered[enters] += 1
    state = np.zeros(count, int)  # 0 not seen, 1 on the way here, 2 done
    kept = []
    for start in np.argsort(entered, kind="stable").tolist():
        if state[start]:
            continue
        state[start] = 1
        way = [(start, iter(leaving[start]))]
        while way:
            node, onward = way[-1]
            step = next(onward, None)
            if step is None:
                state[node] = 2
                way.pop()
            elif state[step] != 1:
                kept.append((node, step))
                if state[step] == 0:
                    state[step] = 1
                    way.append((step, iter(leaving[step])))
    return kept


def _heights(count: int, forward: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return for each node the length of the longest way to it."""
    height = np.zeros(count, int)
    waiting = np.zeros(count, int)
    leaving: list[list[int]] = [[] for _ in range(count)]
    for leaves, enters in forward:
        waiting[enters] += 1
        leaving[leaves].append(enters)
    ready = np.flatnonzero(waiting == 0).tolist()
    while ready:
        node = ready.pop()
        for above in leaving[node]:
            height[above] = max(height[above], height[node] + 1)
            waiting[above] -= 1
            if waiting[above] == 0:
                ready.append(above)
    return height
