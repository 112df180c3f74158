"""Print the declarations of ``bindings/java``: the class ``Native`` and the C functions behind it.

Pointers, handles and callbacks cross as ``long``; structs are laid out in direct buffers by the offsets printed here.
"""

from collections.abc import Iterator

from .describe import Description, Function, Struct, Type
from .enums import group

_JAVA = {
    "int8_t": "byte",
    "uint8_t": "byte",
    "int16_t": "short",
    "uint16_t": "short",
    "int32_t": "int",
    "uint32_t": "int",
    "int64_t": "long",
    "uint64_t": "long",
    "size_t": "long",
    "float": "float",
    "double": "double",
    "SNNStatus": "int",
}
_PATTERN = "Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand."


def declarations(description: Description) -> str:
    """``Native.java``: constants, layouts of structs, and the functions of the header."""
    return "\n".join([f"// {_PATTERN}\n", *_native(description)])


def _native(description: Description) -> Iterator[str]:
    yield "package snn;\n"
    yield "/** The C interface as it is: no checks, pointers are long. For the classes beside it. */"
    yield "final class Native {"
    yield "    private Native() {}\n"
    yield "    static {\n        Jni.load();\n    }\n"
    for constant in description.constants:
        if constant.group == 0:
            kind, suffix = ("long", "L") if constant.bits == 64 else ("int", "")
            yield f"    static final {kind} {constant.name} = {constant.value:#x}{suffix};"
    for struct in description.structs:
        yield from _layout(struct)
    yield ""
    for function in description.exported():
        if function.summary:
            yield f"    /** {_escape(function.summary)} */"
        parameters = ", ".join(f"{_type(parameter.type)} {parameter.name}" for parameter in function.parameters)
        yield f"    static native {_type(function.returns)} {function.name}({parameters});\n"
    yield "}\n"


def _layout(struct: Struct) -> Iterator[str]:
    yield f"\n    /** Offsets of {struct.name} in bytes. */"
    yield f"    static final class {struct.name} {{"
    yield f"        static final int SIZE = {struct.size};"
    for field in struct.fields:
        yield f"        static final int {field.name} = {field.offset};"
    yield "    }"


def enums(description: Description) -> str:
    """``Enums.java``: the public enums, nested in one class."""
    return "\n".join([f"// {_PATTERN}\n", *_enums(description)])


def _enums(description: Description) -> Iterator[str]:
    yield "package snn;\n"
    yield "/** The constants of <code>snn.h</code>, as enums: {@code import snn.Enums.*}. */"
    yield "public final class Enums {"
    yield "    private Enums() {}\n"
    for enum in group(description):
        if enum.flags:
            continue  # booleans of SessionOptions
        yield f"    /** <code>{enum.first.name}</code> and those that follow it in <code>{enum.first.header}</code>. */"
        yield f"    public enum {enum.name} {{"
        last = len(enum.members) - 1
        for i, (words, constant) in enumerate(enum.members):
            yield f"        /** {_escape(constant.summary or constant.name)} */"
            yield f"        {words}({constant.value}){';' if i == last else ','}"
        yield "\n        final int value;\n"
        yield f"        {enum.name}(int value) {{ this.value = value; }}\n"
        yield f"        static {enum.name} of(int value) {{"
        yield f"            for ({enum.name} one : values()) if (one.value == value) return one;"
        yield f'            throw new IllegalStateException("libsnn has a {enum.name} that is new: " + value);'
        yield "        }\n    }\n"
    yield "}\n"


def glue(description: Description) -> str:
    """``snn_jni_functions.c``: one C function for each native method, and the layouts, checked by the compiler."""
    return "\n".join([f"/* {_PATTERN} */", *_glue(description)])


def _glue(description: Description) -> Iterator[str]:
    yield "#include <jni.h>\n#include <snn/snn_vulkan.h>\n\n#include <stddef.h>\n#include <stdint.h>\n"
    yield "#define LAYOUT(condition) _Static_assert(condition, #condition)"
    for struct in description.structs:
        yield f"LAYOUT(sizeof({struct.name}) == {struct.size});"
        for field in struct.fields:
            yield f"LAYOUT(offsetof({struct.name}, {field.name}) == {field.offset});"
    yield ""
    for function in description.exported():
        parameters = "".join(f", {_jni(parameter.type)} {parameter.name}" for parameter in function.parameters)
        name = f"Java_snn_Native_{function.name.replace('_', '_1')}"
        yield f"JNIEXPORT {_jni(function.returns)} JNICALL {name}(JNIEnv *env, jclass self{parameters}) {{"
        yield "    (void)env;\n    (void)self;"
        yield f"    {_call(function)}"
        yield "}\n"


def _call(function: Function) -> str:
    arguments = ", ".join(_to_c(parameter.type, parameter.name) for parameter in function.parameters)
    call = f"{function.name}({arguments})"
    if function.returns.kind == "void":
        return f"{call};"
    if function.returns.kind == "pointer":
        return f"return (jlong)(intptr_t){call};"
    return f"return ({_jni(function.returns)}){call};"


def _to_c(type_: Type, name: str) -> str:
    if type_.kind == "scalar":
        return f"({type_.name}){name}"
    return f"({_c(type_)})(intptr_t){name}"


def _c(type_: Type) -> str:
    if type_.kind == "pointer":
        assert type_.target is not None
        return f"{_c(type_.target)} *".replace("* *", "**")
    return f"{'const ' if type_.const else ''}{type_.name or 'void'}"


def _type(type_: Type) -> str:
    if type_.kind == "scalar":
        return _JAVA[type_.name]
    return "void" if type_.kind == "void" else "long"


def _jni(type_: Type) -> str:
    java = _type(type_)
    return java if java == "void" else f"j{java}"


def _escape(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;").replace("*/", "* /")
    )
