"""A small dimension algebra for ms, mV, pA, nS, pF, GOhm, Hz, 1 and the two free units u and i.

The base dimensions are ms, mV and pA; in these nS is pA/mV, pF is pA*ms/mV and GOhm is mV/pA, each with factor one. A
symbol that would need a factor (MOhm, s) is not a unit of the language, so no number is ever rescaled silently. Rates are given
in Hz everywhere in the field; Hz is a dimension of its own, and a definition writes the factor: 0.001[1/(Hz*ms)] * rate * dt.
``u`` is the membrane's unit and ``i`` the input's: any one unit that the user likes, the same throughout a model.
"""

from __future__ import annotations

import ast
from fractions import Fraction

from . import parsing
from .errors import ModelUnitError

Unit = tuple[tuple[str, Fraction], ...]

DIMENSIONLESS: Unit = ()
SYMBOLS: dict[str, dict[str, int]] = {
    "ms": {"ms": 1},
    "mV": {"mV": 1},
    "pA": {"pA": 1},
    "nS": {"pA": 1, "mV": -1},
    "pF": {"pA": 1, "ms": 1, "mV": -1},
    "GOhm": {"mV": 1, "pA": -1},
    "Hz": {"Hz": 1},
    "u": {"u": 1},
    "i": {"i": 1},
}


def _unit(powers: dict[str, Fraction]) -> Unit:
    return tuple(sorted((symbol, power) for symbol, power in powers.items() if power))


def multiply(a: Unit, b: Unit, sign: int = 1) -> Unit:
    """``a * b``, or ``a / b`` with ``sign=-1``."""
    powers = dict(a)
    for symbol, power in b:
        powers[symbol] = powers.get(symbol, Fraction(0)) + sign * power
    return _unit(powers)


def square_root(a: Unit) -> Unit:
    return _unit({symbol: power / 2 for symbol, power in a})


def from_tree(tree: ast.expr) -> Unit:
    """The unit written as an expression, such as ``1/(mV*ms)``."""
    match tree:
        case ast.Constant(value=1):
            return DIMENSIONLESS
        case ast.Name(id=symbol):
            if symbol not in SYMBOLS:
                raise ModelUnitError(f"'{symbol}' is not a unit; the units are {', '.join(SYMBOLS)} and 1")
            return _unit({base: Fraction(power) for base, power in SYMBOLS[symbol].items()})
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return multiply(from_tree(left), from_tree(right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return multiply(from_tree(left), from_tree(right), -1)
    raise ModelUnitError(f"'{ast.unparse(tree)}' is not a unit: write products and quotients such as mV/ms")


def parse(text: str) -> Unit:
    """The unit written as text: ``"mV/ms"``, ``"1/(mV*ms)"``, ``"1"``."""
    try:
        tree = parsing.parse(text.strip(), "eval")
    except SyntaxError as error:
        raise ModelUnitError(f"'{text}' is not a unit") from error
    assert isinstance(tree, ast.Expression)
    return from_tree(tree.body)


def text(unit: Unit) -> str:
    """A unit for a message: ``mV*ms/pA``."""

    def term(symbol: str, power: Fraction) -> str:
        return symbol if power == 1 else f"{symbol}^{power}"

    above = [term(s, p) for s, p in unit if p > 0]
    below = [term(s, -p) for s, p in unit if p < 0]
    return "/".join(["*".join(above) or "1", *below])
