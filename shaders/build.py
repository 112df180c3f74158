"""Compile the shaders to SPIR-V and write them as one C++ header: what the build of libsnn runs.

glslang compiles, spirv-opt optimises, spirv-val checks what both made. Templates are left as glslang gives them: their
functions must keep their names and stay functions, because libsnn calls them for the operations of a model or rule.

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
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = {"brains", "neuron_step", "plastic_arrive", "plastic_learn", "train_adjoint", "train_step"}
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
    if shader.stem not in TEMPLATES:
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
    lines = [
        "// Made by shaders/build.py.",
        "#pragma once",
        "#include <cstdint>",
        "",
        "namespace snn::vulkan {",
        "",
        "struct EmbeddedShader {",
        "    const char* name;",
        "    const uint32_t* words;",
        "    uint32_t count;",
        "};",
        "",
    ]
    shaders = {shader.stem: compiled(shader, options) for shader in sorted(Path(__file__).parent.glob("*.comp"))}
    for name, words in shaders.items():
        lines.append(f"constexpr uint32_t words_of_{name}[] = {{")
        lines += [",".join(f"{word:#x}" for word in words[i : i + 12]) + "," for i in range(0, len(words), 12)]
        lines.append("};")
    lines.append("constexpr EmbeddedShader embedded_shaders[] = {")
    lines += [f'    {{"{name}", words_of_{name}, {len(words)}}},' for name, words in shaders.items()]
    lines += ["};", "", "}  // namespace snn::vulkan", ""]
    (options.out / "vulkan_shaders.h").write_text("\n".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
