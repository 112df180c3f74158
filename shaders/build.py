"""Compile the shaders to SPIR-V and write them as one C++ header: what the build of libsnn runs.

glslang compiles, spirv-opt optimises, spirv-val checks what both made. Templates are left as glslang gives them: their
functions must keep their names and stay functions, because libsnn calls them for the operations of a model or rule.
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
from pathlib import Path

TEMPLATES = {"brains", "neuron_step", "plastic_arrive", "plastic_learn", "train_adjoint", "train_step"}
TARGET = ["--target-env", "vulkan1.0"]


def run(*command: str | Path) -> None:
    """Run a command; where it fails, end with what it said."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{done.stdout}{done.stderr}")


def compiled(shader: Path, options: argparse.Namespace) -> list[int]:
    """The words of one shader."""
    raw, made = options.out / f"{shader.stem}.raw.spv", options.out / f"{shader.stem}.spv"
    run(options.glslang, "-V", *TARGET, "--keep-uncalled", shader, "-o", raw)
    if shader.stem in TEMPLATES:
        made.write_bytes(raw.read_bytes())
    else:
        run(options.spirv_opt, "-Os", "--strip-debug", "--target-env=vulkan1.0", raw, "-o", made)
    run(options.spirv_val, *TARGET, made)
    data = made.read_bytes()
    return list(struct.unpack(f"<{len(data) // 4}I", data))


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
