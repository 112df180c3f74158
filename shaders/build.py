"""Compile the shaders to SPIR-V and write them, packed, as one C++ header: what the build of libsnn runs.

glslang compiles, spirv-opt optimises, spirv-val checks what both made. Templates are not optimised: their functions must
keep their names and stay functions, because libsnn calls them for the operations of a model or rule.

A driver may contract a product and a sum, which rounds once instead of twice, unless both are `precise`; NVIDIA's does.
spirv-opt copies operations when it unrolls a loop, but not that they are precise, and then contracts some of the copies
itself. So shaders whose bits are promised get both back, and the build ends where one has an operation that is not precise.
Mesa's lavapipe would not tell: it computes what is contracted as two operations.
"""

from __future__ import annotations

import argparse
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

TEMPLATES = {
    "brains",
    "neuron_step",
    "plastic_arrive",
    "plastic_learn",
    "plastic_signal",
    "train_adjoint",
    "train_step",
}
# Gradients agree to rounding: these may be contracted. Of all other shaders the bits are promised.
GRADIENTS = re.compile("train_(adjoint|bias|reduce|source_.*|traces|update|weights_.*)")
TARGET = ["--target-env", "vulkan1.0"]


def run(*command: str | Path) -> None:
    """Run a command; where it fails, end with what it said."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{done.stdout}{done.stderr}")


# Of SPIR-V and of its set of instructions GLSL.std.450: opcodes, a decoration, where instructions begin.
EXT_INST, FMA = 12, 50
NAME, FUNCTION = 5, 54
DEBUG = {2, 3, 4, NAME, 6, 7, 8, 317, 330}  # sources, names, lines, the compiler
FLOAT_ADD, FLOAT_MUL = 129, 133
ADD_SUB_MUL = {FLOAT_ADD, 131, FLOAT_MUL}
DECORATE, NO_CONTRACTION = 71, 42
BOUND_WORD, HEADER_WORDS = 3, 5


def instructions(words: list[int]) -> Iterator[list[int]]:
    """The instructions of a module, each with its words."""
    at = HEADER_WORDS
    while at < len(words):
        count = words[at] >> 16
        yield words[at : at + count]
        at += count


def is_contracted(one: list[int]) -> bool:
    """Whether an instruction is a product and a sum in one; the shaders have no other set than GLSL.std.450."""
    return one[0] & 0xFFFF == EXT_INST and one[4] == FMA


def imprecise(words: list[int]) -> list[int]:
    """The ids of sums, differences and products that are or may be contracted."""
    precise = {one[1] for one in instructions(words) if one[0] & 0xFFFF == DECORATE and one[2] == NO_CONTRACTION}
    made = (one for one in instructions(words) if one[0] & 0xFFFF in ADD_SUB_MUL or is_contracted(one))
    return [one[2] for one in made if one[2] not in precise]


def without_contraction(words: list[int]) -> list[int]:
    """The module with a product and a sum for each instruction that is both."""
    made = words[:HEADER_WORDS]
    for one in instructions(words):
        if is_contracted(one):
            _, kind, result, _, _, x, y, z = one
            product = made[BOUND_WORD]
            made[BOUND_WORD] += 1
            made += [5 << 16 | FLOAT_MUL, kind, product, x, y, 5 << 16 | FLOAT_ADD, kind, result, product, z]
        else:
            made += one
    return made


def made_precise(words: list[int]) -> list[int]:
    """The module with no operation that is or may be contracted."""
    words = without_contraction(words)
    made = words[:HEADER_WORDS]
    added = False
    for one in instructions(words):
        if not added and one[0] & 0xFFFF == DECORATE:
            for result in imprecise(words):
                made += [3 << 16 | DECORATE, result, NO_CONTRACTION]
            added = True
        made += one
    return made


def without_names(words: list[int]) -> list[int]:
    """The module with no debug information but the names of functions."""
    functions = {one[2] for one in instructions(words) if one[0] & 0xFFFF == FUNCTION}
    made = words[:HEADER_WORDS]
    for one in instructions(words):
        opcode = one[0] & 0xFFFF
        if opcode not in DEBUG or (opcode == NAME and one[1] in functions):
            made += one
    return made


def packed(shaders: Iterable[list[int]]) -> bytes:
    """All words as native/src/vulkan/pipelines.cpp unpacks them: first the lowest byte of each, then the next one of each.

    The upper bytes are nearly all zero: with them apart the whole is a fifth smaller.
    """
    words = [word for shader in shaders for word in shader]
    data = struct.pack(f"<{len(words)}I", *words)
    packer = zlib.compressobj(level=9, wbits=-15)  # without a frame around it
    return packer.compress(b"".join(data[i::4] for i in range(4))) + packer.flush()


def words_of(module: Path) -> list[int]:
    """A module as words."""
    data = module.read_bytes()
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def compiled(shader: Path, options: argparse.Namespace) -> list[int]:
    """The words of one shader."""
    raw, made = options.out / f"{shader.stem}.raw.spv", options.out / f"{shader.stem}.spv"
    run(options.glslang, "-V", *TARGET, "--keep-uncalled", shader, "-o", raw)
    words, may_round = words_of(raw), GRADIENTS.fullmatch(shader.stem) is not None
    if not may_round and imprecise(words):
        sys.exit(f"{shader}: {len(imprecise(words))} sums, differences or products of it are not `precise`")
    if shader.stem in TEMPLATES:
        words = without_names(words)
    else:
        run(options.spirv_opt, "-Os", "--strip-debug", "--target-env=vulkan1.0", raw, "-o", made)
        words = words_of(made) if may_round else made_precise(words_of(made))
    made.write_bytes(struct.pack(f"<{len(words)}I", *words))
    run(options.spirv_val, *TARGET, made)
    return words


def main() -> None:
    """Compile every shader of this folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for tool in ("glslang", "spirv-opt", "spirv-val"):
        parser.add_argument(f"--{tool}", required=True, help="path of the program")
    parser.add_argument("--out", type=Path, required=True, help="folder for the .spv files and vulkan_shaders.h")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shaders = {shader.stem: compiled(shader, options) for shader in sorted(Path(__file__).parent.glob("*.comp"))}
    data = packed(shaders.values())
    lines = [
        "// Made by shaders/build.py.",
        "#pragma once",
        "#include <cstdint>",
        "",
        "namespace snn::vulkan {",
        "",
        "struct EmbeddedShader {",
        "    const char* name;",
        "    uint32_t count;  // of words; those of all shaders follow each other",
        "};",
        "",
        "constexpr EmbeddedShader embedded_shaders[] = {",
        *(f'    {{"{name}", {len(words)}}},' for name, words in shaders.items()),
        "};",
        "constexpr uint8_t packed_shaders[] = {",
        *("    " + ",".join(map(str, data[i : i + 32])) + "," for i in range(0, len(data), 32)),
        "};",
        "",
        "}  // namespace snn::vulkan",
        "",
    ]
    (options.out / "vulkan_shaders.h").write_text("\n".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
