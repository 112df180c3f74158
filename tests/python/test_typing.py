"""What a type checker, and with it an editor, says of misspelt arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api", reason="mypy is not installed (pip install mypy)")

LINES = {  # and a part of what is said of it; None: nothing
    "snn.LIF(3, tau_membrane=[5.0, 10.0, 20.0], reset='value', initial={'v': 0.5}, name='cells')": None,
    "snn.LIF(3, threshold=snn.Normal(1.0, 0.1), tau_membrane=snn.Learnable(20.0))": None,
    "snn.LIF(3, tau_membran=3.0)": 'Unexpected keyword argument "tau_membran" for "LIF"',
    "snn.LIF(3, reset='subtractt')": 'Argument "reset" to "LIF" has incompatible type',
    "snn.Sparse.fixed_probability(0.1, weight=3.0, delay=snn.Uniform(1.0, 2.0), trainable=False)": None,
    "snn.Sparse.fixed_probability(0.1, weights=3.0)": 'Unexpected keyword argument "weights"',
    "snn.Dense(4, arithmetic='fast')": 'Argument "arithmetic" to "Dense" has incompatible type',
    "snn.Trainer(net, loss='cross_entropy_rate', optimizer='adamw', schedule='cosine')": None,
    "snn.Trainer(net, loss='nonsense')": 'Argument "loss" to "Trainer" has incompatible type',
    "snn.Trainer(net, optimizer='adamm')": 'Argument "optimizer" to "Trainer" has incompatible type',
    "snn.PairSTDP(tau_plus=15.0, bounds='soft', pairing='nearest')": None,
    "snn.PairSTDP(tau_pluss=15.0)": 'Unexpected keyword argument "tau_pluss" for "PairSTDP"',
    "snn.PairSTDP(15.0)": 'Too many positional arguments for "PairSTDP"',
    "snn.BraderFusi(threshold_v='high')": 'Argument "threshold_v" to "BraderFusi" has incompatible type',
    "snn.TripletSTDP(bounds='weak')": 'Argument "bounds" to "TripletSTDP" has incompatible type',
    "snn.Encoder('rat')": 'Argument 1 to "Encoder" has incompatible type',
    "snn.EarlyStopping(monitor='val_loss')": 'Argument "monitor" to "EarlyStopping" has incompatible type',
    "snn.Trainer(net).lr = 0.1": '"Trainer" has no attribute "lr"',
    "net.projections['a_to_b'].weight = 0.1": '"Projection" has no attribute "weight"',
    "net.connect('a', 'b', snn.Dense(), weight=1.0)": 'Unexpected keyword argument "weight" for "connect" of "Network"',
    "snn.Simulation(net, thread=2)": 'Unexpected keyword argument "thread" for "Simulation"',
}


def test_misspelt_arguments(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import snn\nnet = snn.Network()\n" + "\n".join(LINES) + "\n", encoding="utf-8")
    told, errors, _ = api.run(
        ["--strict", "--show-absolute-path", "--no-error-summary", f"--cache-dir={tmp_path}", str(program)]
    )
    assert not errors, errors
    found: dict[int, str] = {}
    for line in told.splitlines():
        place, _, words = line.partition(": error: ")
        if words:
            assert place.startswith(str(program)), line
            found[int(place.rpartition(":")[2])] = words
    for number, (line, expected) in enumerate(LINES.items(), 3):
        if expected is None:
            assert number not in found, f"{line}: {found.get(number)}"
        else:
            assert expected in found.get(number, ""), f"{line}: {found.get(number)!r}"
