"""The build of the shaders: nothing whose bits are promised is contracted."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parents[3] / "shaders/build.py"
_SPEC = importlib.util.spec_from_file_location("shaders_build", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
build = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(build)

FLOAT, X, Y, Z, SUM, GLSL, OTHER, BOUND = 2, 3, 4, 5, 6, 7, 8, 9
HEADER = [0x07230203, 0x00010000, 0, BOUND, 0]
DECORATION = [3 << 16 | build.DECORATE, OTHER, build.NO_CONTRACTION]
CONTRACTED = [8 << 16 | build.EXT_INST, FLOAT, SUM, GLSL, build.FMA, X, Y, Z]
PRODUCT_AND_SUM = [
    *[5 << 16 | build.FLOAT_MUL, FLOAT, BOUND, X, Y],
    *[5 << 16 | build.FLOAT_ADD, FLOAT, SUM, BOUND, Z],
]


def test_what_spirv_opt_contracted_is_a_product_and_a_sum_again() -> None:
    module = [*HEADER, *DECORATION, *CONTRACTED]
    assert build.imprecise(module) == [SUM]
    assert build.without_contraction(module) == [*HEADER[:3], BOUND + 1, 0, *DECORATION, *PRODUCT_AND_SUM]
    precise = [word for id in (BOUND, SUM) for word in (3 << 16 | build.DECORATE, id, build.NO_CONTRACTION)]
    made = build.made_precise(module)
    assert made == [*HEADER[:3], BOUND + 1, 0, *precise, *DECORATION, *PRODUCT_AND_SUM]
    assert build.imprecise(made) == []


def test_another_instruction_of_the_set_stays() -> None:
    floor = [6 << 16 | build.EXT_INST, FLOAT, SUM, GLSL, 8, X]
    assert build.made_precise([*HEADER, *DECORATION, *floor]) == [*HEADER, *DECORATION, *floor]
