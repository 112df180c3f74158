"""The documentation page of a model: equations, parameters with units, options, source."""

from __future__ import annotations

import ast
import re

from .compile import NeuronPrograms
from .definition import Definition


def _settings(definition: Definition) -> list[str]:
    """Parameters, and options where there are any."""
    lines = ["## Parameters", "", "| name | unit | default | bounds | meaning |", "|---|---|---|---|---|"]
    for p in definition.parameters:
        lines.append(f"| `{p.name}` | {p.unit} | {p.default:g} | {_bounds(p)} | {p.doc} |")
    if definition.options:
        lines += ["", "## Options", "", "| name | choices (default first) | meaning |", "|---|---|---|"]
        for o in definition.options:
            choices = ", ".join([f"**{o.default}**", *(c for c in o.choices if c != o.default)])
            lines.append(f"| `{o.name}` | {choices} | {o.doc} |")
    return lines


def neuron_page(definition: Definition, programs: NeuronPrograms) -> str:
    lines = _head(definition)
    lines += _settings(definition)
    if definition.states:
        lines += ["", "## State", "", "| name | unit | starts at | meaning |", "|---|---|---|---|"]
    for s in definition.states:
        initial = f"`{s.initial}`" if isinstance(s.initial, str) else f"{s.initial:g}"
        kind = " (integer)" if s.type == "int" else ""
        lines.append(f"| `{s.name}`{kind} | {s.unit} | {initial} | {s.doc} |")
    if definition.receptors:
        lines += ["", "## Receptors", "", "| name | unit | meaning |", "|---|---|---|"]
        lines += [f"| `{r.name}` | {r.unit} | {r.doc} |" for r in definition.receptors]
    if definition.derived:
        lines += ["", "## Derived constants", "", "Computed once, in double; `dt` is the step in ms.", "", "```"]
        for name, expression in definition.derived.items():
            lines += _equation(name, ast.parse(expression.strip(), mode="eval").body)
        lines.append("```")
    lines += ["", "## One step", "", "In this order, each operation rounded to float32.", "", "```"]
    for receptor, expression in definition.drive.items():
        value = ast.BinOp(ast.Name(receptor), ast.Add(), ast.parse(expression.strip(), mode="eval").body)
        lines += [*_equation(receptor, value), ""]
    lines += _program(definition.programs["step"])
    kept = ", ".join(f"`{entry.name}`" for entry in programs.tape) or "nothing"
    lines += [
        "```",
        "",
        f"{len(programs.step.instructions)} operations a step, {len(programs.adjoint.instructions)} backwards. "
        f"Training keeps {kept} of each step.",
        "",
    ]
    return "\n".join(lines)


def surrogate_page(definition: Definition) -> str:
    lines = _head(definition)
    lines += _settings(definition)
    for title, section in (("Derivative", "derivative"), ("Smooth function", "smooth")):
        lines += ["", f"## {title}", "", "```", *_program(definition.programs[section]), "```"]
    return "\n".join([*lines, ""])


def plasticity_page(definition: Definition) -> str:
    lines = _head(definition)
    lines += _settings(definition)
    event = (
        "An event makes a trace `keep * trace + 1`, if its program does not say otherwise; then it decays with `tau`. "
        "Traces of the synapse change where a program says so."
    )
    lines += ["", "## Traces", "", event, ""]
    lines += ["| name | left by | tau | keep | meaning |", "|---|---|---|---|---|"]
    for left_by, traces in (("arrivals", definition.pre_traces), ("the target's spikes", definition.post_traces)):
        lines += [f"| `{t.name}` | {left_by} | `{t.tau}` | `{t.keep}` | {t.doc} |" for t in traces]
    lines += [f"| `{t.name}` | the synapse's events | `{t.tau}` | | {t.doc} |" for t in definition.synapse_traces]
    if definition.target_states:
        lines += ["", "## States of the target", "", "Read as they are before the step of the event.", ""]
        lines += ["| name | state | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{s.name}` | `{s.state}` | {s.unit} | {s.doc} |" for s in definition.target_states]
    if definition.derived:
        lines += ["", "## Derived constants", "", "Computed once, in double; `dt` is the step in ms.", "", "```"]
        for name, expression in definition.derived.items():
            lines += _equation(name, ast.parse(expression.strip(), mode="eval").body)
        lines.append("```")
    titles = {"on_pre": "An arrival", "on_post": "A spike of the target", "on_signal": "A signal from outside"}
    for section, title in titles.items():
        if section not in definition.programs:
            continue
        lines += ["", f"## {title}", "", "```", *_program(definition.programs[section]), "```"]
    assert definition.weight is not None
    low, high = definition.weight.minimum, definition.weight.maximum
    return "\n".join([*lines, "", f"Weights stay from `{low}` to `{high}`.", ""])


def _head(definition: Definition) -> list[str]:
    lines = [f"# {definition.title} (`{definition.name}`)", ""]
    if definition.description:
        lines += [definition.description, ""]
    if definition.paper:
        lines += [f"Source: {definition.paper}", ""]
    return lines


def _bounds(parameter: object) -> str:
    low, above, high = (getattr(parameter, key) for key in ("minimum", "exclusive_minimum", "maximum"))
    parts = [f"> {above:g}"] if above is not None else [f">= {low:g}"] if low is not None else []
    return ", ".join(parts + ([f"<= {high:g}"] if high is not None else []))


def _program(text: str) -> list[str]:
    """The program as equations, with its comments where they stand."""
    source = text.split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in source if line.strip()), default=0)
    source = [line[margin:] for line in source]
    lines: list[str] = []
    _statements(ast.parse("\n".join(source)).body, source, lines, "", 0)
    return lines


def _statements(body: list[ast.stmt], source: list[str], lines: list[str], indent: str, after: int) -> None:
    for statement in body:
        lines += [
            indent + line.strip() for line in source[after : statement.lineno - 1] if line.strip().startswith("#")
        ]
        after = statement.end_lineno or statement.lineno
        match statement:
            case ast.Assign(targets=[target], value=value):
                name = re.sub(r"^next\.", "next ", ast.unparse(target))
                lines += [indent + line for line in _equation(name, value)]
            case ast.Expr(value=ast.Call(func=ast.Name(id="deliver"), args=[value])):
                lines += [indent + line for line in _equation("delivered", value)]
            case ast.Expr(value=ast.Call(args=[value])):
                lines.append(f"{indent}the neuron's activity: {_text(value)}")
            case ast.Return(value=ast.expr() as value):
                lines += [indent + line for line in _equation("result", value)]
            case ast.For(iter=ast.Call(args=[count])):
                lines.append(f"{indent}{ast.unparse(count)} times:")
                _statements(statement.body, source, lines, indent + "    ", statement.lineno)


def _equation(name: str, value: ast.expr) -> list[str]:
    cases = _cases(value)
    if len(cases) == 1:
        return [f"{name} = {cases[0][0]}"]
    width = max(len(text) for text, _ in cases)
    return [f"{name} ="] + [f"    {text.ljust(width)}   {condition}" for text, condition in cases]


def _cases(value: ast.expr) -> list[tuple[str, str]]:
    """A chain of select(c, a, select(...)) as text and condition pairs."""
    cases: list[tuple[str, str]] = []
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "select":
        condition, then, value = value.args
        cases.append((_text(then), f"if {_text(condition)}"))
    cases.append((_text(value), "otherwise" if cases else ""))
    return cases


def _text(tree: ast.expr) -> str:
    """The expression as written, choices without quotes and units without spaces: 140[mV/ms]."""
    text = re.sub(r"'(\w+)'", r"\1", ast.unparse(tree))
    text = re.sub(r"(?<=\d)\[([^\]]+)\]", lambda m: m[0].replace(" ", ""), text)
    return text.replace(" == ", " is ") if "==" in text and not re.search(r"== \d", text) else text
