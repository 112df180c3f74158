"""What reading and writing NIR share: which edges of a graph close a ring, and in what order its nodes come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["DT_KEY", "NODES_KEY", "ORDER_KEY", "back_edges", "evaluation_order"]

# Of a graph's metadata, which NIR lets be anything: seconds, a JSON object of what NIR has no word for, by node, and a
# JSON list of the populations in order, which a file does not keep.
DT_KEY = "snn_dt"
NODES_KEY = "snn_nodes"
ORDER_KEY = "snn_populations"


def back_edges(starts: Iterable[str], edges: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the edges that lead back to a node which is being visited, going depth first from `starts` in order, all nodes.

    NIR has no word for it: what goes round in a ring arrives one step later, and these edges are where that is.
    """
    followers: dict[str, list[str]] = {}
    for source, target in edges:
        followers.setdefault(source, []).append(target)
    found: set[tuple[str, str]] = set()
    done: set[str] = set()
    for start in starts:
        if start in done:
            continue
        # Not recursive: a chain may be longer than Python's stack.
        visiting = {start}
        stack = [(start, iter(followers.get(start, ())))]
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                visiting.discard(node)
                done.add(node)
            elif following in visiting:
                found.add((node, following))
            elif following not in done:
                visiting.add(following)
                stack.append((following, iter(followers.get(following, ()))))
    return found


def evaluation_order(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """Return the nodes so that every edge leads forward, otherwise in their own order; the edges have no ring."""
    waiting = dict.fromkeys(nodes, 0)
    followers: dict[str, list[str]] = {}
    for source, target in edges:
        waiting[target] += 1
        followers.setdefault(source, []).append(target)
    order: list[str] = []
    ready = [node for node in nodes if waiting[node] == 0]
    while ready:
        node = ready.pop(0)
        order.append(node)
        for target in followers.get(node, ()):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return order
