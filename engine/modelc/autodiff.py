"""Reverse-mode differentiation of a step, written as more nodes of the same graph.

``spike(x)`` passes its gradient back through the population's surrogate derivative at x; ``detach(x, flag)`` passes none
where the flag is true; comparisons, ``floor``, integers and random draws pass none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .ir import DRAWS, Graph, Node, reachable

_BLOCKS = {"lt", "le", "eq", "ilt", "ile", "ieq", "and", "or", "not", "to_int", "to_float", "floor", *DRAWS}


def backward(graph: Graph, seeds: Mapping[Node, list[Node]], variables: Iterable[Node]) -> dict[Node, Node]:
    """dL/d(variable) for every float variable that has one.

    Parameters
    ----------
    seeds : for every output the gradient nodes that enter at it
    variables : the inputs to differentiate with respect to; those that are not floats have no derivative
    """
    targets = {node for node in variables if node.type == "float"}
    forward = sorted(reachable(seeds), key=lambda node: node.id)
    active: set[Node] = set()
    for node in forward:
        if node in targets or (node.op not in _BLOCKS and node.type == "float" and any(a in active for a in node.args)):
            active.add(node)
    arriving: dict[Node, list[Node]] = {node: list(grads) for node, grads in seeds.items()}
    done: dict[Node, Node] = {}
    for node in reversed(forward):
        if node not in active or not arriving.get(node):
            continue
        first, *rest = arriving[node]
        gradient = first
        for more in rest:
            gradient = graph.emit("add", gradient, more)
        name = node.name or graph.labels.get(node)
        if name:
            graph.label(gradient, f"grad_{name}")
        done[node] = gradient
        for operand, contribution in _pull_back(graph, node, gradient, active):
            arriving.setdefault(operand, []).append(contribution)
    return {node: done[node] for node in targets if node in done}


def _pull_back(graph: Graph, node: Node, g: Node, active: set[Node]) -> list[tuple[Node, Node]]:
    """What ``g = dL/d(node)`` gives to each active operand."""
    args, emit, zero = node.args, graph.emit, graph.const(0)
    a = args[0] if args else node
    b = args[1] if len(args) > 1 else node
    result: list[tuple[Node, Node]] = []

    def give(operand: Node, contribution: Callable[[], Node]) -> None:
        # The contribution is built only when it is wanted, so that no needless forward value is taped.
        if operand in active:
            result.append((operand, contribution()))

    match node.op:
        case "input":
            pass
        case "add":
            give(a, lambda: g)
            give(b, lambda: g)
        case "sub":
            give(a, lambda: g)
            give(b, lambda: emit("neg", g))
        case "mul":
            give(a, lambda: emit("mul", g, b))
            give(b, lambda: emit("mul", g, a))
        case "neg":
            give(a, lambda: emit("neg", g))
        case "abs":
            give(a, lambda: emit("select", emit("lt", a, zero), emit("neg", g), g))
        case "exp":
            give(a, lambda: emit("mul", g, node))
        case "div":
            give(a, lambda: emit("div", g, b))
            give(b, lambda: emit("neg", emit("div", emit("mul", g, node), b)))
        case "log":
            # Constant where it is held, at and below 0.
            give(a, lambda: emit("select", emit("lt", zero, a), emit("mul", g, emit("reciprocal", a)), zero))
        case "sqrt":
            give(a, lambda: emit("div", emit("mul", graph.const(0.5), g), node))
        case "reciprocal":
            # In this order no gradient stays none, however large 1/a is: where a select did not take a value at a pole.
            give(a, lambda: emit("neg", emit("mul", emit("mul", g, node), node)))
        case "min":
            give(a, lambda: emit("select", emit("lt", a, b), g, zero))
            give(b, lambda: emit("select", emit("lt", a, b), zero, g))
        case "max":
            give(a, lambda: emit("select", emit("lt", b, a), g, zero))
            give(b, lambda: emit("select", emit("lt", b, a), zero, g))
        case "select":
            give(b, lambda: emit("select", a, g, zero))
            give(args[2], lambda: emit("select", a, zero, g))
        case "spike":
            give(a, lambda: emit("mul", g, emit("surrogate", a)))
        case "detach":
            give(a, lambda: emit("select", b, zero, g))
        case _:
            raise AssertionError(f"'{node.op}' has no derivative rule")
    return result
