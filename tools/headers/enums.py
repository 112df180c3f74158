"""How the constants of the C headers are grouped into the enums of other languages."""

from dataclasses import dataclass

from .describe import Constant, Description

# Prefix of the constants -> name of the enum. The first constant of a group decides; those of one C enum stay together.
NAMES = {
    "SNN_OK": "Status",
    "SNN_LOG_": "LogLevel",
    "SNN_POPULATION_": "PopulationKind",
    "SNN_CONNECT_": "ConnectionKind",
    "SNN_POOL_": "PoolMode",
    "SNN_ARITHMETIC_": "Arithmetic",
    "SNN_DISTRIBUTION_": "DistributionKind",
    "SNN_RULE_": "ConnectionRule",
    "SNN_KERNEL_": "SpatialKernel",
    "SNN_ISA_": "InstructionSet",
    "SNN_FLAG_": "SessionFlags",
    "SNN_FLOAT32": "DataType",
    "SNN_LOSS_": "Loss",
    "SNN_LEARNING_": "LearningRule",
    "SNN_OPTIMIZER_": "Optimizer",
    "SNN_DELAY_KERNEL_": "DelayKernel",
    "SNN_ENCODE_": "Encoding",
    "SNN_RANDOM_": "RandomKind",
}


@dataclass(frozen=True)
class Enum:
    """An enum of the bindings. ``members`` are (WORDS_OF_THE_NAME, constant)."""

    name: str
    members: tuple[tuple[str, Constant], ...]

    @property
    def first(self) -> Constant:
        """The constant that opens it in the header."""
        return self.members[0][1]

    @property
    def flags(self) -> bool:
        """Whether the values are bits that are joined."""
        return self.name.endswith("Flags")


def group(description: Description) -> list[Enum]:
    """Enums in the header's order. Raises ValueError for an enum that has no name here yet."""
    groups: dict[int, list[Constant]] = {}
    for constant in description.constants:
        if constant.group:
            groups.setdefault(constant.group, []).append(constant)
    return [_enum(members) for members in groups.values()]


def _enum(constants: list[Constant]) -> Enum:
    first = constants[0].name
    prefix = next((prefix for prefix in NAMES if first.startswith(prefix)), None)
    if prefix is None:
        raise ValueError(f"the enum that begins with {first} needs a name in tools/headers/enums.py")
    members = tuple((_member(constant.name, prefix), constant) for constant in constants)
    return Enum(NAMES[prefix], members)


def _member(name: str, prefix: str) -> str:
    for start in (prefix, "SNN_ERROR_", "SNN_"):
        if start.endswith("_") and name.startswith(start):
            return name.removeprefix(start)
    raise ValueError(f"{name} does not begin as its enum does")


def camel(words: str) -> str:
    """``MEAN_SQUARE_RATE`` -> ``MeanSquareRate``; ``AVX512`` -> ``Avx512``."""
    return "".join(word.capitalize() for word in words.split("_"))
