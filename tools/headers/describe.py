"""Read the public C headers with libclang.

Functions, structs with their layout, constants, callbacks, first sentences of comments.

The layout is that of the 64-bit target asked for; the interface has no type whose size differs between 64-bit targets, and
``tests/bindings`` checks that the description does not either.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clang import cindex
from clang.cindex import CursorKind, TypeKind

LINUX_X86_64 = "x86_64-linux-gnu"

HEADERS = ("snn.h", "snn_network.h", "snn_training.h", "snn_vulkan.h")  # the last one includes those before it

# The headers include these two and need nothing else of them. Our own, so that no system header has a say.
_STDDEF = "typedef __SIZE_TYPE__ size_t;\n"
_STDINT = "".join(
    f"typedef __{kind}{bits}_TYPE__ {kind.lower()}{bits}_t;\n" for bits in (8, 16, 32, 64) for kind in ("INT", "UINT")
)
_SECTION = re.compile(r"/\* -{4} .* -{4,} \*/")


@dataclass(frozen=True)
class Type:
    """A C type.

    ``kind`` is "void", "scalar", "struct", "handle", "callback", "opaque" (what a handle points to), "pointer" or "array".
    ``name`` is there for those that have one, ``target`` is what a pointer points to or an array holds.
    """

    kind: str
    name: str = ""
    target: "Type | None" = None
    const: bool = False  # the type itself: of `const char *` it is the target
    count: int = 0


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function or a callback."""

    name: str
    type: Type


@dataclass(frozen=True)
class Function:
    """A function, or the signature of a callback."""

    name: str
    returns: Type
    parameters: tuple[Parameter, ...]
    summary: str
    header: str  # that declares it: "snn.h"
    inline: bool = False  # in the header itself: no symbol of the library


@dataclass(frozen=True)
class Field:
    """A field of a struct; offset and size in bytes."""

    name: str
    type: Type
    offset: int
    size: int
    summary: str


@dataclass(frozen=True)
class Struct:
    """A struct; size and alignment in bytes."""

    name: str
    size: int
    alignment: int
    fields: tuple[Field, ...]
    summary: str


@dataclass(frozen=True)
class Constant:
    """An enumerator or a macro with a number. ``unsigned`` and ``bits`` are those of its C type."""

    name: str
    value: int
    unsigned: bool
    bits: int
    summary: str
    group: int  # constants of one enum have one number; macros have 0
    header: str  # as of a function


@dataclass
class Description:
    """Everything that the headers declare, in their order."""

    functions: list[Function] = field(default_factory=list)
    callbacks: list[Function] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    handles: list[str] = field(default_factory=list)
    constants: list[Constant] = field(default_factory=list)

    def exported(self) -> list[Function]:
        """The functions that are symbols of the library."""
        return [function for function in self.functions if not function.inline]

    def as_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return asdict(self)


def describe(include: Path, target: str = LINUX_X86_64) -> Description:
    """Read the headers of an include folder.

    Raises ValueError where the header does not compile or has something that no binding could be made of.
    """
    unit = cindex.Index.create().parse(
        str(include / "snn" / HEADERS[-1]),
        args=[
            "-x",
            "c",
            "-std=c99",
            f"--target={target}",
            "-nostdinc",
            "-I/stub",
            f"-I{include}",
            "-fparse-all-comments",
        ],
        unsaved_files=[("/stub/stddef.h", _STDDEF), ("/stub/stdint.h", _STDINT)],
        options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
    )
    if unit.diagnostics:
        raise ValueError("\n".join(str(diagnostic) for diagnostic in unit.diagnostics))
    return _Reader(include / "snn").read(unit)


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found = Description()

    def read(self, unit: cindex.TranslationUnit) -> Description:
        for cursor in unit.cursor.get_children():
            if cursor.location.file is None or Path(cursor.location.file.name).parent != self.folder:
                continue
            match cursor.kind:
                case CursorKind.FUNCTION_DECL:
                    inline = cursor.storage_class == cindex.StorageClass.STATIC
                    self.found.functions.append(
                        self.function(cursor.spelling, cursor.type, cursor, _summary(cursor), inline)
                    )
                case CursorKind.STRUCT_DECL if cursor.is_definition():
                    self.found.structs.append(self.struct(cursor))
                case CursorKind.ENUM_DECL:
                    self.enum(cursor)
                case CursorKind.TYPEDEF_DECL:
                    self.typedef(cursor)
                case CursorKind.MACRO_DEFINITION:
                    self.macro(cursor)
        return self.found

    def typedef(self, cursor: cindex.Cursor) -> None:
        type_ = cursor.underlying_typedef_type
        if type_.kind == TypeKind.POINTER and type_.get_pointee().spelling.endswith("Opaque"):
            self.found.handles.append(cursor.spelling)
        elif _is_function_pointer(type_):
            self.callback(cursor.spelling, type_.get_pointee(), cursor, _summary(cursor))

    def callback(self, name: str, type_: cindex.Type, cursor: cindex.Cursor, summary: str) -> None:
        self.found.callbacks.append(self.function(name, type_, cursor, summary))

    def function(
        self, name: str, type_: cindex.Type, cursor: cindex.Cursor, summary: str, inline: bool = False
    ) -> Function:
        names = [child for child in cursor.get_children() if child.kind == CursorKind.PARM_DECL]
        types = list(type_.argument_types())
        if len(names) != len(types) or not all(child.spelling for child in names):
            raise ValueError(f"{name}: its parameters need names")
        parameters = tuple(
            Parameter(child.spelling, self.type(argument, f"{name}_{child.spelling}", child))
            for child, argument in zip(names, types, strict=True)
        )
        returns = self.type(type_.get_result(), name, cursor)
        return Function(name, returns, parameters, summary, _header(cursor), inline)

    def struct(self, cursor: cindex.Cursor) -> Struct:
        fields = tuple(
            Field(
                child.spelling,
                self.type(child.type, f"{cursor.spelling}_{child.spelling}", child),
                cursor.type.get_offset(child.spelling) // 8,
                child.type.get_size(),
                _summary(child),
            )
            for child in cursor.get_children()
            if child.kind == CursorKind.FIELD_DECL
        )
        return Struct(cursor.spelling, cursor.type.get_size(), cursor.type.get_align(), fields, _summary(cursor))

    def enum(self, cursor: cindex.Cursor) -> None:
        group = max((constant.group for constant in self.found.constants), default=0) + 1
        unsigned = cursor.enum_type.kind in (TypeKind.UINT, TypeKind.ULONG, TypeKind.ULONGLONG)
        for child in cursor.get_children():
            value = child.enum_value
            self.found.constants.append(
                Constant(child.spelling, value, unsigned, 32, _summary(child), group, _header(child))
            )

    def macro(self, cursor: cindex.Cursor) -> None:
        tokens = [token.spelling for token in cursor.get_tokens()][1:]
        if len(tokens) == 1:
            tokens = [{"UINT32_MAX": "0xFFFFFFFFu", "UINT64_MAX": "0xFFFFFFFFFFFFFFFFu"}.get(tokens[0], tokens[0])]
        if len(tokens) == 1 and (number := re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uU]?)", tokens[0])):
            value = int(number[1], 0)
            bits = 64 if value > 0xFFFFFFFF else 32
            self.found.constants.append(Constant(cursor.spelling, value, bool(number[2]), bits, "", 0, _header(cursor)))

    def type(self, type_: cindex.Type, place: str, cursor: cindex.Cursor) -> Type:
        const = type_.is_const_qualified()
        spelling = type_.spelling.removeprefix("const ").strip()
        if spelling in self.found.handles:
            return Type("handle", spelling)
        if spelling in [callback.name for callback in self.found.callbacks]:
            return Type("callback", spelling)
        if re.fullmatch(r"u?int(8|16|32|64)_t|size_t|float|double|char", spelling):
            return Type("scalar", spelling, const=const)
        if spelling == "SNNStatus":
            return Type("scalar", "SNNStatus")
        if spelling == "void":
            return Type("void", const=const)
        if _is_function_pointer(type_):  # without a name of its own: it is called after the place where it stands
            self.callback(place, type_.get_pointee(), cursor, "")
            return Type("callback", place)
        if type_.kind == TypeKind.POINTER:
            return Type("pointer", target=self.type(type_.get_pointee(), place, cursor))
        if type_.kind == TypeKind.CONSTANTARRAY:
            return Type("array", target=self.type(type_.element_type, place, cursor), count=type_.element_count)
        if spelling.removeprefix("struct ") in [struct.name for struct in self.found.structs]:
            return Type("struct", spelling.removeprefix("struct "), const=const)
        raise ValueError(f"{place}: no binding can be made of the type '{type_.spelling}'")


def _is_function_pointer(type_: cindex.Type) -> bool:
    if type_.kind != TypeKind.POINTER:
        return False
    pointee = type_.get_pointee().get_canonical()
    return bool(pointee.kind == TypeKind.FUNCTIONPROTO)


def _header(cursor: cindex.Cursor) -> str:
    return Path(cursor.location.file.name).name


def _summary(cursor: cindex.Cursor) -> str:
    """The first sentence of the comment that belongs to a declaration, "" when there is none."""
    comment = _SECTION.sub("", cursor.raw_comment or "").strip()
    text = " ".join(_lines(comment))
    # A sentence ends with a full stop before a capital letter, or where the comment ends.
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`*\"\[])", text, maxsplit=1)[0].strip()


def _lines(comment: str) -> Iterator[str]:
    for line in re.sub(r"^/\*|\*/$", "", comment).splitlines():
        yield line.strip().removeprefix("* ").removeprefix("*/").strip()
