"""What a call costs in each language: ``python -m tests.bindings.measure`` from the root of a checkout.

Builds the programs of tests/bindings/overhead and prints their best times side by side: a step of the creature's brain, and a
frame that sets its input, steps and reads its voltages.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pytest

from tests.bindings.building import LANGUAGES, ROOT, Language, once, run


def main() -> None:
    folder = Path(tempfile.gettempdir()) / "snn-overhead"
    folder.mkdir(exist_ok=True)
    brain = folder / "creature.snn"
    run(sys.executable, ROOT / "samples/python/train_creature.py", brain)
    languages: list[Language] = []
    for name, build in LANGUAGES.items():
        try:
            language = once(folder, name, build)
        except pytest.skip.Exception as reason:
            print(f"{name}: skipped, {reason}")
            continue
        if language.overhead:
            languages.append(language)
    best = {language.name: [float("inf")] * 2 for language in languages}
    for _ in range(5):  # in turns, so that what else the machine does meets all
        for language in languages:
            result = language.run(language.overhead, brain)
            times = re.fullmatch(r"step ([\d.]+) ns, frame ([\d.]+) ns", result.stdout.strip())
            assert times, result.stdout + result.stderr
            best[language.name] = [
                min(old, float(new)) for old, new in zip(best[language.name], times.groups(), strict=True)
            ]
    print(
        f"{'':20}{'step':>8}{'over C':>8}{'frame':>8}{'over C':>8}   in nanoseconds, best of 5 times 20 rounds of 20,000"
    )
    for name, (step, frame) in best.items():
        print(f"{name:20}{step:8.0f}{step - best['c'][0]:8.0f}{frame:8.0f}{frame - best['c'][1]:8.0f}")


if __name__ == "__main__":
    main()
