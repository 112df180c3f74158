"""Named networks with frozen parameters, shared by tests, benchmarks and samples.

A scene is a network from the literature with its parameters, the times for which it warms up and is measured, and the rates
of its populations; if it learns, also its weights. A run with other rates or weights does not count. ``snn bench NAME``
measures a scene.

Examples
--------
>>> scene = snn.scenes.get("stdp")
>>> network = scene.build(0.1, seed=1)
>>> with snn.Simulation(network, seed=1) as simulation:
...     simulation.step(round(scene.warm_up / scene.dt))
...     counts = simulation.run(round(scene.window / scene.dt), record=dict.fromkeys(scene.sizes(0.1), "spike_count"))
...     weights = scene.learned(simulation)
>>> rates_hz = {name: counts[name]["spike_count"].mean() * 1000.0 / scene.window for name in scene.sizes(0.1)}
>>> scene.deviations(rates_hz, 0.1)
[]
>>> scene.weight_deviations(weights, 0.1, initial=scene.initial(network))
[]
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from snn._arrays import known_name
from snn.engine.errors import InvalidArgumentError
from snn.scenes.brunel import BRUNEL, BRUNEL_50K, Brunel
from snn.scenes.coba import COBA, COBA_40K, Coba
from snn.scenes.cuba import CUBA, CUBA_40K, Cuba
from snn.scenes.flybrain import FLYBRAIN, Connectome, FlyBrain
from snn.scenes.izhikevich import IZHIKEVICH, IZHIKEVICH_100K, Izhikevich, IzhikevichDense, IzhikevichSparse
from snn.scenes.microcircuit import MICROCIRCUIT, Microcircuit
from snn.scenes.scene import Expected, Rate, Scene, Weights
from snn.scenes.stdp import STDP, Stdp

__all__ = [
    "SCENES",
    "Brunel",
    "Coba",
    "Connectome",
    "Cuba",
    "Expected",
    "FlyBrain",
    "Izhikevich",
    "IzhikevichDense",
    "IzhikevichSparse",
    "Microcircuit",
    "Rate",
    "Scene",
    "Stdp",
    "Weights",
    "get",
]


def __dir__() -> list[str]:
    return __all__


SCENES: Mapping[str, Scene] = MappingProxyType(
    {
        scene.name: scene
        for scene in (
            BRUNEL,
            BRUNEL_50K,
            CUBA,
            CUBA_40K,
            COBA,
            COBA_40K,
            IZHIKEVICH,
            IZHIKEVICH_100K,
            MICROCIRCUIT,
            FLYBRAIN,
            STDP,
        )
    }
)
"""All scenes by name."""


def get(name: str, **options: Any) -> Scene:
    """Return a scene by its name; it takes no options.

    Raises
    ------
    NotFoundError
        There is no such scene; the message lists the names.
    InvalidArgumentError
        There are options, such as a scale. The message says where to give them.
    """
    scene = SCENES[known_name(name, SCENES, "scene")]
    if options:
        scale = repr(options["scale"]) if "scale" in options else "scale, seed=..."
        raise InvalidArgumentError(
            f"scene {name!r}: get takes only the name, not {', '.join(options)}; get({name!r}).build({scale}) makes the "
            "network, and dataclasses.replace a scene with other parameters"
        )
    return scene
