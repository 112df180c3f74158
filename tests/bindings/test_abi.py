"""What programs rely on that were compiled with the released headers: released_abi.json, of which CONTRIBUTING.md tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bindings.headers import changed
from tools.headers.__main__ import INCLUDE, RELEASED
from tools.headers.abi import breaks, interface
from tools.headers.describe import describe

ADVICE = (
    "programs that were compiled with the released headers no longer work: keep what they use, or raise SNN_ABI_VERSION; "
    "before the first release 'python -m tools.headers --release' and an entry marked ABI in CHANGELOG.md"
)


def test_programs_made_with_the_release_still_work() -> None:
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    assert len(released["functions"]) > 100
    assert len(released["structs"]) > 30
    assert breaks(released, interface(describe(INCLUDE))) == [], ADVICE


CASES = {
    "a function that is gone": (
        "SNN_API SNNStatus SNN_CALL snn_session_step(SNNHandle handle, uint32_t step_count);",
        "",
        ["the function snn_session_step is gone"],
    ),
    "a parameter of another type": (
        "snn_session_step(SNNHandle handle, uint32_t step_count);",
        "snn_session_step(SNNHandle handle, uint64_t step_count);",
        [
            "the function snn_session_step was SNNStatus(SNNHandle, uint32_t) and is SNNStatus(SNNHandle, uint64_t)",
        ],
    ),
    "a parameter with another name": (
        "snn_session_step(SNNHandle handle, uint32_t step_count);",
        "snn_session_step(SNNHandle session, uint32_t steps);",
        [],
    ),
    "a new function": (
        "SNN_API uint32_t SNN_CALL snn_abi_version(void);",
        "SNN_API uint32_t SNN_CALL snn_abi_version(void);\nSNN_API void SNN_CALL snn_new(void);",
        [],
    ),
    "a constant with another value": (
        "SNN_RULE_SPATIAL = 5",
        "SNN_RULE_SPATIAL = 6",
        ["the constant SNN_RULE_SPATIAL was 5 and is 6"],
    ),
    "a callback with another parameter": (
        "typedef void(SNN_CALL *SNNWeightCallback)(SNNHandle handle, const SNNWeightUpdate *update, void *user);",
        "typedef void(SNN_CALL *SNNWeightCallback)(SNNHandle handle, const SNNWeightUpdate *update);",
        [
            "the callback SNNWeightCallback was void(SNNHandle, SNNWeightUpdate*, void*) and is "
            "void(SNNHandle, SNNWeightUpdate*)",
        ],
    ),
    "a struct that grows at its end": ("} SNNEpoch;", "    uint64_t more;\n} SNNEpoch;", []),
    "a field before others": (
        "    double mean_loss;\n} SNNEpoch;",
        "    double more, mean_loss;\n} SNNEpoch;",
        [
            "SNNEpoch.mean_loss was double at 32 and is double at 40",
            "SNNEpoch.more is new and lies at 32, within the 40 bytes that the struct had",
        ],
    ),
    "a field in what was padding": (
        "    uint32_t struct_size;\n    uint64_t epoch; ",
        "    uint32_t struct_size, more;\n    uint64_t epoch; ",
        ["SNNEpoch.more is new and lies at 4, within the 40 bytes that the struct had"],
    ),
    "a struct without a size that grows": (
        "} SNNVulkanSemaphore;",
        "    uint64_t more;\n} SNNVulkanSemaphore;",
        [
            "SNNVulkanSemaphore.more is new, and the struct does not carry its size",
            "SNNVulkanSemaphore had 16 bytes and has 24",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_breaks_programs_is_named(tmp_path: Path, case: str) -> None:
    old, new, expected = CASES[case]
    released = interface(describe(INCLUDE))
    assert sorted(breaks(released, interface(describe(changed(tmp_path, (old, new)))))) == sorted(expected)


def test_another_abi_version_may_break_everything(tmp_path: Path) -> None:
    replacements = [
        ("#define SNN_ABI_VERSION 1u", "#define SNN_ABI_VERSION 2u"),
        ("SNN_RULE_SPATIAL = 5", "SNN_RULE_SPATIAL = 6"),
    ]
    assert breaks(interface(describe(INCLUDE)), interface(describe(changed(tmp_path, *replacements)))) == []
