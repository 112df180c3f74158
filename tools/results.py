"""Sum up what tools/test left in build/results: JUnit files of pytest and ctest, and steps.tsv.

A ctest test is a program with many cases in it. When its output has a line such as
``[doctest] test cases: 12 | 11 passed | 0 failed | 1 skipped`` its cases are counted, else the program counts as one.
doctest calls the cases that a filter left out "skipped"; a case that was skipped has printed a line with its reason.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

CASES = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
SKIP_REASON = re.compile(r"^(?:\[check\] )?skipped:? (.*)$", re.MULTILINE)
COLOR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Tally:
    """What came of one suite."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, outcome: str, name: str, reason: str = "") -> None:
        """Count one test."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome == "failed":
            self.failures.append(f"{name}: {reason}" if reason else name)
        if outcome == "skipped":
            self.reasons.append(f"{name}: {reason}" if reason else name)


def outcome_of(case: ElementTree.Element) -> tuple[str, str]:
    """Outcome and reason of one JUnit test case."""
    for tag in ("failure", "error"):
        element = case.find(tag)
        if element is not None:
            return "failed", (element.get("message") or "").split("\n")[0][:160]
    if (element := case.find("skipped")) is not None:
        return "skipped", (element.get("message") or "").split("\n")[0]
    return "passed", ""


def read_junit(path: Path) -> Tally:
    """Count one JUnit file, looking into the output of programs that have cases of their own."""
    tally = Tally()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        classname = case.get("classname", "")
        name = case.get("name", "?")
        if classname and classname != name:
            name = f"{classname}.{name}"
        outcome, reason = outcome_of(case)
        output = COLOR.sub("", case.findtext("system-out") or "")
        cases = CASES.findall(output)
        if not cases or outcome == "skipped":
            tally.add(outcome, name, reason)
            continue
        passed, failed = (sum(int(count[i]) for count in cases) for i in range(2))
        tally.passed += passed
        for found in SKIP_REASON.findall(output):
            tally.add("skipped", name, found)
        if outcome == "failed":
            failed = max(failed, 1)
            tally.failures.append(f"{name}: {reason}" if reason else name)
        tally.failed += failed
    return tally


def read_steps(path: Path) -> Tally:
    """Count the steps that tools/test ran itself: lines of outcome, name, reason."""
    tally = Tally()
    for line in path.read_text(encoding="utf-8").splitlines():
        outcome, name, reason = line.split("\t")
        tally.add(outcome, name, reason)
    return tally


def main() -> int:
    """Print the suites, what failed, why something was skipped, and the sum as the last line."""
    folder = Path(sys.argv[1])
    suites = {path.stem: read_junit(path) for path in sorted(folder.glob("*.xml"))}
    if (steps := folder / "steps.tsv").exists():
        suites["steps"] = read_steps(steps)
    print()
    for name, tally in suites.items():
        print(f"{name:>12}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    for name, tally in suites.items():
        for reason in tally.reasons:
            print(f"skipped ({name}) {reason}")
    for name, tally in suites.items():
        for failure in tally.failures:
            print(f"FAILED ({name}) {failure}")
    passed, failed, skipped = (
        sum(getattr(tally, key) for tally in suites.values()) for key in ("passed", "failed", "skipped")
    )
    if passed + failed == 0:
        print("no test ran")
        failed = 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
