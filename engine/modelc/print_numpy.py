"""The numpy target: a readable reference, source text of pure functions.

The text needs ``numpy`` as ``np`` and the few helpers of `numpy_support`; `load` runs it. Arrays broadcast as numpy does, so a
parameter may be one number or one per neuron, and a state may have any leading batch dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace

from .compile import NeuronPrograms, SurrogatePrograms
from .definition import Definition
from .ir import DRAWS, Instruction, Program
from .statements import Text, cut

_INFIX = {
    **{op: (symbol, 50) for op, symbol in (("add", "+"), ("sub", "-"), ("iadd", "+"), ("isub", "-"))},
    **{op: (symbol, 60) for op, symbol in (("mul", "*"), ("div", "/"), ("imul", "*"))},
    **dict.fromkeys(("lt", "ilt"), ("<", 20)),
    **dict.fromkeys(("le", "ile"), ("<=", 20)),
    **dict.fromkeys(("eq", "ieq"), ("==", 20)),
    "and": ("&", 40),
    "or": ("|", 30),
}
_CALLS = {
    "min": "minimum",
    "max": "maximum",
    "imin": "minimum",
    "imax": "maximum",
    "abs": "np.abs",
    "floor": "np.floor",
    "sqrt": "np.sqrt",
    "atan": "np.arctan",
    "tanh": "np.tanh",
    "select": "np.where",
    "to_int": "to_int",
}
_CAST = {"float": "f", "int": "np.int32"}


def _operation(instruction: Instruction, operands: Sequence[Text]) -> Text:
    op = instruction.op
    if op == "const":
        return Text(f"f({_number(instruction.value)})")
    if op == "iconst":
        return Text(f"np.int32({int(instruction.value)})")
    if op in _INFIX:
        symbol, strength = _INFIX[op]
        left, right = operands
        # Comparisons do not chain, and the right side of an equal operator keeps its parentheses: order is meaning here.
        first = left.text if left.strength >= strength + (strength == 20) else f"({left.text})"
        second = right.text if right.strength > strength else f"({right.text})"
        return Text(f"{first} {symbol} {second}", strength)
    if op in ("neg", "not"):
        (operand,) = operands
        inner = operand.text if operand.strength >= 100 else f"({operand.text})"
        return Text(("-" if op == "neg" else "~") + inner, 70)
    if op == "to_float":
        return Text(f"to_float({operands[0].text}, f)")
    if op in DRAWS:
        arguments = ", ".join([str(int(instruction.value)), *(operand.text for operand in operands)])
        return Text(f"np.asarray(draws.{op}({arguments}), f)")
    if op == "spike":
        return Text(f"spike({operands[0].text}, {operands[1].text}, f)")
    return Text(f"{_CALLS.get(op, op)}({', '.join(operand.text for operand in operands)})")


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e6 else repr(value)


def _body(program: Program, outputs: list[int], sources: Sequence[str]) -> tuple[list[str], Callable[[int], str]]:
    """The lines of a function: read the inputs that are used, then the statements. ``sources`` tell where an input is."""
    statements, text, read = cut(program, outputs, _operation)
    lines = []
    for register, (name, type) in enumerate(program.inputs):
        if register in read:
            lines.append(f"    {name} = np.asarray({sources[register]}, {_CAST[type]})")
    lines += [f"    {statement.name} = {statement.text}" for statement in statements]
    return lines, text


def neuron_source(definition: Definition, programs: NeuronPrograms) -> str:
    """Source of ``derive``, ``step`` and ``adjoint`` of a neuron model."""
    parameters = [f'parameters["{p.name}"]' for p in definition.parameters]
    options = [f'options["{o.name}"]' for o in definition.options]
    constant_count = len(parameters) + len(options) + len(definition.derived)
    constants = [f'constants["{name}"]' for name, _ in programs.step.inputs[:constant_count]]
    receptors = [f'receptors["{r.name}"]' for r in definition.receptors]
    states = [f'states["{s.name}"]' for s in definition.states]

    derive, derive_text = _body(programs.derive, list(programs.derive_outputs), [*parameters, *options, "dt"])
    tape_registers = [entry.register for entry in programs.tape]
    spike = [programs.step_spike] if programs.step_spike >= 0 else []
    step_outputs = [*programs.step_states, *spike, *tape_registers]
    step, step_text = _body(programs.step, step_outputs, [*constants, *receptors, *states])
    taped = [f'tape["{entry.name}"]' for entry in programs.tape]
    arriving = [f'state_gradients["{s.name}"]' for s in definition.states]
    adjoint_outputs = [*programs.adjoint_states, *programs.adjoint_receptors]
    adjoint, adjoint_text = _body(programs.adjoint, adjoint_outputs, [*constants, *taped, *arriving, "spike_gradient"])

    def table(pairs: list[tuple[str, str]]) -> str:
        return "{" + ", ".join(f'"{name}": {text}' for name, text in pairs) + "}"

    next_states = [
        (s.name, f"flush({step_text(r)})" if s.type == "float" else step_text(r))
        for s, r in zip(definition.states, programs.step_states, strict=True)
    ]
    tape_entries = [(entry.name, step_text(entry.register)) for entry in programs.tape]
    state_gradients = [
        (s.name, adjoint_text(r))
        for s, r in zip(definition.states, programs.adjoint_states, strict=True)
        if s.type == "float"
    ]
    receptor_gradients = [
        (r.name, adjoint_text(register))
        for r, register in zip(definition.receptors, programs.adjoint_receptors, strict=True)
    ]
    derived = [
        (name, derive_text(register))
        for name, register in zip(definition.derived, programs.derive_outputs, strict=True)
    ]
    lines = [
        f'"""{definition.title} ({definition.name}), printed by the model compiler."""',
        "",
        "",
        "def derive(parameters, options, dt):",
        '    """Derived constants, in double; dt in ms; options are indices of choices."""',
        "    f = np.float64",
        *derive,
        f"    return {table(derived)}",
        "",
        "",
        "def step(constants, receptors, states, f=np.float32, draws=None):",
        '    """One step: the next states, the spikes (None for a model without), and what the adjoint needs.',
        "",
        "    ``constants`` holds parameters, options and derived constants; ``f`` is np.float32 or np.float64; ``draws`` gives",
        "    a model's random draws.",
        '    """',
        *step,
        f"    next_states = {table(next_states)}",
        f"    spikes = {step_text(programs.step_spike) if programs.step_spike >= 0 else 'None'}",
        f"    tape = {table(tape_entries)}",
        "    return next_states, spikes, tape",
        "",
        "",
        "def adjoint(constants, tape, state_gradients, spike_gradient, surrogate, f=np.float32):",
        '    """dL/d(float states before the step) and dL/d(receptor inputs), from those after the step and of the spikes.',
        "",
        "    ``surrogate`` is the surrogate derivative, a function of the spike's argument.",
        '    """',
        *adjoint,
        f"    return {table(state_gradients)}, {table(receptor_gradients)}",
        "",
    ]
    return "\n".join(lines)


def surrogate_source(definition: Definition, programs: SurrogatePrograms) -> str:
    """Source of ``derivative`` and ``smooth`` of a surrogate."""
    sources = [f'parameters["{p.name}"]' for p in definition.parameters] + ["x"]
    lines = [f'"""{definition.title} ({definition.name}), printed by the model compiler."""']
    for name, program, output, default in (
        ("derivative", programs.derivative, programs.derivative_output, "np.float32"),
        ("smooth", programs.smooth, programs.smooth_output, "np.float64"),
    ):
        body, text = _body(program, [output], sources)
        lines += ["", "", f"def {name}(parameters, x, f={default}):", *body, f"    return {text(output)}"]
    return "\n".join([*lines, ""])


def load(source: str) -> SimpleNamespace:
    """Run printed source and return its functions: ``derive``, ``step``, ``adjoint``, or ``derivative``, ``smooth``."""
    from . import numpy_support

    names = dict(numpy_support.NAMES)
    exec(compile(source, "<model>", "exec"), names)
    wrapped = {
        name: numpy_support.quiet(names[name])
        for name in ("derive", "step", "adjoint", "derivative", "smooth")
        if name in names
    }
    return SimpleNamespace(**wrapped)
