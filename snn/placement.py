"""Several devices: their names, and which populations of a network run on which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from snn._arrays import MAX_BATCH, choice, integer, mapping
from snn.engine.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError, shown
from snn.vulkan import Host

if TYPE_CHECKING:
    from snn.network import Network

__all__ = ["Placement", "device_of_several", "device_of_simulation", "device_of_training"]


class Placement(NamedTuple):
    """Which populations of a network run on which of several devices.

    Attributes
    ----------
    devices : tuple of str
        The devices, as they were named; of ``"auto"`` the one it chooses.
    populations : dict of str to int
        Index in `devices` of each population, or of each slice of one that is cut: ``{"exc[0:512]": 0, "exc[512:800]": 1}``;
        of an input, that of the first device that reads it. Without the inputs, it can be passed as `placement`.
    window_steps : int
        Interval, in steps, at which devices exchange spikes; 0 if they exchange none.
    device : str
        The `device` of `Simulation` that reproduces this placement: ``"cpu+vulkan:0;exc=0;inh=1"``.
    step_seconds : tuple of float
        Expected time of a step on each device, in seconds, including the exchange of spikes; 0 for a device without work.
        Estimated from the two steps of `snn.device_speed` with 5 % of the neurons spiking: for comparing devices, not for
        predicting measured times.
    reasons : tuple of str
        Why some devices cannot have populations: a device cannot run them, does not give the same bits as the others, or has
        too little memory. Of ``"auto"`` why it chooses its device.
    """

    devices: tuple[str, ...]
    populations: dict[str, int]
    window_steps: int
    device: str
    step_seconds: tuple[float, ...]
    reasons: tuple[str, ...]


def device_of_several(
    devices: str | Iterable[str],
    placement: Mapping[str, int] | None = None,
    samples: str | Iterable[int] | None = None,
    network: Network | None = None,
) -> str:
    """Return several devices, and where populations of `network` or samples go, as one word of the C interface."""
    try:
        names = [devices] if isinstance(devices, str) else list(devices)
    except TypeError:
        raise ArgumentTypeError(f"devices is {shown(devices)}, not a list of names") from None
    for name in names:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"devices contains {shown(name)}, which is not a name")
        if any(character in name for character in "+;*"):
            raise InvalidArgumentError(
                f"devices contains {shown(name)}; a GPU whose name has '+', ';' or '*' is chosen by its number"
            )
    if not names:
        raise InvalidArgumentError("devices is empty; expected at least one")
    if samples is not None:
        if placement:
            raise InvalidArgumentError(
                "placement and samples are given; devices share populations or samples, not both"
            )
        return "+".join(f"{name}*{share}" for name, share in zip(names, _shares(samples, len(names)), strict=True))
    words = "+".join(names)
    for name, place in mapping(placement, "placement", "device numbers by population").items():
        words += f";{name}={integer(place, f'placement[{shown(name)}]', maximum=len(names) - 1)}"
        # Of a single device libsnn, which places nothing then, sees no names.
        if len(names) == 1 and network is not None and network._part(name).population.is_input:
            raise InvalidArgumentError(f"placement: population {name!r} is an input, which is where it is read")
    return words if len(names) > 1 else names[0]


def device_of_simulation(
    network: Network,
    device: str | Host,
    devices: Iterable[str | Host] | None,
    placement: Mapping[str, int] | None,
    samples: str | Iterable[int] | None,
    power: str,
) -> tuple[str, Host | None]:
    """Return where a simulation runs, as one word of the C interface, and the Vulkan device of the caller if it is among it."""
    host = device if isinstance(device, Host) else None
    for what, value in (("device", device), ("placement", placement)):
        if isinstance(value, Placement):
            raise ArgumentTypeError(
                f"{what} is the Placement that Network.placement returned; pass what it has: device=p.device reproduces it"
            )
    word = "vulkan" if isinstance(device, Host) else device
    if devices is not None:
        if device != "cpu":
            raise InvalidArgumentError(f"device is {shown(device)} and devices {shown(devices)}; give one of them")
        names: Any = devices  # what is no list of names is refused below
        if isinstance(devices, Iterable) and not isinstance(devices, str):
            given = list(devices)
            host = next((one for one in given if isinstance(one, Host)), None)
            names = ["vulkan" if isinstance(one, Host) else one for one in given]
        word = device_of_several(names, placement, samples, network)
    elif placement is not None or samples is not None:
        name = "samples" if placement is None else "placement"
        raise InvalidArgumentError(f"{name} is given without devices: devices=['cpu', 'vulkan'], for example")
    if choice(power, ("normal", "low"), "power") == "low":
        if word != "auto":
            raise InvalidArgumentError(
                f"power is 'low' and device {shown(word if host is None else device)}; power is for device 'auto'"
            )
        word = "auto:low"
    return word, host


def device_of_training(
    device: str,
    devices: str | Iterable[str] | None,
    samples: str | Iterable[int],
    microbatch_size: int | None,
    batch_size: int,
) -> str:
    """Return where a trainer runs, and how its devices share a batch, as one word of the C interface."""
    if devices is not None and device != "cpu":
        raise InvalidArgumentError(f"device is {shown(device)} and devices {shown(devices)}; give one of them")
    if devices is None and samples != "auto":
        raise InvalidArgumentError("samples is given without devices")
    # Told when the trainer is made, not when it opens the device to train.
    if isinstance(device, str) and device.partition(":")[0] in _GPUS_ELSEWHERE:
        raise NotFoundError(
            f"there is no device {shown(device)}; a GPU is 'vulkan': snn.Trainer(network, device='vulkan')"
        )
    if devices is None and microbatch_size is None:
        return device
    words = device_of_several([device] if devices is None else devices, samples=samples)
    if microbatch_size is None:
        return words
    size = integer(microbatch_size, "microbatch_size", minimum=1, maximum=MAX_BATCH)
    if size > batch_size:
        raise InvalidArgumentError(
            f"microbatch_size is {size} and batch_size {batch_size}; a batch is cut into micro-batches"
        )
    return f"{words};microbatch={size}"


# What other libraries call one.
_GPUS_ELSEWHERE = ("cuda", "gpu", "hip", "mps", "rocm", "xpu")


def _shares(samples: str | Iterable[int], count: int) -> list[str]:
    """Return how many samples each of so many devices has, as words; nothing where that is left to be measured."""
    if isinstance(samples, str):
        if samples != "auto":
            raise InvalidArgumentError(f"samples is {shown(samples)}; expected 'auto' or a number for each device")
        return [""] * count
    try:
        given = list(samples)
    except TypeError:
        raise ArgumentTypeError(f"samples is {shown(samples)}, neither 'auto' nor a list of numbers") from None
    if len(given) != count:
        raise InvalidArgumentError(f"samples has {len(given)} numbers for {count} devices")
    return [str(integer(share, f"samples[{d}]", maximum=MAX_BATCH)) for d, share in enumerate(given)]
