"""Which values of a step are kept for the adjoint.

The adjoint reads some forward values (a membrane for the surrogate, a factor for a product). From each of them we walk back
to the nearest value that can be stored - a named value of the step, a state before the step, a receptor - and tape that; what
lies between is computed again. Then every entry that the others suffice to compute again is dropped, the latest first. For
the leaky integrate-and-fire neuron this leaves the membrane before reset and the refractory counter. A random draw is never
computed again: what the adjoint needs of it is taped.
"""

from __future__ import annotations

from collections.abc import Iterable

from .ir import DRAWS, Graph, Node, reachable

_GIVEN = {"input", *DRAWS}  # not computed from anything


def choose(
    graph: Graph, roots: Iterable[Node], forward_count: int, constants: set[Node], free: set[Node]
) -> list[Node]:
    """The nodes to tape, in the order the step computes them.

    Parameters
    ----------
    roots : the adjoint's outputs
    forward_count : nodes below this number belong to the step, the others to the adjoint
    constants : what the adjoint is given: parameters, options and derived constants, and what is taped already
    free : the adjoint's other inputs (incoming gradients)
    """
    chosen: set[Node] = set()
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen or node in free or node in constants:
            continue
        seen.add(node)
        forward = node.id < forward_count
        if forward and _storable(graph, node) and _varies(node, constants):
            chosen.add(node)
        else:
            stack.extend(node.args)
    for node in sorted(chosen, key=lambda node: -node.id):
        if node.op not in _GIVEN and _computable(node, chosen - {node}, constants):
            chosen.remove(node)
    return sorted(chosen, key=lambda node: node.id)


def _storable(graph: Graph, node: Node) -> bool:
    return node.type != "bool" and (node.op == "input" or node in graph.labels)


def _varies(node: Node, constants: set[Node]) -> bool:
    return any(below.op in _GIVEN and below not in constants for below in reachable([node]))


def _computable(node: Node, others: set[Node], constants: set[Node]) -> bool:
    return all(
        below.op not in _GIVEN or below in others or below in constants
        for root in node.args
        for below in reachable([root], others | constants)
    )
