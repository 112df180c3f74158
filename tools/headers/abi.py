"""What programs that were compiled with a released header rely on, and what a later header breaks of it.

A program made with the released header must run with every later libsnn of the same ``SNN_ABI_VERSION``. So functions,
callbacks and constants stay what they are, structs without a size never change, and those that carry theirs grow at the end:
in memory that the released struct does not have, its tail padding included, because old programs leave that unset.
"""

from __future__ import annotations

from typing import Any

from .describe import Description, Function, Type

#: Constants that say which version a header is of: they change.
_VERSIONS = ("SNN_VERSION_MAJOR", "SNN_VERSION_MINOR", "SNN_VERSION_PATCH", "SNN_ABI_VERSION")


def interface(description: Description) -> dict[str, Any]:
    """What is kept of a release: names, types as C writes them (without const, which calls nothing differently), layouts."""
    constants = {constant.name: constant.value for constant in description.constants}
    return {
        "version": ".".join(str(constants[name]) for name in _VERSIONS[:3]),
        "abi_version": constants["SNN_ABI_VERSION"],
        "functions": {function.name: _signature(function) for function in description.functions},
        "callbacks": {callback.name: _signature(callback) for callback in description.callbacks},
        "structs": {
            struct.name: {
                "size": struct.size,
                "alignment": struct.alignment,
                "fields": {field.name: f"{_text(field.type)} at {field.offset}" for field in struct.fields},
            }
            for struct in description.structs
        },
        "handles": description.handles,
        "constants": {name: value for name, value in constants.items() if name not in _VERSIONS},
    }


def breaks(released: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One sentence for each thing of `released` that a program can no longer rely on; both are what `interface` gives.

    None, whatever has changed, when ``SNN_ABI_VERSION`` is another one.
    """
    if released["abi_version"] != now["abi_version"]:
        return []
    found = []
    for kind, what in (("functions", "function"), ("callbacks", "callback"), ("constants", "constant")):
        for name, before in released[kind].items():
            if name not in now[kind]:
                found.append(f"the {what} {name} is gone")
            elif now[kind][name] != before:
                found.append(f"the {what} {name} was {before} and is {now[kind][name]}")
    found += [f"the handle {name} is gone" for name in released["handles"] if name not in now["handles"]]
    for name, before in released["structs"].items():
        if name in now["structs"]:
            found += [f"{name}{problem}" for problem in _struct_breaks(before, now["structs"][name])]
        else:
            found.append(f"the struct {name} is gone")
    return found


def _struct_breaks(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for name, field in before["fields"].items():
        if name not in now["fields"]:
            found.append(f".{name} is gone")
        elif now["fields"][name] != field:
            found.append(f".{name} was {field} and is {now['fields'][name]}")
    carries_size = before["fields"].get("struct_size") == "uint32_t at 0"
    for name in now["fields"].keys() - before["fields"].keys():
        offset = int(now["fields"][name].split()[-1])
        if not carries_size:
            found.append(f".{name} is new, and the struct does not carry its size")
        elif offset < before["size"]:
            found.append(f".{name} is new and lies at {offset}, within the {before['size']} bytes that the struct had")
    if not carries_size and now["size"] != before["size"]:
        found.append(f" had {before['size']} bytes and has {now['size']}")
    if now["alignment"] != before["alignment"]:
        found.append(f" was aligned to {before['alignment']} bytes and is to {now['alignment']}")
    return found


def _signature(function: Function) -> str:
    parameters = ", ".join(_text(parameter.type) for parameter in function.parameters)
    return f"{_text(function.returns)}({parameters or 'void'})"


def _text(type_: Type) -> str:
    if type_.target is None:
        return type_.name or "void"
    return f"{_text(type_.target)}*" if type_.kind == "pointer" else f"{_text(type_.target)}[{type_.count}]"
