"""Training by surrogate gradients: back-propagation through time, and rules that carry the past in traces."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snn._arrays import (
    MAX_BATCH,
    MAX_SEED,
    boolean,
    choice,
    float32_number,
    function,
    integer,
    number,
)
from snn._batches import Augment, Samples
from snn._checkpoint import Checkpoint
from snn._contradictions import check_idle, check_normalization, check_own_loss, check_rule
from snn._fitting import Fit, check_callbacks, check_early_stopping
from snn._loss import Loss, LossFunction, class_weights
from snn._optimizer import optimizer_settings
from snn._parts import by_population, by_projection
from snn._predictions import Predictions
from snn._strict import keywords_told
from snn._trained import checkpoint_number
from snn._words import INSTRUCTION_SETS, RULES, EncoderName, LossName, OptimizerName, RuleName
from snn.delays import DelayLearning
from snn.encode import Encoder
from snn.engine import _native
from snn.engine.errors import (
    ArgumentTypeError,
    FileError,
    InvalidArgumentError,
    StateError,
    shown,
)
from snn.engine.records import WeightUpdate
from snn.epochs import EarlyStopping, EpochReport
from snn.network import Network
from snn.normalization import BatchNorm
from snn.placement import device_of_training
from snn.quantization import Quantization
from snn.schedules import Schedule, constant, cosine

__all__ = ["Trainer"]

_SCHEDULES: dict[str, Schedule] = {"constant": constant(), "cosine": cosine()}


class Trainer(Predictions):
    """Trains a network; the trained weights, and parameters that are `Learnable`, are in that same network.

    All but the network are keywords, and a usual training names five or six of them:

    ================  ============================================================
    the run           `steps`, `encoder`, `output`, `seed`
    the loss          `loss`, `record`, `auxiliary_losses`, `label_smoothing`, `class_weight`, `rate_on`, `rate_off`,
                      `van_rossum_tau`, `rate_regularization`, `rate_target`
    the optimiser     `epochs`, `batch_size`, `optimizer`, `learning_rate`, `schedule`, `momentum`, `beta1`, `beta2`,
                      `epsilon`, `weight_decay`, `l1_regularization`, `parameter_rate_factor`, `gradient_clip_norm`
    in training only  `dropout`, `normalization`, `quantization`, `delay_learning`
    the gradients     `rule`, `window_steps`, `window_updates`, `checkpoint_steps`
    the device        `device`, `devices`, `samples`, `microbatch_size`, `threads`, `instruction_set`
    ================  ============================================================

    Parameters
    ----------
    network : Network
        The network; its weights are where training starts and where it ends, its learnable parameters likewise.
    steps : int, default 25
        Steps that each sample is shown.
    encoder : str, Encoder or None, default "constant"
        How samples become input. The encoders are for values in [0, 1]: pixels of 0 to 255 are divided by 255, or given with
        ``snn.Encoder("constant", gain=1 / 255)``. None: samples have the input for each step
        already, shape (samples, steps, features).
    output : str, optional
        The population whose activity is the answer. When not given, the one that is named ``"output"``, or, where there is
        none, the one that was added last; `Network.summary` names it.
    seed : int, default 0
        For the order of the samples, random encoders and the random draws of models, which are the same in every batch. The
        same seed on the same device gives the same bits, for any number of threads; on a processor with another instruction set
        training agrees within rounding, because gradients are summed in another order.
    loss : str or callable, default "cross_entropy_count"
        By name, one of

        - ``"cross_entropy_SCORE"``: softmax cross-entropy of the outputs' scores with the classes;
        - ``"mean_square_SCORE"``: mean over the outputs of the squared distance of scores to targets;
        - ``"cross_entropy_membrane"``, ``"cross_entropy_spikes"``: softmax cross-entropy of the membranes, or the spikes, of
          each step with the class, mean over the steps; the class that is predicted has the largest mean membrane or the
          most spikes;
        - ``"mean_square_membrane"``: squared distance of the membrane after each step to targets of each step;
        - ``"van_rossum"``: squared van Rossum distance of the output's spikes to target trains.

        SCORE is ``count`` (spikes), ``rate`` (spikes per step), ``max_membrane``, ``mean_membrane``, ``last_membrane``, or
        ``latency``: the step of the first spike, `steps` when there is none; softmax takes minus that.

        A callable is a loss of your own, ``loss(outputs, targets) -> (value, gradients)``, with

        - ``outputs`` by population and variable, as `record` says, each (steps, samples, *shape of the population);
        - ``targets``, the samples' part of ``y``;
        - ``value``, the loss of these samples, their mean as a rule;
        - ``gradients``, d value / d output, by population and variable in the same shapes, without those that are 0.
    record : dict, optional
        What a callable `loss` is given, by population: a state, ``"spikes"``, or a list of them. Default: the spikes of
        `output`, or its first state where it does not spike.
    auxiliary_losses : dict, optional
        Losses of populations other than `output`, added to `loss`: by population the name of one, or a pair (name, weight).
        They look at the same `y`, so each population has as many neurons as the output. With readouts of hidden layers, and
        connections that are detached (`Connection.detach`) between the layers, each layer learns by its own; see Examples.
    label_smoothing : float, default 0.0
        Of cross-entropies, 0 to 1: so much of what is wanted of the class is wanted of all outputs alike.
    class_weight : array_like or dict, optional
        Of cross-entropies, how much each class counts: an array with one for each output, or a dict by class, 1 where it says
        nothing. The mean divides by the sum of the weights of a batch's classes. Both are as of PyTorch's
        ``CrossEntropyLoss``, and act on `auxiliary_losses` as well.
    rate_on, rate_off : float, default 0.8, 0.0
        Targets of mean-square losses with classes, for the class and for the other outputs; of counts, this times `steps`.
    van_rossum_tau : float, default 10.0
        Time constant of ``"van_rossum"`` in ms.
    rate_regularization, rate_target : float, default 0.0
        ``rate_regularization * mean((rate - rate_target)**2)`` over all spiking populations is added to the loss, rates
        in spikes per step.
    epochs : int, default 20
        Passes over the training data.
    batch_size : int, default 32
        Samples in a batch; at most 1,048,576.
    optimizer : {"sgd", "adam", "adamw", "lion"}, default "adam"
        The optimiser. Lion wants a learning rate 3 to 10 times smaller than Adam's, and was published with ``beta2=0.99``.
    learning_rate : float, default 1e-3
        Before `schedule`.
    schedule : {"constant", "cosine"} or callable, default "constant"
        Factor on the learning rate; a callable, such as those of `snn.schedules`, gets the share of training that is done,
        0 to 1.
    momentum : float, default 0.0
        Of SGD.
    beta1, beta2, epsilon : float, default 0.9, 0.999, 1e-8
        Of Adam and AdamW; Lion has the betas.
    weight_decay : float, default 0.0
        SGD and Adam: added to the gradient (L2 regularisation); AdamW and Lion: decoupled. Not of learnable parameters.
    l1_regularization : float, default 0.0
        ``l1_regularization * sign(weight)`` is added to the gradients of weights and biases.
    parameter_rate_factor : float, default 1.0
        Factor on the learning rate for learnable parameters of neurons; see `Learnable` for what a step of theirs is.
    gradient_clip_norm : float, default 0.0
        Largest global L2 norm of the gradient of weights, biases and learnable parameters; 0: no limit.
    dropout : float or dict, default 0.0
        Probability with which each neuron is silent throughout a sample, in training only; what the others send counts 1 / (1 -
        probability) times. A number is that of all spiking populations but the output; a dict gives it by population.
    normalization : BatchNorm or dict, optional
        Batch normalisation through time of projections, folded into their weights and biases. One `BatchNorm` is that of all
        trained projections from one population to another that spikes, but the output; a dict gives it by projection.
    quantization : Quantization or dict, optional
        Rounds the weights of projections to few bits while they are trained. One `Quantization` is that of all trained
        projections; a dict gives it by projection. A projection that is normalised as well needs ``per_channel=True``.
    delay_learning : DelayLearning or dict, optional
        Learns the delays of synapses beside their weights. One `DelayLearning` is that of all trained sparse projections,
        such as `DelayedDense`; a dict gives it by projection.
    rule : {"bptt", "ottt", "eprop", "eventprop"}, default "bptt"
        How gradients are computed. ``"bptt"``: back-propagation through time. ``"ottt"``: online training through time (Xiao
        et al. 2022); errors go back through layers within a step and meet traces of what arrived before. ``"eprop"``: e-prop
        (Bellec et al. 2020) with symmetric feedback; errors go from the output straight to the populations that project onto
        it and meet eligibility traces. With `window_steps` both take memory that does not grow with `steps`. They need one
        of the library's losses, models that are linear between spikes with the same decays in a whole population, and no
        learnable parameters. ``"eventprop"``: EventProp (Wunderlich and Pehle 2021) in steps of `dt`; gradients of the times of
        spikes, without a surrogate, from 4 bytes kept for each spike instead of a tape. It needs the same, spiking neurons
        whose membrane does not jump with an input (``CurrentLIF``, ``AlphaLIF``) and that are not refractory, and a loss of
        latency, ``"van_rossum"``, or one of the membrane of an output that does not spike. Silent neurons do not learn.
    window_steps : int, optional
        Truncated back-propagation through time: the run is cut into windows of this many steps. States carry over to the next
        window, gradients do not go back. Traces of the other rules go on, and only e-prop's filter of the output's leak
        begins anew in each window.
    window_updates : bool, default True
        Whether each window has the loss of its own steps and an update after it, as in snnTorch's ``backprop.TBPTT``; the
        loss that is reported is then their mean, the accuracy that of the last window. False: one loss over all steps, and
        one update with the sum of the windows' gradients.
    checkpoint_steps : int or "auto", optional
        Number of steps kept at once for the backward pass, and before each such segment the state of the neurons; the other
        segments are run again when the backward pass reaches them. Gradients are the same bits. Long runs train in little
        memory, for the time of a second forward run. ``"auto"``: about the square root of `steps`, which takes the least
        memory. Not given: all steps are kept.
    device : str, default "cpu"
        Where it runs: ``"cpu"``, ``"vulkan"``, ``"auto"``, as of `Simulation`; `snn.devices` tells which can train. Gradients
        agree between devices to rounding.
    devices : list of str, optional
        Instead of `device`: several that share each batch, ``["cpu", "vulkan"]``. Each goes forward and back with its samples;
        gradients are added up in the order of the samples and weights changed in one place. A GPU that fails is left with a
        warning in the log, and the batch it failed in is done again by the others. Without batch normalisation, whose
        statistics are of the whole batch.
    samples : "auto" or list of int, default "auto"
        How many samples of a batch each of `devices` has; ``"auto"``: as many as are expected to be done at the same time.
    microbatch_size : int, optional
        Gradients of so many samples at a time are summed up by themselves, then those sums in order; each of `devices` has
        whole micro-batches, side by side on several threads. Training then has the same bits on one device as on several of
        a kind, however they share a batch. Default: what a device has is summed up at once, which is faster on a GPU, and
        rounds otherwise for other shares. Each micro-batch keeps weights and gradients of its own.
    threads : int, default 1
        At most 1024; 0: one for each core. Results do not depend on it.
    instruction_set : {"best", "scalar", "avx2", "avx512", "neon"}
        Forcing one is for tests and measurements.

    Examples
    --------
    >>> trainer = snn.Trainer(net, steps=25, epochs=20, learning_rate=2e-3)
    >>> trainer.fit(train_x, train_y, validation_data=(valid_x, valid_y))
    >>> trainer.score(test_x, test_y)

    Images that are moved by up to a pixel, another way in each epoch:

    >>> def shifted(images, generator):  # (samples, channels, height, width)
    ...     return np.roll(images, generator.integers(-1, 2, 2), axis=(2, 3))
    >>> trainer.fit(train_x, train_y, augment=shifted)

    Local learning, as in DECOLLE (Kaiser, Mostafa and Neftci 2020): a fixed random readout of each hidden layer says what it is
    to learn, and no gradient goes from one layer to the one before.

    >>> net = snn.Sequential(
    ...     64, snn.Dense(128), snn.LIF(), snn.Dense(128).detach(), snn.LIF(), snn.Dense(10).detach(), snn.LIF()
    ... )
    >>> for layer in ("hidden1", "hidden2"):
    ...     net.add(f"{layer}_readout", snn.LeakyIntegrator(10))
    ...     net.connect(layer, f"{layer}_readout", snn.Dense(trainable=False))
    >>> local = {f"{layer}_readout": "cross_entropy_mean_membrane" for layer in ("hidden1", "hidden2")}
    >>> trainer = snn.Trainer(net, auxiliary_losses=local)  # beside the loss of "output"
    """

    _fixed = MappingProxyType(
        dict.fromkeys(
            (
                *(
                    "network",
                    "steps",
                    "batch_size",
                    "encoder",
                    "output",
                    "loss",
                    "optimizer",
                    "seed",
                    "device",
                    "threads",
                ),
                *("instruction_set", "checkpoint_steps", "rule", "window_steps", "window_updates"),
                *("dropout", "normalization", "quantization", "delay_learning"),
            ),
            "make another Trainer of the same network; epochs and learning_rate may be assigned to",
        )
    )
    _hints = MappingProxyType(
        {
            "cuda": "the device is one of its arguments: snn.Trainer(network, device='vulkan')",
            "load": "snn.load reads a network, load_checkpoint where training was",
            "save": "the trained weights are in its network: network.save(path); save_checkpoint keeps where training is",
            "to": "the device is one of its arguments: snn.Trainer(network, device='vulkan')",
            "train": "fit trains",
        }
    )

    def __init__(
        self,
        network: Network,
        *,
        # the run
        steps: int = 25,
        encoder: EncoderName | Encoder | None = "constant",
        output: str | None = None,
        seed: int = 0,
        # the loss
        loss: LossName | LossFunction = "cross_entropy_count",
        record: Mapping[str, str | Iterable[str]] | None = None,
        auxiliary_losses: Mapping[str, LossName | tuple[LossName, float]] | None = None,
        label_smoothing: float = 0.0,
        class_weight: ArrayLike | Mapping[int, float] | None = None,
        rate_on: float = 0.8,
        rate_off: float = 0.0,
        van_rossum_tau: float = 10.0,
        rate_regularization: float = 0.0,
        rate_target: float = 0.0,
        # the optimiser
        epochs: int = 20,
        batch_size: int = 32,
        optimizer: OptimizerName = "adam",
        learning_rate: float = 1e-3,
        schedule: Literal["constant", "cosine"] | Schedule = "constant",
        momentum: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        l1_regularization: float = 0.0,
        parameter_rate_factor: float = 1.0,
        gradient_clip_norm: float = 0.0,
        # in training only
        dropout: float | Mapping[str, float] = 0.0,
        normalization: BatchNorm | Mapping[str, BatchNorm] | None = None,
        quantization: Quantization | Mapping[str, Quantization] | None = None,
        delay_learning: DelayLearning | Mapping[str, DelayLearning] | None = None,
        # the gradients
        rule: RuleName = "bptt",
        window_steps: int | None = None,
        window_updates: bool = True,
        checkpoint_steps: int | str | None = None,
        # the device
        device: str = "cpu",
        devices: Iterable[str] | None = None,
        samples: str | Iterable[int] = "auto",
        microbatch_size: int | None = None,
        threads: int = 1,
        instruction_set: str = "best",
    ) -> None:
        if not isinstance(network, Network):
            raise ArgumentTypeError(f"network is {shown(network)}, not a Network")
        if not network.populations:
            raise InvalidArgumentError("the network is empty; there is nothing to train")
        self.network = network
        self.steps = integer(steps, "steps", minimum=1)
        self.learning_rate = learning_rate
        self._schedule_name = "a function" if callable(schedule) else schedule
        if callable(schedule):
            self._schedule = schedule
        else:
            self._schedule = _SCHEDULES[choice(schedule, _SCHEDULES, "schedule")]
        self.epochs = epochs
        self.batch_size = integer(batch_size, "batch_size", minimum=1, maximum=MAX_BATCH)
        self._encoder_is_named = isinstance(encoder, str)  # one with settings of its own is meant as it is
        self.encoder = Encoder(encoder) if isinstance(encoder, str) else encoder
        if self.encoder is not None and not isinstance(self.encoder, Encoder):
            raise ArgumentTypeError(f"encoder is {shown(encoder)}, not a name, an Encoder or None")
        self.output = network._answer() if output is None else network[output].name
        answer = network[self.output]
        if answer.is_input:
            raise InvalidArgumentError(f"output is {self.output!r}, which is an input")
        weights = class_weights(class_weight, answer.size)
        self._loss = Loss(loss, record, network, answer, self.steps, self.batch_size, auxiliary_losses, weights)
        self.loss = self._loss.name
        self.optimizer = optimizer
        self.seed = integer(seed, "seed", maximum=MAX_SEED)
        self.device = device_of_training(device, devices, samples, microbatch_size, self.batch_size)
        self.threads = integer(threads, "threads", maximum=1024)
        self.instruction_set = choice(instruction_set, INSTRUCTION_SETS, "instruction_set")
        self._numbers = optimizer_settings(
            optimizer,
            momentum=momentum,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            weight_decay=weight_decay,
            gradient_clip_norm=gradient_clip_norm,
        ) | {
            "l1_regularization": number(l1_regularization, "l1_regularization", minimum=0.0),
            "parameter_rate_factor": number(parameter_rate_factor, "parameter_rate_factor", minimum=0.0),
            "rate_regularization": number(rate_regularization, "rate_regularization", minimum=0.0),
            "rate_target": number(rate_target, "rate_target", minimum=0.0),
            "label_smoothing": number(label_smoothing, "label_smoothing", minimum=0.0, maximum=1.0),
            "rate_on": float32_number(rate_on, "rate_on"),
            "rate_off": float32_number(rate_off, "rate_off"),
            "van_rossum_tau": number(van_rossum_tau, "van_rossum_tau", minimum=0.0, exclusive=True),
        }
        self.checkpoint_steps = checkpoint_number(checkpoint_steps)
        self.rule = choice(rule, RULES, "rule")
        if self.rule != "bptt" and not self._loss.is_own:
            losses = {self.output: self.loss} | {name: loss for name, (loss, _) in self._loss.auxiliary.items()}
            check_rule(network, self.rule, losses, self._numbers["rate_regularization"])
        self.window_steps = None if window_steps is None else integer(window_steps, "window_steps", minimum=1)
        self.window_updates = boolean(window_updates, "window_updates")
        if self._loss.is_own:
            check_own_loss(self.rule, self.window_steps is not None and self.window_updates)
        others = {
            "window_steps": self.window_steps,
            "window_updates": self.window_updates,
            "class_weight": None if weights is None else weights.tolist(),
        }
        check_idle(self._loss.names, self._numbers | others)
        quiet = [p.name for p in network.populations.values() if p.spiking and not p.is_input and p is not answer]
        self.dropout = by_population(network, dropout, "dropout", quiet)
        trained = [p for p in network.projections.values() if p.trainable and p.kind != "pool2d"]
        hidden = [
            p.name
            for p in trained
            if p.target.spiking and p.target.name != self.output and p.source.name != p.target.name
        ]
        self.normalization = by_projection(network, normalization, BatchNorm, "normalization", hidden)
        cuts: dict[str, object] = {
            "rule": None if self.rule == "bptt" else self.rule,
            "window_steps": self.window_steps,
            "checkpoint_steps": checkpoint_steps,
        }
        check_normalization(
            network, self.normalization, {name: value for name, value in cuts.items() if value is not None}
        )
        self.quantization = by_projection(
            network, quantization, Quantization, "quantization", [p.name for p in trained]
        )
        sparse = [p.name for p in trained if p.kind == "sparse"]
        self.delay_learning = by_projection(network, delay_learning, DelayLearning, "delay_learning", sparse)
        if delay_learning is not None and not self.delay_learning:
            raise InvalidArgumentError("delay_learning: no projection of the network is sparse and trained")
        self._reports: list[EpochReport] = []
        self._checkpoint: Callable[[], Checkpoint] | None = None  # makes one, where training is between epochs
        self._resumed: Checkpoint | None = None
        self._told_frames: set[tuple[str, float]] = set()

    @property
    def learning_rate(self) -> float:
        """Before `schedule`; may be assigned to between two calls of `fit`."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if callable(rate):
            raise ArgumentTypeError(
                f"learning_rate is {shown(rate)}, not a number; its course is the argument schedule"
            )
        self._learning_rate = number(rate, "learning_rate", minimum=0.0, exclusive=True)

    @property
    def epochs(self) -> int:
        """Passes over the training data of a call of `fit`; may be assigned to."""
        return self._epochs

    @epochs.setter
    def epochs(self, count: int) -> None:
        self._epochs = integer(count, "epochs")

    # ---- training

    @keywords_told
    def fit(
        self,
        x: Samples,
        y: ArrayLike,
        *,
        validation_data: tuple[Samples, ArrayLike] | None = None,
        augment: Augment | None = None,
        progress: bool = False,
        callbacks: Sequence[Callable[[EpochReport], Any]] = (),
        early_stopping: EarlyStopping | None = None,
        on_weight_update: Callable[[WeightUpdate], Any] | None = None,
    ) -> Trainer:
        """Train for `epochs` passes, from the network's present weights and with a fresh optimiser.

        After `load_checkpoint`, the first call continues from there instead, through the remaining epochs.

        Parameters
        ----------
        x : array_like, EventData or a sequence of samples, or dict of them by input population
            Samples, shape (samples, *shape of the input); without an encoder (samples, steps, *shape). What is too large for
            memory is read batch by batch, in a thread of its own: a `numpy.memmap`, an array of HDF5 or Zarr, `EventData`, or
            any object with a length whose ``x[i]`` is sample i.
        y : array_like
            Classes, int (samples,); for ``mean_square_SCORE`` also targets, float (samples, outputs), which
            ``"mean_square_latency"`` always needs; for the two losses of every step float (samples, steps, outputs); of a
            single output, whose losses of this kind always take targets, the last axis may be left out; for a callable loss any
            array with an entry for each sample.
        validation_data : (x, y), optional
            Looked at after each epoch, never learned from.
        augment : callable, optional
            Changes the samples of each batch of training before they are encoded: ``augment(x, generator) -> x``, x float32
            (samples, *shape of the input), without an encoder (samples, steps, *shape), or a dict of them where the network has
            several inputs. All that is random comes from the `numpy.random.Generator`, which follows from the trainer's seed,
            so training has the same bits each time. It is called in a thread of its own, with the next batch while this one
            is learned.
        progress : bool, default False
            Whether to show a progress bar.
        callbacks : sequence of callable
            Each gets the `EpochReport` after each epoch; returning True ends the training.
        early_stopping : EarlyStopping, optional
            When to end before `epochs` passes, and whether to go back to the best of them.
        on_weight_update : callable, optional
            Gets a `WeightUpdate` (update, projection name, gradient norm) after each update for each projection.

        Returns
        -------
        Trainer
            Itself.

        Notes
        -----
        When training is interrupted (Ctrl+C, an error of a callback), the network has the weights reached so far.

        Raises
        ------
        InvalidArgumentError
            No gradient of the first batch reaches a weight, so that nothing would be learned; no weight has changed.
        NotFiniteError
            The loss or a gradient is infinite or not a number. The sentence names the epoch, the update and the first layer
            with such a value; the network has the weights of the end of the epoch before.
        """
        batches = self._batches(x)
        if self._encoder_is_named:
            batches.warn_of_range(stacklevel=4)
        targets = self._loss.targets(y, batches.count)
        held_out = None
        if validation_data is not None:
            if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
                raise ArgumentTypeError(f"validation_data is {shown(validation_data)}, not a pair (x, y)")
            seen = self._batches(validation_data[0])
            held_out = seen, self._loss.targets(validation_data[1], seen.count)
        check_callbacks(callbacks)
        if early_stopping is not None:
            check_early_stopping(early_stopping, held_out is not None, self._loss, targets)
        boolean(progress, "progress")
        if augment is not None:
            function(augment, "augment")
        told = None if on_weight_update is None else function(on_weight_update, "on_weight_update")
        self._checkpoint = None
        Fit(self, batches, targets, held_out, augment, callbacks, early_stopping, told).go(progress=progress)
        self.network._finished()  # has the weights itself then, and lets go of the arrays that they came in
        return self

    def _open(
        self, network: Network | None = None, *, scoring: bool = False
    ) -> tuple[_native.Session, _native.Trainer]:
        """Open a session and its trainer; `scoring`: with a loss of the library's in the place of the user's."""
        session = _native.Session(
            (network or self.network)._finished(),
            device=self.device,
            batch_size=self.batch_size,
            threads=self.threads,
            instruction_set=INSTRUCTION_SETS.index(self.instruction_set),
            seed=self.seed,
        )
        trainer = _native.Trainer(
            session,
            output_population=self.network[self.output]._index,
            steps=self.steps,
            loss=self._loss.number(scoring=scoring),
            learning_rate=self.learning_rate,
            checkpoint_steps=self.checkpoint_steps,
            window_steps=self.window_steps or 0,
            window_updates=self.window_updates,
            rule=RULES.index(self.rule),
            **self._numbers,
        )
        self._loss.tell(trainer, self.network)
        return session, trainer

    # ---- checkpoints

    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write everything that training needs to resume: weights, learnable parameters, optimiser, history, epoch.

        Between two epochs: in a callback of `fit`, or after it. The file is an ``.npz`` of numpy, written beside `path` and
        renamed.

        Examples
        --------
        >>> trainer.fit(x, y, callbacks=[lambda report: trainer.save_checkpoint("run.npz")])

        and, in another process, with a network and a trainer made in the same way:

        >>> trainer.load_checkpoint("run.npz").fit(x, y)
        """
        if self._checkpoint is None:
            raise StateError(
                "there is nothing to keep: a checkpoint is made after an epoch of fit, in a callback or when fit has ended. "
                "A fit that is interrupted within an epoch leaves the weights in the network, for network.save(path)"
            )
        try:
            self._checkpoint().save(Path(path))
        except OSError as error:
            raise FileError(f"the checkpoint {shown(str(path))} cannot be written: {error.strerror}") from error

    def load_checkpoint(self, path: str | os.PathLike[str]) -> Trainer:
        """Let the next `fit` resume from a checkpoint; with the same data it gives the same bits as if it had not been stopped.

        The network gets the checkpoint's weights and parameters when that `fit` begins. It refuses a checkpoint of another
        network, loss, optimiser, seed, batch size, dropout, rule, windows, number of steps or samples, or device, and warns
        of another learning rate, schedule, encoder or other number, which may be meant. `epochs` may be larger than it was: a
        schedule, and the width of learned delays, then see another share of training done. Until that `fit` the network
        cannot be scored; with as many `epochs` as the checkpoint has, `fit` takes the weights over and trains no further.

        Returns
        -------
        Trainer
            Itself.
        """
        try:
            self._resumed = Checkpoint.load(Path(path))
        except OSError as error:
            raise FileError(f"the checkpoint {shown(str(path))} cannot be read: {error.strerror}") from error
        return self

    # ---- what training did

    @property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """The epochs of the last `fit` as arrays, by the names of `EpochReport`; parts of the loss as ``"losses.NAME"``."""
        epochs = [report.numbers() for report in self._reports]
        names = epochs[-1] if epochs else [name for name in EpochReport._fields if name != "losses"]
        return {name: np.array([one.get(name, np.nan) for one in epochs], np.float64) for name in names}

    def __repr__(self) -> str:
        return (
            f"<Trainer: {self.loss} of {self.output!r}, {self.optimizer} at {self.learning_rate:g}, {self.steps} steps, "
            f"{self.epochs} epoch{'s' * (self.epochs != 1)} of batches of {self.batch_size}>"
        )
