"""Saving and loading: the same bits, and clear errors for everything that is not a whole .snn file."""

from __future__ import annotations

import os
import pickle
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save as to_safetensors

import snn
from snn.engine import _native


def everything() -> snn.Network:
    """A network with every kind of population, projection and parameter."""
    random = np.random.Generator(np.random.Philox(1))
    net = snn.Network(dt=0.5, seed=3)
    net.add("values", snn.Input((2, 6, 6)))
    net.add("spikes", snn.SpikeInput(20))
    net.add("conv", snn.LIF((3, 6, 6), tau_membrane=random.uniform(5, 20, (3, 6, 6)), surrogate="triangle"))
    net.add("pooled", snn.IntegrateAndFire((3, 3, 3), threshold=0.4))
    net.add("adaptive", snn.AdaptiveLIF(20, initial={"v": random.uniform(0, 0.5, 20)}))
    net.add("currents", snn.CurrentLIF(12, surrogate=snn.Surrogate("arctan", slope=3.0)))
    net.add("cortex", snn.Izhikevich(9))
    net.add("readout", snn.LeakyIntegrator(4))
    net.connect("values", "conv", snn.Conv2d(3, 3, padding=1, bias=random.normal(size=3)))
    net.connect("conv", "pooled", snn.AvgPool2d(2))
    net.connect("spikes", "adaptive", snn.OneToOne(1.5))
    net.connect(
        "adaptive", "adaptive", snn.Sparse.fixed_indegree(4, weight=snn.Normal(0.1, 0.05), delay=snn.Uniform(1, 5))
    )
    net.connect("adaptive", "currents", snn.Sparse.fixed_probability(0.3, trainable=False, arithmetic="fixed"))
    net.connect("pooled", "currents", snn.Dense(init="xavier_normal", delay_steps=2), name="pool_path")
    net.connect("spikes", "cortex", snn.Dense(init=4.0))
    net.connect("currents", "readout", snn.Dense(trainable=False))
    net.connect("cortex", "readout", snn.Dense(bias=True))
    return net


def run(net: snn.Network) -> dict[str, np.ndarray]:
    random = np.random.Generator(np.random.Philox(2))
    inputs = {
        "values": random.uniform(0, 1, (60, 2, 2, 6, 6)),
        "spikes": random.uniform(0, 1, (60, 2, 20)) < 0.3,
    }
    record = {
        name: [*p.states, *(["spikes"] if p.spiking else [])] for name, p in net.populations.items() if not p.is_input
    }
    with snn.Simulation(net, batch_size=2) as sim:
        recording = sim.run(60, inputs, record)
    return {f"{name}.{key}": array for name, variables in recording.items() for key, array in variables.items()}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name, array in a.items():
        assert np.array_equal(array, b[name]), name


def test_a_loaded_network_is_the_same_network(tmp_path: Path) -> None:
    net = everything()
    path = tmp_path / "all.snn"
    net.save(path)
    twin = snn.load(path)
    assert twin.dt == 0.5
    assert twin.summary() == net.summary()
    for name, population in net.populations.items():
        other = twin[name]
        assert type(other.neurons) is type(population.neurons)
        assert (other.shape, other.model, other.options) == (population.shape, population.model, population.options)
        assert other.surrogate == population.surrogate
        for parameter, value in population.parameters.items():
            assert np.array_equal(other.parameters[parameter], value), (name, parameter)
    for name, projection in net.projections.items():
        other_projection = twin.projections[name]
        for attribute in (
            "kind",
            "delay_steps",
            "trainable",
            "receptor",
            "arithmetic",
            "fixed_point_scale",
            "pool_mode",
        ):
            mine, theirs = getattr(projection, attribute), getattr(other_projection, attribute)
            assert mine == theirs or attribute == "receptor", (name, attribute)
        if projection.kind != "pool2d":
            assert np.array_equal(projection.weights, other_projection.weights)
        if projection.kind == "sparse":
            assert all(
                np.array_equal(a, b) for a, b in zip(projection.synapses(), other_projection.synapses(), strict=True)
            )
    original = run(net)
    assert any(array.any() for name, array in original.items() if name.endswith("spikes"))
    assert_same(original, run(twin))
    twin.save(tmp_path / "again.snn")
    assert (tmp_path / "again.snn").read_bytes() == path.read_bytes()
    assert_same(original, run(pickle.loads(pickle.dumps(net))))


def test_a_loaded_network_is_continued_with_the_seed_that_is_given(tmp_path: Path) -> None:
    """What is added draws from the network's seed, which the file does not have."""
    path = tmp_path / "net.snn"
    net = snn.Network(seed=7)
    net.add("a", snn.SpikeInput(4))
    net.add("b", snn.LIF(30))
    net.connect("a", "b", snn.Dense())
    net.save(path)

    def continued(one: snn.Network) -> list[np.ndarray]:
        one.add("c", snn.LIF(5, threshold=snn.Uniform(0.5, 1.5)))
        dense = one.connect("b", "c", snn.Dense())
        rule = one.connect("b", "c", snn.Sparse.fixed_indegree(3, weight=snn.Uniform(0, 1)), name="rule")
        return [np.asarray(one["c"].parameters["threshold"]), dense.weights, *rule.synapses(), rule.weights]

    twins = net.copy(), pickle.loads(pickle.dumps(net)), snn.load(path, seed=7)
    other = snn.load(path)
    assert [one.seed for one in (*twins, other)] == [7, 7, 7, 0]
    expected, unlike = continued(net), continued(other)
    for twin in twins:
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(continued(twin), expected, strict=True))
    assert not any(np.array_equal(unlike[k], expected[k]) for k in (0, 1, 3, 5))
    with pytest.raises(snn.InvalidArgumentError, match="seed is -1; it must be 0 to"):
        snn.load(path, seed=-1)


def test_a_loaded_network_can_be_changed(tmp_path: Path) -> None:
    net = everything()
    net.save(tmp_path / "a.snn")
    twin = snn.load(tmp_path / "a.snn")
    twin.add("more", snn.LIF(3))
    twin.connect("currents", "more", snn.Dense())
    more = run(twin)
    original = run(net)
    assert_same(original, {name: more[name] for name in original})
    twin["currents"].set(threshold=1e9)
    assert not run(twin)["currents.spikes"].any()


def test_the_file_is_a_safetensors_file(tmp_path: Path) -> None:
    net = everything()
    net.save(tmp_path / "a.snn")
    with safe_open(tmp_path / "a.snn", "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights = net.projections["values_to_conv"].weights
    assert any(
        array.size == weights.size and np.array_equal(array.ravel(), weights.ravel()) for array in tensors.values()
    )


def test_paths_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = snn.Sequential(2, snn.Dense(2), snn.LIF())
    for name in ("plain.snn", "with space.snn", "näß-日本.snn"):
        snn.save(net, str(tmp_path / name))
        assert snn.load(str(tmp_path / name)).neuron_count == 2
    monkeypatch.chdir(tmp_path)
    net.save("relative.snn")
    assert snn.load(Path("relative.snn")).neuron_count == 2


def test_a_pipe_is_refused_at_once_and_stays(tmp_path: Path) -> None:
    """Opening a pipe the plain way waits for its other end, so an alarm ends a test that hangs."""
    pipe = tmp_path / "pipe.snn"
    os.mkfifo(pipe)
    signal.alarm(20)
    try:
        with pytest.raises(snn.FileError, match=r"pipe\.snn.*is a named pipe, not a regular file"):
            snn.load(pipe)
        with pytest.raises(snn.FileError, match=r"pipe\.snn.*is a named pipe, not a regular file"):
            snn.Sequential(2, snn.Dense(2), snn.LIF()).save(pipe)
    finally:
        signal.alarm(0)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_saving_follows_a_link_and_keeps_permissions(tmp_path: Path) -> None:
    file, link = tmp_path / "file.snn", tmp_path / "link.snn"
    snn.Sequential(2, snn.Dense(2), snn.LIF()).save(file)
    file.chmod(0o600)
    link.symlink_to("file.snn")
    snn.Sequential(2, snn.Dense(5), snn.LIF()).save(link)
    assert link.is_symlink()
    assert snn.load(file).neuron_count == 5
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_threads_may_save_and_load_one_path(tmp_path: Path) -> None:
    path = tmp_path / "shared.snn"
    nets = {size: snn.Sequential(2, snn.Dense(size), snn.LIF()) for size in (3, 300)}
    nets[3].save(path)

    def work(number: int) -> set[int]:
        seen: set[int] = set()
        for _ in range(40):
            if number < 4:
                nets[3 if number % 2 else 300].save(path)
            else:
                seen.add(snn.load(path).neuron_count)
        return seen

    with ThreadPoolExecutor(6) as pool:
        seen = set().union(*pool.map(work, range(6)))
    assert seen
    assert seen <= {3, 300}
    assert list(tmp_path.iterdir()) == [path]


def test_loading_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(snn.FileError, match=r"nowhere\.snn.*No such file"):
        snn.load(tmp_path / "nowhere.snn")
    with pytest.raises(snn.FileError, match=str(tmp_path)):
        snn.load(tmp_path)
    with pytest.raises(OSError, match="nowhere"):
        snn.load(tmp_path / "nowhere.snn")
    with pytest.raises(snn.FileError):
        snn.Sequential(2, snn.Dense(2), snn.LIF()).save(tmp_path / "no" / "folder.snn")


def test_truncated_files(tmp_path: Path) -> None:
    snn.Sequential(4, snn.Dense(3), snn.LIF()).save(tmp_path / "a.snn")
    data = (tmp_path / "a.snn").read_bytes()
    broken = tmp_path / "broken.snn"
    for length in [*range(64), *range(64, len(data), 97), len(data) - 1]:
        broken.write_bytes(data[:length])
        with pytest.raises((snn.FormatError, snn.VersionError)):
            snn.load(broken)
        with pytest.raises((snn.FormatError, snn.VersionError)):
            _native.Network.load_memory(data[:length])
    broken.write_bytes(data + b"more")
    with pytest.raises(snn.FormatError):
        snn.load(broken)


def test_other_files_are_told_by_what_they_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", v=np.zeros(3))
    with pytest.raises(snn.FormatError, match=r"run.npz': not a .snn file but a ZIP archive, as recordings"):
        snn.load(tmp_path / "run.npz")
    (tmp_path / "net.nir").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(snn.FormatError, match=r"net.nir': not a .snn file but an HDF5 file, as networks of NIR"):
        snn.load(tmp_path / "net.nir")
    (tmp_path / "net.onnx").write_bytes(b"\x08\x08\x12\x03snn" + bytes(100))
    with pytest.raises(snn.FormatError, match=r"not a .snn file, or cut short"):
        snn.load(tmp_path / "net.onnx")


def test_an_empty_tensor_is_no_zeros(tmp_path: Path) -> None:
    path = tmp_path / "a.snn"
    snn.Sequential(4, snn.Dense(3), snn.LIF()).save(path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert snn.Network._from_native(_native.Network.load_memory(to_safetensors(tensors, metadata))).neuron_count == 3
    tensors["input_to_output.weight"] = np.zeros(0, np.float32)
    with pytest.raises(snn.FormatError, match=r"takes 12 values .* got 0"):
        _native.Network.load_memory(to_safetensors(tensors, metadata))


def test_altered_files_never_crash(tmp_path: Path) -> None:
    snn.Sequential(4, snn.Dense(3), snn.LIF()).save(tmp_path / "a.snn")
    data = bytearray((tmp_path / "a.snn").read_bytes())
    random = np.random.Generator(np.random.Philox(17))
    refused = 0
    for _ in range(2000):
        altered = bytearray(data)
        for place in random.integers(0, len(data), int(random.integers(1, 4))):
            altered[place] = int(random.integers(0, 256))
        try:
            net = snn.Network._from_native(_native.Network.load_memory(bytes(altered)))
            with snn.Simulation(net) as sim:
                sim.step(3)
        except snn.SnnError:
            refused += 1
    assert refused > 500


def test_a_failed_save_keeps_the_old_file(tmp_path: Path) -> None:
    """A full disk, played by a limit on the size of files."""
    path = tmp_path / "a.snn"
    snn.Sequential(4, snn.Dense(3), snn.LIF()).save(path)
    old = path.read_bytes()
    big = snn.Sequential(400, snn.Dense(300), snn.LIF())
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(snn.FileError, match=r"a\.snn"):
            big.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["a.snn"]
    big.save(path)
    assert snn.load(path).neuron_count == 300


def test_weights_of_a_file_into_a_running_simulation(tmp_path: Path) -> None:
    net = snn.Sequential(4, snn.Dense(3), snn.LIF(), seed=1)
    other = snn.Sequential(4, snn.Dense(3), snn.LIF(), seed=2)
    other.save(tmp_path / "other.snn")
    with snn.Simulation(net) as sim:
        sim.load_weights(tmp_path / "other.snn")
        assert np.array_equal(sim["input_to_output.weight"], other.projections["input_to_output"].weights)
        snn.Sequential(4, snn.Dense(5), snn.LIF()).save(tmp_path / "wide.snn")
        with pytest.raises(snn.SnnError, match="input_to_output"):
            sim.load_weights(tmp_path / "wide.snn")
        assert np.array_equal(sim["input_to_output.weight"], other.projections["input_to_output"].weights)
