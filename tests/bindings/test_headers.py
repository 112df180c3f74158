"""The description of the headers, and the declarations of the bindings that are printed from it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bindings.headers import changed
from tools.headers import enums
from tools.headers.__main__ import INCLUDE, PRINTED
from tools.headers.describe import Description, describe

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def description() -> Description:
    return describe(INCLUDE)


def test_functions_are_those_that_the_library_exports(description: Description) -> None:
    library = ROOT / ".venv/lib"
    found = list(library.glob("python*/site-packages/snn/lib/libsnn.so"))
    assert len(found) == 1
    symbols = subprocess.run(
        ["nm", "--dynamic", "--defined-only", str(found[0])], capture_output=True, text=True, check=True
    )
    exported = {words[2].split("@")[0] for words in map(str.split, symbols.stdout.splitlines()) if words[1] == "T"}
    assert {function.name for function in description.exported()} == {name for name in exported if name[:4] == "snn_"}


def test_no_error_names_a_function_of_c(description: Description) -> None:
    """What libsnn says reaches people who write Python, C# or GDScript, where the function has another name or none."""
    functions = {function.name for function in description.functions}
    found = [
        f"{path.name}: {word}"
        for path in sorted((ROOT / "native/src").rglob("*.[ch]*"))
        for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text(encoding="utf-8"))
        for word in re.findall(r"\bsnn_\w+", text)
        if word in functions
    ]
    assert found == []


def test_a_declaration_is_read_whole(description: Description) -> None:
    encode = next(function for function in description.functions if function.name == "snn_run_step_within")
    assert [parameter.name for parameter in encode.parameters] == ["handle", "frame_dt", "budget_s", "out_steps"]
    assert [parameter.type.kind for parameter in encode.parameters] == ["handle", "scalar", "scalar", "pointer"]
    assert encode.summary.startswith("The same, but it stops after the step")
    assert encode.summary.endswith("later.")
    random = next(struct for struct in description.structs if struct.name == "SNNRandomConnectionDef")
    period = next(field for field in random.fields if field.name == "period")
    assert (period.type.kind, period.type.count, period.size) == ("array", 3, 24)
    constants = {constant.name: constant for constant in description.constants}
    for name in ("SNN_SEED_BY_INDEX", "SNN_VULKAN_NO_FRAME"):
        assert (constants[name].value, constants[name].bits) == (2**64 - 1, 64)
    assert {"SNNHandle", "SNNNetwork", "SNNModel", "SNNTrainer", "SNNPlacement"} == set(description.handles)
    assert "SNNJobSystem_parallel_for_task" in [callback.name for callback in description.callbacks]
    dispatch = next(struct for struct in description.structs if struct.name == "SNNVulkanPlanDispatch")
    assert [(field.name, field.size) for field in dispatch.fields][-1] == ("bindings", 7 * 24)
    record = next(function for function in description.functions if function.name == "snn_vulkan_record_steps")
    assert (record.header, encode.header) == ("snn_vulkan.h", "snn.h")
    assert (constants["SNN_RULE_SPATIAL"].header, constants["SNN_LOSS_NONE"].header) == (
        "snn_network.h",
        "snn_training.h",
    )


@pytest.mark.parametrize("target", ["aarch64-linux-gnu", "x86_64-w64-mingw32", "arm64-apple-macosx"])
def test_layouts_are_the_same_on_every_64_bit_target(description: Description, target: str) -> None:
    assert describe(INCLUDE, target) == description


@pytest.mark.parametrize("name", PRINTED)
def test_printed_declarations_are_those_of_the_header(description: Description, name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PRINTED[name](description), (
        f"{name} lags behind the headers: run 'python -m tools.headers --write' and complete the binding"
    )


@pytest.mark.parametrize(
    ("old", "new", "files"),
    [
        (  # a new function
            "SNN_API uint32_t SNN_CALL snn_abi_version(void);",
            "SNN_API uint32_t SNN_CALL snn_abi_version(void);\nSNN_API void SNN_CALL snn_new(int32_t status);",
            {"declarations.rs", "Native.cs", "Native.java", "snn_jni_functions.c", "names.md"},
        ),
        (  # one of the other header
            "SNN_API SNNStatus SNN_CALL snn_vulkan_record_steps(",
            "SNN_API void SNN_CALL snn_vulkan_new(uint64_t semaphore);\nSNN_API SNNStatus SNN_CALL snn_vulkan_record_steps(",
            {"declarations.rs", "Native.cs", "Native.java", "snn_jni_functions.c", "names.md"},
        ),
        (  # a field that a struct grows by
            "    uint64_t seed; /* of the random",
            "    uint64_t more;\n    uint64_t seed; /* of the random",
            {"declarations.rs", "Native.cs", "Native.java", "Layouts.cs", "snn_jni_functions.c"},
        ),
        (  # a value of an enum
            "SNN_RULE_FIXED_OUTDEGREE = 6 ",
            "SNN_RULE_NEW = 7, SNN_RULE_FIXED_OUTDEGREE = 6 ",
            {"declarations.rs", "enums.rs", "Enums.cs", "Enums.java"},
        ),
    ],
)
def test_a_changed_header_changes_every_binding(tmp_path: Path, old: str, new: str, files: set[str]) -> None:
    other = describe(changed(tmp_path, (old, new)))
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in PRINTED}
    different = {Path(name).name for name, print_ in PRINTED.items() if print_(other) != texts[name]}
    assert different == files


def test_what_no_binding_can_be_made_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"frame_dt.*'long double'"):
        describe(changed(tmp_path, ("SNNHandle handle, float frame_dt);", "SNNHandle handle, long double frame_dt);")))
    with pytest.raises(ValueError, match="expected ';'"):
        describe(changed(tmp_path, ("snn_abi_version(void);", "snn_abi_version(void)")))
    with pytest.raises(ValueError, match="parameters need names"):
        describe(changed(tmp_path, ("SNNHandle handle, float frame_dt);", "SNNHandle, float frame_dt);")))
    nameless = describe(
        changed(tmp_path, ("enum { SNN_FLOAT32 = 0,", "enum { SNN_NEW = 1 };\nenum { SNN_FLOAT32 = 0,"))
    )
    with pytest.raises(ValueError, match="begins with SNN_NEW needs a name"):
        enums.group(nameless)


def test_the_command_prints_json() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tools.headers", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(result.stdout).keys() == {"functions", "callbacks", "structs", "handles", "constants"}
