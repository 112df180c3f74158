"""The reference of the web pages (docs/site/reference) names everything that the package offers, once."""

import importlib
import inspect
import re
import runpy
from pathlib import Path

import snn

PAGES = Path(__file__).parents[2] / "docs/site/reference"
# Loaded when they are asked for, so that snn.__all__ does not have them.
OPTIONAL = {"nir": ("from_nir", "to_nir"), "onnx": ("Runner", "export"), "torch": ("Module",)}


def listed() -> list[str]:
    """What the tables of the pages name, with the module of each."""
    names = []
    for page in sorted(PAGES.glob("*.md")):
        for part in page.read_text(encoding="utf-8").split(".. currentmodule:: ")[1:]:
            module, _, rest = part.partition("\n")
            table = rest.partition(":nosignatures:")[2].partition("```")[0]
            names += [f"{module}.{name}" for name in re.findall(r"^   (\w+)$", table, re.M)]
    return names


def test_words_of_docstrings_lead_where_they_mean():
    links = runpy.run_path(str(PAGES.parent / "links.py"))["_link_names"]

    def lines(name: str) -> list[str]:
        owner, _, method = name.partition(".")
        documented = getattr(getattr(snn, owner), method) if method else getattr(snn, owner)
        found = inspect.getdoc(documented).splitlines()
        links(None, "", f"snn.{name}", documented, None, found)
        return found

    simulation = lines("Simulation")
    assert "network : `Network`" in simulation
    assert 'device : str or `snn.vulkan.Host`, default "cpu"' in simulation
    assert any("places in ``devices``" in line for line in simulation)  # the argument, not the function of that name
    assert any("See `snn.devices`." in line for line in simulation)
    assert any("Drawn by ``init`` when" in line for line in lines("Dense"))
    run = lines("Simulation.run")
    assert "`Recording`" in run
    assert any("`SpikeEvents`" in line for line in run)
    lif = lines("LIF")
    assert not any("`Surrogate`(" in line for line in lif)  # which would be no link
    assert any(line.startswith("threshold : float, `Distribution` or array_like") for line in lif)


def test_every_public_name_is_in_the_reference_once():
    public = []
    for name in snn.__all__:
        module = getattr(snn, name)
        if name.startswith("__"):
            continue
        if not importlib.util.find_spec(f"snn.{name}") or not hasattr(module, "__file__"):
            public.append(f"snn.{name}")
        else:
            public += [f"snn.{name}.{inner}" for inner in module.__all__]
    public += [f"snn.{name}.{inner}" for name, inners in OPTIONAL.items() for inner in inners]
    names = listed()
    assert sorted(names) == sorted(set(names))
    # An encoder is the same class in both places, and stands in one.
    assert set(names) == set(public) - {"snn.Encoder"}
