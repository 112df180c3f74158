"""Every function of the header is a function of every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.headers import names
from tools.headers.__main__ import INCLUDE
from tools.headers.describe import HEADERS, describe

ROOT = Path(__file__).parents[2]


def test_no_language_lags_behind_the_header(tmp_path: Path) -> None:
    assert names.missing(describe(INCLUDE)) == []
    (tmp_path / "snn").mkdir()
    for name in HEADERS:
        text = (INCLUDE / "snn" / name).read_text(encoding="utf-8")
        for old in ("snn_run_step(", "snn_vulkan_record_steps("):
            text = text.replace(old, f"{old[:-1]}_anew(")
        (tmp_path / "snn" / name).write_text(text, encoding="utf-8")
    assert names.missing(describe(tmp_path)) == [
        f"{language}: {name}_anew"
        for language in names.LANGUAGES
        for name in ("snn_run_step", "snn_vulkan_record_steps")
    ]


@pytest.mark.parametrize(
    ("language", "sources", "call"),
    [
        ("Rust", "bindings/rust/snn/src/*.rs", r"sys::(snn_\w+)"),
        ("C#", "bindings/csharp/Snn/*.cs", r"Native\.(snn_\w+)"),
        ("Java", "bindings/java/src/snn/*.java", r"Native(?:\.|::)(snn_\w+)"),
    ],
)
def test_what_a_comment_names_is_called(language: str, sources: str, call: str) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob(sources) if path.name[:6] != "Native")
    exported = {function.name for function in describe(INCLUDE).exported()}
    assert set(re.findall(call, text)) == exported
    assert set(names.all_names()[language]) == exported


def test_names_are_those_that_users_write() -> None:
    found = names.all_names()
    assert found["C++"]["snn_vulkan_submit_steps"] == ["snn::vulkan::submit_steps"]
    assert found["C++"]["snn_session_step"] == ["snn::Session::step"]
    assert found["C++"]["snn_network_create"] == ["snn::Network"]
    assert found["C++"]["snn_destroy_network"] == ["snn::~Session"]
    assert found["Rust"]["snn_vulkan_record_steps"] == ["Session::record_steps"]
    assert found["Java"]["snn_vulkan_create_network"] == ["SessionOptions.vulkanHost"]
    assert found["Rust"]["snn_session_read"] == ["SessionView::read"]
    assert found["C#"]["snn_network_load_memory"] == ["Network.Load"]
    assert found["Java"]["snn_last_error"] == ["SnnException"]
