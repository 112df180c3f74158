"""Names that an object does not have: assigning to one, or giving one as a keyword, is an error that says what was meant."""

from __future__ import annotations

import difflib
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from snn.engine.errors import ArgumentTypeError, UnknownAttributeError, counted, shown

__all__ = ["NotCopied", "Strict", "keywords_told", "suggestion"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

# What other libraries call a thing, and what may be its name here: the first that is known is suggested.
_ELSEWHERE = {
    "activation": ("surrogate",),
    "augmentation": ("augment",),
    "atan": ("arctan",),
    "beta": ("scale",),
    "biases": ("bias",),
    "ce_count_loss": ("cross_entropy_count",),
    "ce_max_membrane_loss": ("cross_entropy_max_membrane",),
    "ce_rate_loss": ("cross_entropy_spikes",),
    "clip_grad_norm": ("gradient_clip_norm",),
    "ce_temporal_loss": ("cross_entropy_latency",),
    "delay": ("delays", "delay_steps"),
    "delay_ms": ("delay", "delay_steps"),
    "delays": ("delay", "delay_steps"),
    "features": ("units",),
    "indegree": ("count",),
    "k": ("count",),
    "kernel_size": ("kernel",),
    "loc": ("mean",),
    "lr": ("learning_rate",),
    "max": ("high",),
    "maximum": ("high",),
    "mean": ("mean_log", "scale"),
    "membrane": ("v",),
    "membrane_potential": ("v",),
    "min": ("low",),
    "minimum": ("low",),
    "model": ("network", "neurons"),
    "mse": ("mean_square_membrane",),
    "mse_count_loss": ("mean_square_count",),
    "mse_membrane_loss": ("mean_square_membrane",),
    "mse_temporal_loss": ("mean_square_latency",),
    "mu": ("mean", "mean_log"),
    "n": ("size", "count"),
    "num_epochs": ("epochs",),
    "num_steps": ("steps",),
    "out_channels": ("channels",),
    "out_features": ("units",),
    "outdegree": ("count",),
    "p": ("probability",),
    "poisson": ("rate",),
    "scale": ("std", "std_log"),
    "scheduler": ("schedule",),
    "sigma": ("std", "std_log", "width"),
    "spike_grad": ("surrogate",),
    "surrogate_function": ("surrogate",),
    "stdp": ("plasticity",),
    "spike_count": ("spikes",),
    "spike_events": ("spikes",),
    "spike_times": ("spike_events", "spikes"),
    "tau": ("tau_membrane", "tau_plus"),
    "tau_m": ("tau_membrane",),
    "tau_mem": ("tau_membrane",),
    "tau_syn": ("tau_synapse",),
    "thr": ("threshold",),
    "timestep": ("dt",),
    "transform": ("augment",),
    "u_m": ("u",),
    "v_m": ("v",),
    "v_th": ("threshold",),
    "v_thresh": ("threshold",),
    "validation": ("validation_data",),
    "verbose": ("progress",),
    "vm": ("v",),
    "voltage": ("v",),
    "w": ("weights", "weight"),
    "weight": ("weights",),
    "weights": ("weight",),
}


# Arguments that are asked of one thing and belong to another.
_WHOSE = {
    "batch_size": "snn.Trainer",
    "callbacks": "snn.Trainer.fit",
    "early_stopping": "snn.Trainer.fit",
    "epochs": "snn.Trainer",
    "learning_rate": "snn.Trainer",
    "lr": "snn.Trainer, where it is learning_rate",
    "optimizer": "snn.Trainer",
    "p": "snn.Sparse.fixed_probability, where it is probability",
    "plasticity": "snn.Sparse and its rules",
    "probability": "snn.Sparse.fixed_probability",
    "progress": "snn.Trainer.fit",
    "validation_data": "snn.Trainer.fit",
}


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where one of the names is near, else nothing."""
    if not isinstance(name, str):
        return ""
    names = list(known)
    word = name.lower()
    near = [one for one in _ELSEWHERE.get(word, ()) if one in names]
    near = near or [one for one in names if one.lower() == word or (len(word) > 3 and one.startswith(word))]
    near = near or difflib.get_close_matches(word, names, 1, 0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def keywords_told(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function refuse arguments that it does not have or lacks with those it has, as an `ArgumentTypeError`."""
    parameters = list(inspect.signature(function).parameters.values())
    known = {one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    has = [one.name for one in parameters if one.name in known and one.name not in ("self", "cls")]
    positional = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    own = int(bool(positional) and positional[0] in ("self", "cls"))
    unnamed = positional[own:]
    required = [
        one.name
        for one in parameters[own:]
        if one.default is one.empty and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    ]
    most = sys.maxsize if any(one.kind is one.VAR_POSITIONAL for one in parameters) else len(positional)
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters)
    # As the rules of `Sparse`, whose other arguments are those of all rules.
    takes_rule = parameters[-1].name == "rule" and all(one.kind is not one.KEYWORD_ONLY for one in parameters)
    is_init = function.__name__ == "__init__"

    def called(args: tuple[Any, ...]) -> str:
        if not own or not args:
            return function.__qualname__
        owner = (args[0] if isinstance(args[0], type) else type(args[0])).__name__
        return owner if is_init else f"{owner}.{function.__name__}"

    @functools.wraps(function)
    def told(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if kwargs and not takes_any and not known.issuperset(kwargs):
            name = next(key for key in kwargs if key not in known)
            told = suggestion(name, has) or f"; it has: {', '.join(has)}"
            if name in _WHOSE and not told.startswith("; did"):
                told = f"; that is an argument of {_WHOSE[name]}"
            raise ArgumentTypeError(f"{called(args)} has no argument {name!r}{told}")
        if len(args) > most:
            extra = f"{', '.join(unnamed) or 'nothing'} without a name"
            # As PyTorch's layers, which are told what comes in.
            told = "; what comes in is known from its source" if unnamed[:1] in (["units"], ["channels"]) else ""
            if takes_rule:
                told = f"; the weight is named: weight={shown(args[most])}"
            given = f"{counted(len(args) - own, 'value')} {'was' if len(args) - own == 1 else 'were'} given"
            raise ArgumentTypeError(f"{called(args)} takes {extra}; {given}: {', '.join(map(shown, args[own:]))}{told}")
        if len(args) - own < len(required):
            missing = [name for name in required if name not in kwargs and name not in positional[: len(args)]]
            if missing:
                for name in kwargs:
                    if name not in known and (told := suggestion(name, missing)):
                        raise ArgumentTypeError(f"{called(args)} has no argument {name!r}{told}")
                given = f"; given was {', '.join(map(shown, args[own:]))}" if len(args) > own else ""
                verb = "is" if len(missing) == 1 else "are"
                raise ArgumentTypeError(
                    f"{called(args)}({', '.join(required)}): {' and '.join(missing)} {verb} missing{given}"
                )
        return function(*args, **kwargs)

    return told


class Strict:
    """Base of objects whose attributes are made in ``__init__`` and by nobody later.

    ``projection.weight = w`` would else do nothing, and nothing would say so: what is meant is ``weights``. Names that begin
    with ``_`` are free.
    """

    _fixed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Attributes that only its maker sets, and what to do instead."""
    _hints: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What is often looked for in vain, and where it is."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "__init__" in cls.__dict__:
            cls.__init__ = _closing(cls.__init__)  # type: ignore[method-assign]

    if not TYPE_CHECKING:  # which would take every name for one that may be set

        def __setattr__(self, name: str, value: object) -> None:
            if not name.startswith("_") and self.__dict__.get("_is_made"):
                if name in self._fixed:
                    raise UnknownAttributeError(f"{self._titled()}: {name} cannot be changed; {self._fixed[name]}")
                known = getattr(type(self), name, None)
                if isinstance(known, property) and known.fset is None:
                    raise UnknownAttributeError(f"{self._titled()}: {name} can be read only")
                if name not in self.__dict__ and not hasattr(type(self), name):
                    raise UnknownAttributeError(f"{self._titled()} has no attribute {name!r}{self._meant(name)}")
            super().__setattr__(name, value)

        def __getattr__(self, name: str) -> Any:
            # Called where there is none. A property that failed with an AttributeError of its own fails with it again.
            if name.startswith("_") or "_is_made" not in self.__dict__ or hasattr(type(self), name):
                return object.__getattribute__(self, name)
            raise UnknownAttributeError(f"{self._titled()} has no attribute {name!r}{self._meant(name)}")

    def _close(self) -> None:
        """End the making of an object that was not made by ``__init__``."""
        self.__dict__["_is_made"] = True

    def _titled(self) -> str:
        """Return how errors call it."""
        return type(self).__name__

    def _meant(self, name: str) -> str:
        """Return the end of the sentence that an attribute is not there: what to do instead."""
        if name in self._hints:
            return f"; {self._hints[name]}"
        return suggestion(name, [one for one in dir(self) if not one.startswith("_")])


class NotCopied:
    """What a running thing is beside: it belongs to one process and is neither copied nor pickled."""

    _instead = ""
    """What to do."""

    def __reduce_ex__(self, protocol: object) -> Any:
        raise ArgumentTypeError(f"a {type(self).__name__} is not copied or pickled; {self._instead}")


def _closing(init: Callable[..., None]) -> Callable[..., None]:
    """Return an ``__init__`` after which an object has all its attributes."""
    checked = keywords_told(init)

    @functools.wraps(init)
    def closing(self: Any, *args: Any, **kwargs: Any) -> None:
        checked(self, *args, **kwargs)
        if type(self).__init__ is closing:  # not one of a base class that another calls
            self._close()

    return closing
