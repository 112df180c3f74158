"""Print the declarations of ``bindings/rust``."""

from collections.abc import Iterator

from .describe import Description, Function, Struct, Type
from .enums import camel, group

_SCALARS = {
    "int8_t": "i8",
    "uint8_t": "u8",
    "int16_t": "i16",
    "uint16_t": "u16",
    "int32_t": "i32",
    "uint32_t": "u32",
    "int64_t": "i64",
    "uint64_t": "u64",
    "size_t": "usize",
    "float": "f32",
    "double": "f64",
    "char": "c_char",
    "SNNStatus": "SNNStatus",
}
_KEYWORDS = {"type", "match", "use", "move", "ref"}
_HEAD = "// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.\n"


def declarations(description: Description) -> str:
    """``snn-sys/src/declarations.rs``: everything of the headers, and the layouts that its test compares."""
    return "\n".join(
        [_HEAD, "use std::os::raw::{c_char, c_void};\n", "pub type SNNStatus = i32;\n", *_declarations(description)]
    )


def _declarations(description: Description) -> Iterator[str]:
    for constant in description.constants:
        kind = ("u" if constant.unsigned else "i") + str(constant.bits)
        if not constant.unsigned and constant.value < 0x80000000 and constant.group == 0:
            kind = "u32"
        number = f"{constant.value:#x}" if constant.value > 0xFFFF else str(constant.value)
        yield from _comment(constant.summary)
        yield f"pub const {constant.name}: {kind} = {number};"
    yield ""
    for handle in description.handles:
        yield "#[repr(C)]"
        yield f"pub struct {handle}Opaque {{\n    _private: [u8; 0],\n}}"
        yield f"pub type {handle} = *mut {handle}Opaque;\n"
    for callback in description.callbacks:
        yield from _comment(callback.summary)
        yield f'pub type {callback.name} = Option<unsafe extern "C" fn({_parameters(callback)}){_returns(callback)}>;\n'
    for struct in description.structs:
        yield from _struct(struct)
    yield 'extern "C" {'
    for function in description.exported():
        yield from _comment(function.summary, "    ")
        yield f"    pub fn {function.name}({_parameters(function)}){_returns(function)};"
    yield "}\n"
    yield "/// Size, alignment and the offsets of the fields of every struct, as a C compiler for a 64-bit target lays it out."
    yield "#[cfg(test)]"
    yield "pub(crate) const LAYOUTS: &[(&str, usize, usize, &[usize])] = &["
    for struct in description.structs:
        offsets = ", ".join(str(field.offset) for field in struct.fields)
        yield f'    ("{struct.name}", {struct.size}, {struct.alignment}, &[{offsets}]),'
    yield "];\n"
    yield "/// The same, of the structs above."
    yield "#[cfg(test)]"
    yield "pub(crate) fn layouts() -> Vec<(&'static str, usize, usize, Vec<usize>)> {"
    yield "    vec!["
    for struct in description.structs:
        fields = ", ".join(_identifier(field.name) for field in struct.fields)
        yield f"        layout!({struct.name}: {fields}),"
    yield "    ]\n}\n"


def _struct(struct: Struct) -> Iterator[str]:
    yield from _comment(struct.summary)
    yield "#[repr(C)]\n#[derive(Clone, Copy)]"
    yield f"pub struct {struct.name} {{"
    for field in struct.fields:
        yield from _comment(field.summary, "    ")
        yield f"    pub {_identifier(field.name)}: {_type(field.type)},"
    yield "}\n"


def enums(description: Description) -> str:
    """``snn/src/enums.rs``: the enums of the safe crate."""
    return "\n".join([_HEAD, *_enums(description)])


def _enums(description: Description) -> Iterator[str]:
    for enum in group(description):
        number = "i32" if any(constant.value < 0 for _, constant in enum.members) or enum.name == "LogLevel" else "u32"
        if enum.flags:
            continue  # booleans of SessionOptions
        yield f"/// `{enum.first.name}` and those that follow it in `{enum.first.header}`."
        yield "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]"
        yield "#[non_exhaustive]"
        yield f"#[repr({number})]"
        yield f"pub enum {enum.name} {{"
        for words, constant in enum.members:
            yield from _comment(constant.summary or f"`{constant.name}`", "    ")
            yield f"    {camel(words)} = {constant.value},"
        yield "}\n"
        yield f"impl {enum.name} {{"
        yield "    #[allow(dead_code)]"
        yield f"    pub(crate) fn from_raw(raw: {number}) -> Option<Self> {{"
        yield "        match raw {"
        for words, constant in enum.members:
            yield f"            {constant.value} => Some(Self::{camel(words)}),"
        yield "            _ => None,\n        }\n    }\n}\n"


def _comment(summary: str, indent: str = "") -> Iterator[str]:
    if summary:
        # Square brackets would be links to rustdoc.
        yield f"{indent}/// {summary.replace('[', chr(92) + '[').replace(']', chr(92) + ']')}"


def _identifier(name: str) -> str:
    return f"r#{name}" if name in _KEYWORDS else name


def _parameters(function: Function) -> str:
    return ", ".join(f"{_identifier(parameter.name)}: {_type(parameter.type)}" for parameter in function.parameters)


def _returns(function: Function) -> str:
    return "" if function.returns.kind == "void" else f" -> {_type(function.returns)}"


def _type(type_: Type) -> str:
    match type_.kind:
        case "scalar":
            return _SCALARS[type_.name]
        case "void":
            return "c_void"
        case "pointer":
            assert type_.target is not None
            return f"*{'const' if type_.target.const else 'mut'} {_type(type_.target)}"
        case "array":
            assert type_.target is not None
            return f"[{_type(type_.target)}; {type_.count}]"
        case _:
            return type_.name
