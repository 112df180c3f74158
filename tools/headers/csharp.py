"""Print the declarations of ``bindings/csharp``: C# 7.3, which Unity and Mono's compiler read as well."""

from collections.abc import Iterator

from .describe import Description, Field, Function, Struct, Type
from .enums import camel, group

_SCALARS = {
    "int8_t": "sbyte",
    "uint8_t": "byte",
    "int16_t": "short",
    "uint16_t": "ushort",
    "int32_t": "int",
    "uint32_t": "uint",
    "int64_t": "long",
    "uint64_t": "ulong",
    "size_t": "UIntPtr",
    "float": "float",
    "double": "double",
    "char": "byte",
    "SNNStatus": "int",
}
_KEYWORDS = {"def", "event", "base", "in", "out", "ref", "object", "string"} - {"def"}
_HANDLES = {
    "SNNHandle": "SessionHandle",
    "SNNNetwork": "NetworkHandle",
    "SNNModel": "ModelHandle",
    "SNNTrainer": "TrainerHandle",
    "SNNPlacement": "PlacementHandle",
}
_HEAD = "// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.\n"


def declarations(description: Description) -> str:
    """``Snn/Native.cs``: structs, callbacks and functions, for the classes beside it."""
    return "\n".join([_HEAD, *_native(description)])


def _native(description: Description) -> Iterator[str]:
    yield "using System;\nusing System.Runtime.InteropServices;\n"
    yield "namespace Snn"
    yield "{"
    for struct in description.structs:
        yield from _struct(struct)
    for callback in description.callbacks:
        yield from _comment(callback.summary)
        yield "    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]"
        yield f"    internal unsafe delegate {_type(callback.returns)} {callback.name}({_parameters(callback, False)});\n"
    yield "    internal static unsafe class Native"
    yield "    {"
    yield "#if (UNITY_IOS || UNITY_WEBGL) && !UNITY_EDITOR"
    yield '        internal const string Library = "__Internal"; // linked into the program'
    yield "#else"
    yield '        internal const string Library = "libsnn"; // not "snn": Windows would find Snn.dll, this assembly'
    yield "#endif"
    for constant in description.constants:
        if constant.group == 0:
            kind = "ulong" if constant.bits == 64 else "uint"
            yield f"        internal const {kind} {constant.name} = {constant.value:#x};"
    yield ""
    for function in description.exported():
        yield from _comment(function.summary, "        ")
        yield "        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]"
        release = function.returns.kind == "void"  # called by the SafeHandle itself
        parameters = _parameters(function, not release)
        yield f"        internal static extern {_type(function.returns)} {function.name}({parameters});\n"
    yield "    }"
    yield "}\n"


def _struct(struct: Struct) -> Iterator[str]:
    yield from _comment(struct.summary)
    yield "    [StructLayout(LayoutKind.Sequential)]"
    yield f"    internal unsafe struct {struct.name}"
    yield "    {"
    for field in struct.fields:
        yield from _comment(field.summary, "        ")
        yield from _field(field)
    yield "    }\n"


def _field(field: Field) -> Iterator[str]:
    type_ = field.type
    if _is_struct_array(type_):  # which `fixed` cannot have
        assert type_.target is not None
        names = ", ".join(f"{_identifier(field.name)}_{i}" for i in range(type_.count))
        yield f"        internal {_type(type_.target)} {names};"
    elif type_.kind == "array":
        assert type_.target is not None
        yield f"        internal fixed {_type(type_.target)} {_identifier(field.name)}[{type_.count}];"
    elif type_.kind in ("callback", "handle"):
        yield f"        internal IntPtr {_identifier(field.name)};"
    else:
        yield f"        internal {_type(type_)} {_identifier(field.name)};"


def _is_struct_array(type_: Type) -> bool:
    return type_.kind == "array" and type_.target is not None and type_.target.kind == "struct"


def enums(description: Description) -> str:
    """``Snn/Enums.cs``: the public enums."""
    return "\n".join([_HEAD, *_enums(description)])


def _enums(description: Description) -> Iterator[str]:
    yield "using System;\n"
    yield "namespace Snn"
    yield "{"
    for enum in group(description):
        signed = any(constant.value < 0 for _, constant in enum.members) or enum.name == "LogLevel"
        yield f"    /// <summary><c>{enum.first.name}</c> and those that follow it in <c>{enum.first.header}</c>.</summary>"
        if enum.flags:
            yield "    [Flags]"
        yield f"    public enum {enum.name} : {'int' if signed else 'uint'}"
        yield "    {"
        if enum.flags:
            yield "        /// <summary>None of them.</summary>\n        None = 0,"
        for words, constant in enum.members:
            yield f"        /// <summary>{_escape(constant.summary or constant.name)}</summary>"
            yield f"        {camel(words)} = {constant.value},"
        yield "    }\n"
    yield "}\n"


def layout_test(description: Description) -> str:
    """``Snn.Tests/Layouts.cs``: size and offsets of every struct as a C compiler for a 64-bit target lays it out."""
    return "\n".join([_HEAD, *_layout_test(description)])


def _layout_test(description: Description) -> Iterator[str]:
    yield "namespace Snn.Tests\n{\n    internal static unsafe class Layouts\n    {"
    yield "        internal static void Check()\n        {"
    for struct in description.structs:
        yield f'            Assert.Equal({struct.size}, sizeof({struct.name}), "sizeof({struct.name})");'
        yield "            {"
        yield f"                {struct.name} it;"
        yield "                byte* start = (byte*)&it;"
        for field in struct.fields:
            name = _identifier(field.name)
            place = f"it.{name}" if field.type.kind == "array" else f"&it.{name}"
            if _is_struct_array(field.type):
                place = f"&it.{name}_0"
            yield f'                Assert.Equal({field.offset}, (byte*){place} - start, "{struct.name}.{field.name}");'
        yield "            }"
    yield "        }\n    }\n}\n"


def _comment(summary: str, indent: str = "    ") -> Iterator[str]:
    if summary:
        yield f"{indent}/// <summary>{_escape(summary)}</summary>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _identifier(name: str) -> str:
    return f"@{name}" if name in _KEYWORDS else name


def _parameters(function: Function, safe: bool) -> str:
    return ", ".join(
        f"{_parameter(parameter.type, safe)} {_identifier(parameter.name)}" for parameter in function.parameters
    )


def _parameter(type_: Type, safe: bool) -> str:
    if type_.kind == "handle":
        return _HANDLES[type_.name] if safe else "IntPtr"
    return _type(type_)


def _type(type_: Type) -> str:
    match type_.kind:
        case "scalar":
            return _SCALARS[type_.name]
        case "void":
            return "void"
        case "handle":
            return "IntPtr"
        case "callback":
            return "IntPtr"
        case "pointer":
            assert type_.target is not None
            return f"{_type(type_.target)}*"
        case _:
            return type_.name
