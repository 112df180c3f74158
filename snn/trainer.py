"""Training by surrogate gradients: back-propagation through time, and rules that keep the past in traces."""

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
    UnsupportedError,
    counted,
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
    """Trains a network: changes its weights, and its parameters that are `Learnable`, in place.

    All arguments but the network are keywords. Most trainings set five or six of them:

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
        The network to train. Training starts from its weights and learnable parameters, and writes the results there.
    steps : int, default 25
        Steps for which each sample is shown.
    encoder : str, Encoder or None, default "constant"
        How samples become input. Encoders expect values in [0, 1]: divide pixels of 0 to 255 by 255, or use
        ``snn.Encoder("constant", gain=1 / 255)``. None: samples already have the input of each step, shape
        (samples, steps, features).
    output : str, optional
        The population whose activity is the network's output. Default: the one named ``"output"``, or if there is none, the
        neurons added last; `Network.summary` names it.
    seed : int, default 0
        For the order of the samples, random encoders, and the random draws of models, which are the same in every batch. The
        same seed on the same device gives the same bits, for any number of threads. Processors with different instruction sets
        sum gradients in different orders, so training on them agrees within rounding.
    loss : str or callable, default "cross_entropy_count"
        By name, one of

        - ``"cross_entropy_SCORE"``: softmax cross-entropy of the outputs' scores with the classes;
        - ``"mean_square_SCORE"``: squared distance of scores to targets, mean over the outputs;
        - ``"cross_entropy_membrane"``, ``"cross_entropy_spikes"``: softmax cross-entropy of the membranes or spikes of each
          step with the class, mean over the steps; the predicted class has the largest mean membrane or the most spikes;
        - ``"mean_square_membrane"``: squared distance of the membrane after each step to a target for each step;
        - ``"van_rossum"``: squared van Rossum distance of the output's spikes to target spike trains.

        SCORE is ``count`` (spikes), ``rate`` (spikes per step), ``max_membrane``, ``mean_membrane``, ``last_membrane``, or
        ``latency`` (step of the first spike, `steps` if there is none; softmax takes its negative).

        A callable is a loss of your own, ``loss(outputs, targets) -> (value, gradients)``, with

        - ``outputs`` by population and variable, as `record` says, each (steps, samples, *shape of the population);
        - ``targets``, the entries of ``y`` for these samples;
        - ``value``, the loss of these samples, usually their mean;
        - ``gradients``, d value / d output, by population and variable in the same shapes; those that are 0 may be omitted.
    record : dict, optional
        What a callable `loss` gets, by population: a state, ``"spikes"``, or a list of them. Default: the spikes of
        `output`, or its first state if it does not spike.
    auxiliary_losses : dict, optional
        Losses of populations other than `output`, added to `loss`: by population a name, or a pair (name, weight). They use the
        same `y`, so each population must have as many neurons as the output. With readouts of hidden layers and detached
        connections (`Connection.detach`) between the layers, each layer learns from its own loss; see Examples.
    label_smoothing : float, default 0.0
        For cross-entropies, 0 to 1: this share of the target probability is spread evenly over all outputs.
    class_weight : array_like or dict, optional
        For cross-entropies, the weight of each class: an array with one for each output, or a dict by class, default 1. The
        mean over a batch divides by the sum of its weights. `class_weight` and `label_smoothing` are those of PyTorch's
        ``CrossEntropyLoss``, and also apply to `auxiliary_losses`.
    rate_on, rate_off : float, default 0.8, 0.0
        For mean-square losses with classes, the targets of the class and of the other outputs; for counts, times `steps`.
    van_rossum_tau : float, default 10.0
        Time constant of ``"van_rossum"`` in ms.
    rate_regularization, rate_target : float, default 0.0
        ``rate_regularization * mean((rate - rate_target)**2)`` over all spiking populations is added to the loss. Rates are
        in spikes per step.
    epochs : int, default 20
        Passes over the training data.
    batch_size : int, default 32
        Samples in a batch; at most 1,048,576.
    optimizer : {"sgd", "adam", "adamw", "lion"}, default "adam"
        The optimiser. Lion needs a learning rate 3 to 10 times smaller than Adam's, and was published with ``beta2=0.99``.
    learning_rate : float, default 1e-3
        Learning rate before the factor of `schedule`.
    schedule : {"constant", "cosine"} or callable, default "constant"
        Factor on the learning rate. A callable, such as those of `snn.schedules`, gets the fraction of training that is done,
        0 to 1.
    momentum : float, default 0.0
        For SGD.
    beta1, beta2, epsilon : float, default 0.9, 0.999, 1e-8
        For Adam and AdamW; Lion uses the betas only.
    weight_decay : float, default 0.0
        SGD and Adam: added to the gradient (L2 regularisation); AdamW and Lion: decoupled. Not for learnable parameters.
    l1_regularization : float, default 0.0
        ``l1_regularization * sign(weight)`` is added to the gradients of weights and biases.
    parameter_rate_factor : float, default 1.0
        Factor on the learning rate of learnable parameters of neurons; `Learnable` describes their updates.
    gradient_clip_norm : float, default 0.0
        Largest global L2 norm of the gradient of weights, biases and learnable parameters; 0: no limit.
    dropout : float or dict, default 0.0
        Probability that a neuron is silent throughout a sample, in training only. The output of the other neurons is scaled by
        1 / (1 - probability). A number applies to all spiking populations but the output; a dict sets it by population.
    normalization : BatchNorm or dict, optional
        Batch normalisation through time of projections, folded into their weights and biases. A `BatchNorm` applies to all
        trained projections onto another, spiking population that is not the output; a dict sets it by projection.
    quantization : Quantization or dict, optional
        Rounds the weights of projections to few bits in training. A `Quantization` applies to all trained projections; a dict
        sets it by projection. A projection that is also normalised needs ``per_channel=True``.
    delay_learning : DelayLearning or dict, optional
        Learns the delays of synapses along with their weights. A `DelayLearning` applies to all trained sparse projections,
        such as `DelayedDense`; a dict sets it by projection.
    rule : {"bptt", "ottt", "eprop", "eventprop"}, default "bptt"
        How gradients are computed.

        - ``"bptt"``: back-propagation through time.
        - ``"ottt"``: online training through time (Xiao et al. 2022). Errors propagate back through layers within a step and
          are multiplied with traces of earlier input.
        - ``"eprop"``: e-prop (Bellec et al. 2020) with symmetric feedback. Errors go from the output directly to the
          populations that project onto it and are multiplied with eligibility traces.
        - ``"eventprop"``: EventProp (Wunderlich and Pehle 2021) in steps of `dt`. Gradients of spike times, without a
          surrogate; it keeps 4 bytes for each spike instead of a tape. Silent neurons do not learn.

        With `window_steps`, the memory of OTTT and e-prop does not grow with `steps`. All rules but BPTT need one of the
        library's losses, models that are linear between spikes with the same decays in a whole population, and no learnable
        parameters. EventProp also needs spiking neurons without refractory time whose membrane does not jump with an input
        (``CurrentLIF``, ``AlphaLIF``), and a latency loss, ``"van_rossum"``, or a membrane loss of an output that does not
        spike.
    window_steps : int, optional
        Truncated back-propagation through time: the run is divided into windows of this many steps. States carry over to the
        next window; gradients do not propagate back across it. Traces of the other rules continue, except that e-prop's filter
        of the output's leak restarts in each window.
    window_updates : bool, default True
        Whether each window has its own loss and an update after it, as in snnTorch's ``backprop.TBPTT``. The reported loss is
        then the mean of the windows' losses, and the accuracy that of the last window. False: one loss over all steps, and one
        update with the sum of the windows' gradients.
    checkpoint_steps : int or "auto", optional
        Saves memory in long runs, for the time of a second forward run: the run is divided into segments of this many steps,
        and only the neurons' state before each is kept. A segment is run again when the backward pass reaches it. Gradients
        are the same bits. ``"auto"``: about the square root of `steps`, which needs the least memory. Default: all steps are
        kept.
    device : str, default "cpu"
        Where it runs: ``"cpu"``, ``"vulkan"`` or ``"auto"``, as for `Simulation`; `snn.devices` tells which can train.
        Gradients of different devices agree within rounding.
    devices : list of str, optional
        Instead of `device`: several devices that share each batch, such as ``["cpu", "vulkan"]``. Each runs its samples forward
        and backward; gradients are summed in the order of the samples, and weights are updated in one place. A GPU that fails
        is left out with a warning in the log, and the others repeat the batch. Not with batch normalisation, whose statistics
        are of the whole batch.
    samples : "auto" or list of int, default "auto"
        How many samples of a batch each of `devices` gets; ``"auto"``: so that all are expected to finish at the same time.
    microbatch_size : int, optional
        Gradients are summed within micro-batches of this many samples, then these sums in order. Each of `devices` has whole
        micro-batches, which run in parallel on several threads. Training then gives the same bits on one device as on several
        of one kind, however they share a batch. Each micro-batch needs memory for weights and gradients. Default: a device
        sums over all its samples at once, which is faster on a GPU, but rounding depends on the shares.
    threads : int, default 1
        At most 1024; 0: one for each core. Results do not depend on it.
    instruction_set : {"best", "scalar", "avx2", "avx512", "neon"}
        For tests and measurements.

    Examples
    --------
    >>> trainer = snn.Trainer(net, steps=25, epochs=20, learning_rate=2e-3)
    >>> trainer.fit(train_x, train_y, validation_data=(valid_x, valid_y))
    >>> trainer.score(test_x, test_y)

    Images shifted by up to a pixel, differently in each epoch:

    >>> def shifted(images, generator):  # (samples, channels, height, width)
    ...     return np.roll(images, generator.integers(-1, 2, 2), axis=(2, 3))
    >>> trainer.fit(train_x, train_y, augment=shifted)

    Local learning, as in DECOLLE (Kaiser, Mostafa and Neftci 2020): each hidden layer learns from the loss of a fixed random
    readout, and no gradient goes from one layer to the one before.

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
            "predict_proba": "predict_scores has a score for each output, predict the classes",
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
        for projection in network.projections.values():
            if projection.plasticity is not None:
                raise UnsupportedError(
                    f"the network cannot be trained by gradients: projection {projection.name!r} is plastic: its weights "
                    f"change while the network runs, by {projection.plasticity.name}"
                )
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
        self._encoder_is_named = isinstance(encoder, str)  # an Encoder's settings are taken as intended
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
        self._checkpoint: Callable[[], Checkpoint] | None = None  # makes one; set between epochs
        self._resumed: Checkpoint | None = None
        self._told_frames: set[tuple[str, float]] = set()

    @property
    def learning_rate(self) -> float:
        """Learning rate before the factor of `schedule`. Can be set between two calls of `fit`."""
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
        """Passes over the training data in one call of `fit`. Can be set."""
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
        """Train for `epochs` passes, from the network's current weights and with a fresh optimiser.

        After `load_checkpoint`, the first call instead continues from the checkpoint, for the remaining epochs.

        Parameters
        ----------
        x : array_like, EventData or a sequence of samples, or dict of them by input population
            Samples, shape (samples, *shape of the input); without an encoder (samples, steps, *shape). Data too large for
            memory is read batch by batch, in a separate thread: a `numpy.memmap`, an HDF5 or Zarr array, `EventData`, or any
            object with a length whose ``x[i]`` is sample i.
        y : array_like
            What the outputs are compared with, by the loss:

            - cross-entropies: classes, int (samples,);
            - ``mean_square_SCORE``: classes, or targets, float (samples, outputs); ``"mean_square_latency"`` always needs
              targets;
            - ``"mean_square_membrane"``, ``"van_rossum"``: targets, float (samples, steps, outputs);
            - a callable: any array with an entry for each sample.

            With a single output, mean-square losses and ``"van_rossum"`` need targets, whose last axis may be omitted.
        validation_data : (x, y), optional
            Evaluated after each epoch, never trained on.
        augment : callable, optional
            Changes the samples of each training batch before they are encoded: ``augment(x, generator) -> x``, x float32
            (samples, *shape of the input), without an encoder (samples, steps, *shape), or a dict of them if the network has
            several inputs. Draw random numbers from the `numpy.random.Generator` only: it depends on the trainer's seed, so
            training gives the same bits each time. It is called in a separate thread, on the next batch while the current one
            is trained on.
        progress : bool, default False
            Whether to show a progress bar.
        callbacks : sequence of callable
            Each gets the `EpochReport` after each epoch. Returning `snn.STOP` ends the training, once all were called; what
            else they return is ignored.
        early_stopping : EarlyStopping, optional
            When to end before `epochs` passes, and whether to restore the best epoch.
        on_weight_update : callable, optional
            Gets a `WeightUpdate` (update, projection name, gradient norm) for each projection after each update.

        Returns
        -------
        Trainer
            Itself.

        Notes
        -----
        When training is interrupted (Ctrl+C, an error in a callback), the network has the weights reached so far.

        Raises
        ------
        InvalidArgumentError
            In the first batch no gradient reaches a weight, so nothing would be learned. No weight has changed.
        NotFiniteError
            The loss or a gradient is infinite or NaN. The message names the epoch, the update and the first layer with such a
            value. The network has the weights from the end of the previous epoch.
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
        self.network._finished()  # takes the weights over, so that their arrays can be freed
        return self

    def _open(
        self, network: Network | None = None, *, scoring: bool = False
    ) -> tuple[_native.Session, _native.Trainer]:
        """Open a session and its trainer; `scoring`: with one of the library's losses instead of the user's."""
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

        Call it between two epochs: in a callback of `fit`, or after `fit`. The file is a numpy ``.npz``, written next to `path`
        and then renamed.

        Examples
        --------
        >>> trainer.fit(x, y, callbacks=[lambda report: trainer.save_checkpoint("run.npz")])

        In another process, with a network and a trainer made in the same way:

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
        """Let the next `fit` resume from a checkpoint. With the same data it gives the same bits as an uninterrupted training.

        The network gets the checkpoint's weights and parameters when that `fit` begins, and cannot be scored before. `fit`
        refuses a checkpoint of another network, output, loss, optimiser, seed, batch size, dropout, rule, windows, number of
        steps or samples, or device. The network is the same if all is that training does not change: `dt`, models, parameters
        that are not learned, connections, and the weights of layers that are not trained. `fit` warns if the learning rate,
        schedule, encoder or another number differs, which may be intended.
        `epochs` may be larger than before; a schedule, and the width of learned delays, then see a smaller fraction of training
        done. If `epochs` equals the checkpoint's epoch, `fit` takes its weights over without further training.

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

    def __getstate__(self) -> dict[str, Any]:
        # Where training is, without the session of a fit that is under way.
        made = None if self._checkpoint is None else self._checkpoint()
        return self.__dict__ | {"_checkpoint": None if made is None else made.itself}

    # ---- what training did

    @property
    def history(self) -> dict[str, NDArray[np.float64]]:
        """The reports of the last `fit` as arrays by field of `EpochReport`; parts of the loss as ``"losses.NAME"``."""
        epochs = [report.numbers() for report in self._reports]
        names = epochs[-1] if epochs else [name for name in EpochReport._fields if name != "losses"]
        return {name: np.array([one.get(name, np.nan) for one in epochs], np.float64) for name in names}

    def __repr__(self) -> str:
        return (
            f"<Trainer: {self.loss} of {self.output!r}, {self.optimizer} at {self.learning_rate:g}, "
            f"{counted(self.steps, 'step')}, {counted(self.epochs, 'epoch')} of batches of {self.batch_size}>"
        )
