"""From expression text to the graph: parses with Python's own ``ast``, checks names, types and units, emits operations.

Evaluation order is the order of the text: ``a + b + c`` is ``(a + b) + c``, nothing is re-associated or folded, so every
target does the same roundings.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ..errors import shown
from . import names, parsing, units
from .definition import LARGEST_FLOAT32, Option, Source
from .errors import ModelBoundsError, ModelError, ModelLanguageError, ModelNameError, ModelTypeError, ModelUnitError
from .ir import DRAWS, Graph, Node

MAX_REPEAT = 64
MAX_DRAWS = 64


@dataclass(frozen=True)
class Value:
    """A typed quantity.

    ``unit`` None fits any unit (the literal 0). What is written with whole numbers only, such as ``1`` or
    ``select(c, 1, 0)``, is a float that becomes ``as_int`` where an int is needed.
    """

    node: Node
    unit: units.Unit | None = units.DIMENSIONLESS
    as_int: Node | None = None
    option: Option | None = None

    @property
    def type(self) -> str:
        return self.node.type


@dataclass(frozen=True)
class Place:
    """Which words an expression may use, by where it stands."""

    name: str
    functions: frozenset[str]
    division: bool
    hint: str = ""


_COMMON = frozenset({"select", "min", "max", "abs", "floor", "exp", "log", "reciprocal", "to_float", "to_int"})
DERIVED = Place("[derived]", _COMMON | {"sqrt", "round", "exprel", "decay"}, division=True)
STEP = Place(
    "[step]",
    _COMMON | {"spike", "detach"} | set(DRAWS),
    division=False,
    hint='a step does not divide: put what is constant in [derived] (inverse_tau = "1 / tau"), or write a * reciprocal(b)',
)
DRIVE = Place(
    "[drive]", STEP.functions - {"spike", "detach"}, division=False, hint=STEP.hint.replace("step", "drive", 1)
)
PLASTICITY = Place(
    "a plasticity rule",
    _COMMON,
    division=False,
    hint='an event does not divide: put the reciprocal in [derived] (inverse = "1 / w_max") and multiply by it',
)
DERIVATIVE = Place("[derivative]", _COMMON - {"to_float", "to_int"} | {"sqrt"}, division=True)
SMOOTH = Place("[smooth]", DERIVATIVE.functions | {"atan", "tanh"}, division=True)

ARGUMENTS = {
    **dict.fromkeys(
        ("abs", "floor", "exp", "reciprocal", "log", "sqrt", "exprel", "atan", "tanh", "to_float", "to_int", "round"), 1
    ),
    **dict.fromkeys(("min", "max", "decay", "detach"), 2),
    "select": 3,
    "spike": 2,
    **{function: len(operands) for function, operands in DRAWS.items()},
}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}
_HINTS: dict[type, str] = {
    ast.Pow: "there is no power: write v * v, or exp(y * log(v)) where v > 0",
    ast.FloorDiv: "there is no //: use floor(...)",
    ast.Mod: "there is no %",
    ast.IfExp: "there is no 'a if c else b': write select(c, a, b)",
    ast.Attribute: "only next.<state> has a dot, on the left of an assignment",
}
# Functions of other languages of equations, and what is written instead.
_INSTEAD = {
    "ceil": "-floor(-x)",
    "clip": "min(max(x, low), high)",
    "exprel": "select(abs(x) < 0.1, 1 + x * (0.5 + x * (0.16666667 + x * 0.041666668)), (exp(x) - 1) * reciprocal(x)), "
    "which is a power series near 0, where the difference cancels; exprel of what is constant belongs in [derived]",
    "heaviside": "select(x > 0, 1, 0)",
    "int": "select(condition, 1, 0)",
    "pow": "exp(y * log(x)) where x > 0",
    "rand": "uniform()",
    "randn": "normal()",
    "sigmoid": "reciprocal(1 + exp(-x))",
    "sqrt": "exp(0.5 * log(x))",
    "tanh": "1 - 2 * reciprocal(exp(2 * x) + 1)",
    "where": "select(condition, a, b)",
}
_STATEMENT_HINTS: dict[type, str] = {
    ast.If: ": a choice is written select(condition, a, b)",
    ast.AugAssign: ": a value that changes gets a new name, a state its next value",
}


class Lowerer:
    """Turns expressions and programs into nodes of one graph.

    ``decay_dt`` is dt where `decay` is known; ``constants`` are the values that the mean of a draw may be.
    """

    def __init__(
        self,
        graph: Graph,
        place: Place,
        scope: Mapping[str, Value],
        decay_dt: Value | None = None,
        constants: Iterable[Node] = (),
    ) -> None:
        self.graph, self.place = graph, place
        self.scope: dict[str, Value] = dict(scope)
        self.decay_dt = decay_dt
        self.constants = frozenset(constants)

    # Expressions

    def expression(self, tree: ast.expr) -> Value:
        match tree:
            case ast.Constant(value=bool()):
                raise ModelTypeError(f"'{ast.unparse(tree)}' is not a value of the language: compare an option instead")
            case ast.Constant(value=int() | float() as number):
                return self._literal(number)
            case ast.Constant(value=str() as text):
                raise ModelTypeError(f"text '{text}' may only be compared with an option")
            case ast.Subscript(value=ast.Constant(value=int() | float() as number), slice=unit):
                return Value(self._constant(number), units.from_tree(unit))
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._negative(self.expression(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.expression(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Value(self.graph.emit("not", self._bool(operand)))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                node = self._bool(values[0])
                for value in values[1:]:
                    node = self.graph.emit(word, node, self._bool(value))
                return Value(node)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return Value(self._compare(left, op, right))
            case ast.Compare():
                raise ModelLanguageError(f"'{ast.unparse(tree)}': compare two values at a time and join with 'and'")
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._divide(left, right)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(_ARITHMETIC[type(op)], self.expression(left), self.expression(right), tree)
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._call(function, arguments)
        hint = _HINTS.get(type(getattr(tree, "op", None)), _HINTS.get(type(tree), ""))
        raise ModelLanguageError(f"'{ast.unparse(tree)}' is not in the language" + (f": {hint}" if hint else ""))

    def value(self, tree: ast.expr) -> Value:
        """An expression that stands for a quantity: an option alone is none."""
        value = self.expression(tree)
        if value.option:
            raise ModelTypeError(f"option '{value.option.name}' must be compared with one of its choices")
        return value

    def added(self, sum: Value, tree: ast.expr, name: str) -> Value:
        """Return ``sum``, which is called ``name``, plus an expression."""
        joined = ast.BinOp(left=ast.Name(id=name), op=ast.Add(), right=tree)
        value = self.value(tree)
        self._numbers([value], [tree])
        a, b = self._same(sum, value, joined)
        return Value(self.graph.emit("add", a.node, b.node), a.unit)

    def _literal(self, number: float) -> Value:
        unit = None if number == 0 else units.DIMENSIONLESS
        whole = isinstance(number, int) and abs(number) < 2**31
        return Value(self._constant(number), unit, self.graph.iconst(int(number)) if whole else None)

    def _constant(self, number: float) -> Node:
        try:
            real = float(number)
        except OverflowError:
            real = math.inf
        if not abs(real) <= LARGEST_FLOAT32:
            raise ModelBoundsError(f"the number {shown(number)} does not fit float32")
        return self.graph.const(real)

    def _name(self, name: str) -> Value:
        if name in self.scope:
            return self.scope[name]
        if name == "dt":
            raise ModelNameError(f"'dt' is known in [derived] only: derive a constant from it for {self.place.name}")
        raise ModelNameError(f"'{name}' is not known here; known are {', '.join(sorted(self.scope))}")

    def _bool(self, tree: ast.expr) -> Node:
        value = self.value(tree)
        if value.type != "bool":
            raise ModelTypeError(f"'{ast.unparse(tree)}' is a {value.type}; a condition is needed here")
        return value.node

    def _as(self, value: Value, type: str) -> Value:
        if type == "int" and value.as_int:
            return replace(value, node=value.as_int)
        return value

    def _same(self, a: Value, b: Value, tree: ast.expr) -> tuple[Value, Value]:
        """Both of one type (a whole literal follows the other side) and of one unit."""
        a, b = self._as(a, b.type), self._as(b, a.type)
        if a.type != b.type:
            raise ModelTypeError(f"'{ast.unparse(tree)}' mixes {a.type} and {b.type}: use to_float or to_int")
        if a.unit is not None and b.unit is not None and a.unit != b.unit:
            joined = f"{units.text(a.unit)} and {units.text(b.unit)}"
            hint = "; a number with a unit is written 1[mV]" if "1" in joined.split(" and ") else ""
            raise ModelUnitError(f"'{ast.unparse(tree)}' joins {joined}{hint}")
        return a, b

    def _numbers(self, values: list[Value], trees: list[ast.expr]) -> None:
        for value, tree in zip(values, trees, strict=True):
            if value.option:
                raise ModelTypeError(f"option '{value.option.name}' must be compared with one of its choices")
            if value.type == "bool":
                raise ModelTypeError(f"'{ast.unparse(tree)}' is a condition; a number is needed here")

    def _negative(self, value: Value) -> Value:
        if value.type != "float" or value.option:
            if value.type == "int" and not value.option:
                return replace(value, node=self.graph.emit("isub", self.graph.iconst(0), value.node))
            raise ModelTypeError("only a number can be negated")
        as_int = self.graph.emit("isub", self.graph.iconst(0), value.as_int) if value.as_int else None
        return replace(value, node=self.graph.emit("neg", value.node), as_int=as_int)

    def _arithmetic(self, op: str, a: Value, b: Value, tree: ast.BinOp) -> Value:
        self._numbers([a, b], [tree.left, tree.right])
        if op == "mul":
            a, b = self._as(a, b.type), self._as(b, a.type)
            if a.type != b.type:
                raise ModelTypeError(f"'{ast.unparse(tree)}' mixes {a.type} and {b.type}: use to_float or to_int")
            unit = None if a.unit is None or b.unit is None else units.multiply(a.unit, b.unit)
        else:
            a, b = self._same(a, b, tree)
            unit = a.unit if a.unit is not None else b.unit
        return self._both(op, a, b, unit)

    def _both(self, op: str, a: Value, b: Value, unit: units.Unit | None) -> Value:
        """Do ``op`` on two floats or two ints; on two whole literals, as either."""
        node = self.graph.emit(op if a.type == "float" else f"i{op}", a.node, b.node)
        as_int = self.graph.emit(f"i{op}", a.as_int, b.as_int) if a.as_int and b.as_int else None
        return Value(node, unit, as_int)

    def _divide(self, left: ast.expr, right: ast.expr) -> Value:
        if not self.place.division:
            quotient = ast.BinOp(left, ast.Div(), right)
            raise ModelLanguageError(f"'{ast.unparse(quotient)}': {self.place.hint}")
        a, b = self.value(left), self.value(right)
        self._floats([a, b], [left, right])
        unit = None if a.unit is None else units.multiply(a.unit, b.unit or units.DIMENSIONLESS, -1)
        return Value(self.graph.emit("div", a.node, b.node), unit)

    def _floats(self, values: list[Value], trees: list[ast.expr]) -> None:
        self._numbers(values, trees)
        for value, tree in zip(values, trees, strict=True):
            if value.type != "float":
                raise ModelTypeError(f"'{ast.unparse(tree)}' is an {value.type}; a float is needed here: use to_float")

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
        if isinstance(op, ast.Eq | ast.NotEq):
            for side, other in ((left, right), (right, left)):
                if isinstance(other, ast.Constant) and isinstance(other.value, str):
                    node = self._choice(side, other.value)
                    return node if isinstance(op, ast.Eq) else self.graph.emit("not", node)
        a, b = self.value(left), self.value(right)
        self._numbers([a, b], [left, right])
        tree = ast.Compare(left=left, ops=[op], comparators=[right])
        a, b = self._same(a, b, tree)
        prefix = "" if a.type == "float" else "i"
        match op:
            case ast.Lt():
                return self.graph.emit(prefix + "lt", a.node, b.node)
            case ast.LtE():
                return self.graph.emit(prefix + "le", a.node, b.node)
            case ast.Gt():
                return self.graph.emit(prefix + "lt", b.node, a.node)
            case ast.GtE():
                return self.graph.emit(prefix + "le", b.node, a.node)
            case ast.Eq():
                return self.graph.emit(prefix + "eq", a.node, b.node)
            case ast.NotEq():
                return self.graph.emit("not", self.graph.emit(prefix + "eq", a.node, b.node))
        raise ModelLanguageError(f"'{ast.unparse(tree)}': compare with < <= > >= == !=")

    def _choice(self, side: ast.expr, choice: str) -> Node:
        value = self.expression(side)
        if not value.option:
            raise ModelTypeError(f"'{ast.unparse(side)}' is not an option, so it cannot be compared with '{choice}'")
        if choice not in value.option.choices:
            raise ModelNameError(
                f"option '{value.option.name}' has no choice '{choice}'; it has {', '.join(value.option.choices)}"
            )
        return self.graph.emit("ieq", value.node, self.graph.iconst(value.option.choices.index(choice)))

    # Functions

    def _call(self, function: str, arguments: list[ast.expr]) -> Value:
        instead = _INSTEAD.get(function, "")
        instead = f": write {instead}" if instead and self.place.functions >= {*re.findall(r"(\w+)\(", instead)} else ""
        if function not in ARGUMENTS:
            raise ModelNameError(
                f"there is no function '{function}'{instead or '; there are ' + ', '.join(sorted(self.place.functions))}"
            )
        if function not in self.place.functions:
            raise ModelLanguageError(f"'{function}' is not available in {self.place.name}{instead}")
        count = len(arguments)
        if count != ARGUMENTS[function] and not (function == "spike" and count == 1):
            expected = ARGUMENTS[function]
            raise ModelLanguageError(f"'{function}' takes {expected} argument{'s' * (expected != 1)}, not {count}")
        special: dict[str, Callable[[list[ast.expr]], Value]] = {
            "select": self._select,
            "spike": self._spike,
            "detach": self._detach,
            "decay": self._decay,
            **dict.fromkeys(DRAWS, functools.partial(self._draw, function)),
        }
        if function in special:
            return special[function](arguments)
        values = [self.value(argument) for argument in arguments]
        if function in ("min", "max"):
            self._numbers(values, arguments)
            joined = ast.Call(func=ast.Name(id=function), args=arguments, keywords=[])
            a, b = self._same(values[0], values[1], joined)
            return self._both(function, a, b, a.unit if a.unit is not None else b.unit)
        (value,) = values
        if function == "to_float":
            if value.type != "int":
                raise ModelTypeError(f"'{ast.unparse(arguments[0])}' is not an int")
            return Value(self.graph.emit("to_float", value.node), value.unit)
        self._floats(values, arguments)
        if function == "sqrt":
            return Value(self.graph.emit("sqrt", value.node), units.square_root(value.unit or units.DIMENSIONLESS))
        if function == "reciprocal":
            inverse = units.multiply(units.DIMENSIONLESS, value.unit or units.DIMENSIONLESS, -1)
            return Value(self.graph.emit("reciprocal", value.node), inverse)
        if function != "abs" and value.unit:
            raise ModelUnitError(
                f"{function} needs a plain number, but '{ast.unparse(arguments[0])}' is in {units.text(value.unit)}"
            )
        if function == "round":
            return Value(self.graph.emit("to_float", self.graph.emit("to_int", value.node)))
        if function == "exprel":
            return Value(self._exprel(value.node))
        return Value(self.graph.emit(function, value.node), value.unit if function == "abs" else units.DIMENSIONLESS)

    def _exprel(self, x: Node) -> Node:
        """(exp(x) - 1) / x; near 0, where that cancels, its power series, within 5e-11."""
        graph = self.graph
        one = graph.const(1)
        series = graph.emit("add", graph.const(0.5), graph.emit("div", x, graph.const(6)))
        near = graph.emit("add", one, graph.emit("mul", x, series))
        far = graph.emit("div", graph.emit("sub", graph.emit("exp", x), one), x)
        return graph.emit("select", graph.emit("lt", graph.emit("abs", x), graph.const(0.001)), near, far)

    def _select(self, arguments: list[ast.expr]) -> Value:
        condition = self._bool(arguments[0])
        joined = ast.Call(func=ast.Name(id="select"), args=arguments, keywords=[])
        a, b = self._same(self.value(arguments[1]), self.value(arguments[2]), joined)
        node = self.graph.emit("select", condition, a.node, b.node)
        as_int = self.graph.emit("select", condition, a.as_int, b.as_int) if a.as_int and b.as_int else None
        return Value(node, a.unit if a.unit is not None else b.unit, as_int)

    def _spike(self, arguments: list[ast.expr]) -> Value:
        value = self.value(arguments[0])
        self._floats([value], arguments[:1])
        inclusive = self.graph.iconst(0)
        if len(arguments) == 2:
            inclusive = self._as_int(self._bool(arguments[1]))
        return Value(self.graph.emit("spike", value.node, inclusive))

    def _as_int(self, condition: Node) -> Node:
        """1 where the condition holds, else 0. For the second choice of two it is the option's index itself."""
        if condition.op == "ieq" and condition.args[1] is self.graph.iconst(1):
            for value in self.scope.values():
                if value.option and value.node is condition.args[0] and len(value.option.choices) == 2:
                    return value.node
        return self.graph.emit("select", condition, self.graph.iconst(1), self.graph.iconst(0))

    def _detach(self, arguments: list[ast.expr]) -> Value:
        value = self.value(arguments[0])
        self._floats([value], arguments[:1])
        return Value(self.graph.emit("detach", value.node, self._bool(arguments[1])), value.unit)

    def _draw(self, function: str, arguments: list[ast.expr]) -> Value:
        if self.graph.draw_count == MAX_DRAWS:
            raise ModelBoundsError(f"'{function}' is draw {MAX_DRAWS + 1} of the step; there may be {MAX_DRAWS}")
        if not arguments:
            return Value(self.graph.draw(function))
        mean, text = self.value(arguments[0]), ast.unparse(arguments[0])
        # Only constants: their thresholds are computed once, on the host.
        if mean.node not in self.constants:
            raise ModelLanguageError(
                f"the mean of '{function}' is '{text}'; it must be a parameter or a derived constant, so derive one from it"
            )
        self._floats([mean], arguments)
        if mean.unit:
            raise ModelUnitError(
                f"the mean of '{function}' is a plain number, but '{text}' is in {units.text(mean.unit)}"
            )
        return Value(self.graph.draw(function, mean.node))

    def _decay(self, arguments: list[ast.expr]) -> Value:
        assert self.decay_dt is not None
        tau, method = self.value(arguments[0]), self.expression(arguments[1])
        self._floats([tau], arguments[:1])
        if tau.unit != units.parse("ms"):
            raise ModelUnitError(
                f"decay needs a time in ms, but '{ast.unparse(arguments[0])}' is in {units.text(tau.unit or ())}"
            )
        if not method.option or set(method.option.choices) != {"exact", "euler"}:
            raise ModelTypeError("decay needs an option with the choices exact and euler")
        graph = self.graph
        ratio = graph.emit("div", self.decay_dt.node, tau.node)
        euler = graph.emit("sub", graph.const(1), ratio)
        exact = graph.emit("exp", graph.emit("neg", ratio))
        is_euler = graph.emit("ieq", method.node, graph.iconst(method.option.choices.index("euler")))
        return Value(graph.emit("select", is_euler, euler, exact))


@dataclass
class StepResult:
    """What a program assigned."""

    states: dict[str, Value]
    emitted: Value | None = None
    returned: Value | None = None
    delivered: Value | None = None


class ProgramLowerer(Lowerer):
    """Runs the statements of a program: assignments, next-state assignments, emit, deliver, repeat, return."""

    def __init__(
        self,
        graph: Graph,
        place: Place,
        scope: Mapping[str, Value],
        source: Source,
        section: str,
        states: Mapping[str, Value] | None = None,
        constants: Iterable[Node] = (),
    ) -> None:
        super().__init__(graph, place, scope, constants=constants)
        self.source, self.section = source, section
        self.inputs = set(scope)
        self.states = states or {}
        self.is_step = states is not None  # a source has no states, and a step all the same
        self.result = StepResult({})

    def run(self, text: str) -> StepResult:
        lines = text.split("\n")
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        try:
            tree = parsing.parse("\n".join(line[margin:] for line in lines), "exec")
        except SyntaxError as error:
            place = self.source.place(self.section, line=error.lineno or 1)
            equation = re.match(r"\s*d(\w+)\s*/\s*dt\s*=", error.text or "")
            message = error.msg
            if equation:
                state = equation[1]
                message = (
                    f"'d{state}/dt = ...' is written as its step, such as next.{state} = {state} + step * (...), "
                    'with step = "dt" in [derived]'
                )
            raise ModelLanguageError(f"{place}: {message}") from error
        except ModelError as error:
            raise type(error)(f"{self.source.place(self.section)}: {error}") from error
        assert isinstance(tree, ast.Module)
        self._statements(tree.body, self.scope, None)
        return self.result

    def _statements(self, body: list[ast.stmt], scope: dict[str, Value], round_: int | None) -> None:
        for statement in body:
            self.scope = scope
            try:
                self._statement(statement, scope, round_)
            except ModelError as error:
                if str(error).startswith(self.source.label):
                    raise
                place = self.source.place(self.section, line=statement.lineno)
                raise type(error)(f"{place}: {error}") from error

    def _statement(self, statement: ast.stmt, scope: dict[str, Value], round_: int | None) -> None:
        if self.result.returned:
            raise ModelLanguageError("nothing may follow 'return'")
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=tree):
                self._let(name, self.value(tree), scope, round_)
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="next"), attr=state)], value=tree) if self.is_step:
                self._next(state, self.value(tree), round_)
            case ast.Expr(value=ast.Call(func=ast.Name(id="deliver"), args=[tree], keywords=[])) if (
                self.place is PLASTICITY
            ):
                if self.result.delivered or round_ is not None:
                    raise ModelLanguageError("deliver stands once, outside repeat")
                self._deliver(self.value(tree), tree)
            case ast.Expr(value=ast.Call(func=ast.Name(id="emit"), args=[tree], keywords=[])) if (
                self.is_step and self.place is not PLASTICITY
            ):
                if self.result.emitted or round_ is not None:
                    raise ModelLanguageError("emit stands once, outside repeat")
                value = self.value(tree)
                if value.type != "float" or value.unit:
                    raise ModelTypeError(
                        f"emit needs a float without unit, such as spike(...), not '{ast.unparse(tree)}'"
                    )
                self.result.emitted = value
            case ast.For(
                target=ast.Name(),
                iter=ast.Call(func=ast.Name(id="repeat"), args=[ast.Constant(value=int() as count)], keywords=[]),
                orelse=[],
            ):
                self._repeat(statement.body, count, scope, round_)
            case ast.Return(value=ast.expr() as tree) if not self.is_step:
                if round_ is not None:
                    raise ModelLanguageError("return stands once, outside repeat")
                value = self.value(tree)
                self._floats([value], [tree])
                self.result.returned = value
            case _:
                first = ast.unparse(statement).split("\n")[0]
                if self.place is PLASTICITY:
                    allowed = "name = ..., next.w = ..., next.trace = ..., deliver(...), for round in repeat(n):"
                elif self.is_step:
                    allowed = "name = ..., next.state = ..., emit(...), for round in repeat(n):"
                else:
                    allowed = "name = ..., for round in repeat(n):, return ..."
                hint = _STATEMENT_HINTS.get(type(statement), "")
                raise ModelLanguageError(
                    f"'{first}' is not a statement of {self.place.name}{hint}; there are {allowed}"
                )

    def _deliver(self, value: Value, tree: ast.expr) -> None:
        if value.type != "float" or value.unit not in (None, self.scope["w"].unit):
            raise ModelTypeError(f"what is delivered is a float in the unit of w, not '{ast.unparse(tree)}'")
        self.result.delivered = value

    def _let(self, name: str, value: Value, scope: dict[str, Value], round_: int | None) -> None:
        if name in scope:
            old = scope[name]
            if round_ is None or name in self.inputs:
                raise ModelNameError(
                    f"'{name}' already has a value; a name is assigned once (a state's next value: next.{name})"
                )
            value = self._as(value, old.type)
            if old.type != value.type or (None not in (old.unit, value.unit) and old.unit != value.unit):
                raise ModelTypeError(f"'{name}' changes its type or unit inside repeat")
        else:
            names.check(name, "name")
        self.graph.label(value.node, name if round_ is None else f"{name}_{round_}")
        scope[name] = replace(value, as_int=None)

    def _next(self, state: str, value: Value, round_: int | None) -> None:
        if state not in self.states:
            raise ModelNameError(f"'{state}' is not a state; the states are {', '.join(self.states)}")
        if state in self.result.states or round_ is not None:
            raise ModelLanguageError(f"next.{state} is assigned once, outside repeat")
        now = self.states[state]
        value = self._as(value, now.type)
        if value.type != now.type:
            raise ModelTypeError(f"state '{state}' is a {now.type}, its next value a {value.type}")
        if value.unit is not None and value.unit != now.unit:
            raise ModelUnitError(
                f"state '{state}' is in {units.text(now.unit or ())}, its next value in {units.text(value.unit)}"
            )
        self.result.states[state] = value

    def _repeat(self, body: list[ast.stmt], count: int, scope: dict[str, Value], round_: int | None) -> None:
        if not 1 <= count <= MAX_REPEAT:
            raise ModelLanguageError(f"repeat({count}): a block is repeated 1 to {MAX_REPEAT} times")
        if round_ is not None:
            raise ModelLanguageError("repeat does not nest")
        for number in range(1, count + 1):
            inner = dict(scope)
            self._statements(body, inner, number)
            scope.update({name: inner[name] for name in scope})
        self.scope = scope
