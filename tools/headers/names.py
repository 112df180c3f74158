"""Which function of a language stands for which C function.

In Rust, C# and Java the comment of a public function names its C function (``#[doc(alias = "snn_...")]``, ``<c>snn_...</c>``,
``{@code snn_...}``), where users of those languages look for it as well. The headers for C++ say it by calling it: libclang
reads which public function reaches which C function.
"""

import functools
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from clang import cindex
from clang.cindex import AccessSpecifier, CursorKind

from .describe import HEADERS, Description

ROOT = Path(__file__).parents[2]
Names = dict[str, list[str]]  # C function -> names, in the order of the sources


def rust() -> Names:
    """Methods as ``Network::load``."""
    return _scan(
        "bindings/rust/snn/src/*.rs",
        mention=r'#\[doc\(alias = "(snn_\w+)"\)\]',
        scope=r"^(?:unsafe )?impl(?:<.*?>)? (?:[\w<>:]+ for )?(\w+)",
        declaration=r"^\s*(?:pub )?(?:unsafe )?(?:fn|struct|enum) (\w+)",
        joint="::",
        types=("struct", "enum"),
    )


def csharp() -> Names:
    """Methods as ``Network.Load``."""
    return _scan(
        "bindings/csharp/Snn/*.cs",
        mention=r"^\s*///.*?<c>snn_",
        scope=r"^    (?:public|internal) (?:\w+ )*(?:class|struct) (\w+)",
        declaration=r"^\s*(?!///)(?:(?:public|private|internal|protected|static|override|unsafe|sealed|readonly) )+"
        r"[\w<>\[\], ()?]*?(\w+)(?=\(|\s*$|\s*\{| :)",
        joint=".",
        types=("class", "struct"),
        word=r"<c>(snn_\w+)</c>",
    )


def java() -> Names:
    """Methods as ``Network.load``."""
    return _scan(
        "bindings/java/src/snn/*.java",
        mention=r"^\s*(?:/\*\*|\*).*\{@code snn_",
        scope=r"^(?:public )?(?:final )?class (\w+)",
        declaration=r"^\s*(?!\*|/\*)(?:(?:public|private|protected|static|final) )+[\w<>\[\], .]*?(\w+)"
        r"(?=\(| \{| implements| extends)",
        joint=".",
        types=("class",),
        word=r"\{@code (snn_\w+)\}",
    )


def _scan(
    sources: str, *, mention: str, scope: str, declaration: str, joint: str, types: tuple[str, ...], word: str = ""
) -> Names:
    found: Names = {}
    for path in sorted(ROOT.glob(sources)):
        if path.name in ("Native.cs", "Native.java", "declarations.rs"):
            continue  # printed: they have every function by its C name
        outer, waiting = "", []
        for line in path.read_text(encoding="utf-8").splitlines():
            if begins := re.search(scope, line):
                outer = begins[1]
            if re.search(mention, line):
                waiting += re.findall(word or mention, line)
            elif waiting and (declared := re.search(declaration, line)):
                name = declared[1]
                if not any(f"{kind} {name}" in line for kind in types) and name != outer and outer:
                    name = f"{outer}{joint}{name}"
                for function in waiting:
                    if name not in found.setdefault(function, []):
                        found[function].append(name)
                waiting = []
            for function in re.findall(r"\b(snn_\w+_init)\(", line):  # defaults: called where the struct is made
                found.setdefault(function, [outer])
    return found


def cpp() -> Names:
    """Methods as ``snn::Network::load``; what a class does when it ends is ``snn::~Network``."""
    include = ROOT / "native" / "include"
    folders = [argument for folder in _system_includes() for argument in ("-isystem", folder)]
    unit = cindex.Index.create().parse(
        str(include / "snn" / "snn_vulkan.hpp"), args=["-x", "c++", "-std=c++17", f"-I{include}", "-nostdinc", *folders]
    )
    bodies: dict[str, tuple[str, bool, set[str], set[str]]] = {}  # of USR: name, public, C functions, own functions
    for cursor in _functions(unit.cursor):
        used = [node.referenced for node in cursor.walk_preorder() if node.referenced is not None]
        c = {one.spelling for one in used if one.spelling.startswith("snn_")}
        own = {one.get_usr() for one in used if one.kind in _CALLABLE and one.get_usr() != cursor.get_usr()}
        public = cursor.access_specifier in (AccessSpecifier.PUBLIC, AccessSpecifier.INVALID)
        bodies[cursor.get_usr()] = (_qualified(cursor), public, c, own)
    found: Names = {}
    for usr, (name, public, _, _) in bodies.items():
        if public and "detail" not in name:
            for function in _reached(usr, bodies, set()):
                if name not in found.setdefault(function, []):
                    found[function].append(name)
    for field in (node for node in unit.cursor.walk_preorder() if node.kind == CursorKind.FIELD_DECL):
        for node in field.walk_preorder():
            if node.referenced is not None and node.referenced.spelling.startswith("snn_"):
                found[node.referenced.spelling] = [f"snn::~{field.semantic_parent.spelling}"]
    # They take defaults by the C header's inline functions, which call these.
    return {re.sub("_default$", "_init", function): names for function, names in found.items()}


_CALLABLE = (CursorKind.CXX_METHOD, CursorKind.FUNCTION_DECL, CursorKind.CONSTRUCTOR, CursorKind.FUNCTION_TEMPLATE)


def _system_includes() -> list[str]:
    """Where the C++ compiler finds its headers; libclang from PyPI has none of its own."""
    result = subprocess.run(
        ["c++", "-E", "-x", "c++", "-v", "/dev/null"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin"},
    )
    listing = result.stderr.split("#include <...> search starts here:")[1].split("End of search list.")[0]
    return listing.split()


def _functions(root: cindex.Cursor) -> Iterator[cindex.Cursor]:
    for node in root.walk_preorder():
        file = node.location.file
        if node.kind in _CALLABLE and file is not None and file.name.endswith((".hpp",)) and "/snn/" in file.name:
            yield node


def _qualified(cursor: cindex.Cursor) -> str:
    parts, parent = [cursor.spelling.split("<")[0]], cursor.semantic_parent
    while parent is not None and parent.kind != CursorKind.TRANSLATION_UNIT:
        if parent.spelling != "v1":
            parts.insert(0, parent.spelling)
        parent = parent.semantic_parent
    if len(parts) > 1 and parts[-1] == parts[-2]:
        parts.pop()  # a constructor is called as its class
    return "::".join(parts)


def _reached(usr: str, bodies: dict[str, tuple[str, bool, set[str], set[str]]], seen: set[str]) -> list[str]:
    """C functions of a function and of what it calls that users cannot call themselves."""
    seen.add(usr)
    _, _, c, own = bodies[usr]
    found = set(c)
    for other in own - seen:
        if other in bodies and (not bodies[other][1] or "detail" in bodies[other][0]):
            found.update(_reached(other, bodies, seen))
    return sorted(found)


LANGUAGES: dict[str, Callable[[], Names]] = {"C++": cpp, "Rust": rust, "C#": csharp, "Java": java}


@functools.cache
def all_names() -> dict[str, Names]:
    """What each language has; the sources are read once."""
    return {language: names() for language, names in LANGUAGES.items()}


def missing(description: Description) -> list[str]:
    """What lags: "Rust: snn_new_function" for each function that a language does not have."""
    return [
        f"{language}: {function.name}"
        for language, names in all_names().items()
        for function in description.exported()
        if function.name not in names
    ]


def page(description: Description) -> str:
    """``docs/bindings/names.md``."""
    columns = all_names()
    lines = [
        "# Every function and its name in every language",
        "",
        "`python -m tools.headers --write` prints this page, and a test fails if a language has no name for a function.",
        "",
        "For a function that fills a struct with its defaults (`snn_..._init`), the tables name what makes the struct",
        "and calls the function.",
    ]
    for header in HEADERS:
        lines += [
            "",
            f"## native/include/snn/{header}",
            "",
            f"| C | {' | '.join(columns)} |",
            f"|---|{'---|' * len(columns)}",
        ]
        for function in description.exported():
            if function.header != header:
                continue
            cells = [
                ", ".join(f"`{name}`" for name in names.get(function.name, [])) or "-" for names in columns.values()
            ]
            lines.append(f"| `{function.name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
