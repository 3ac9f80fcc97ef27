"""What every synthesizer made of networks shares: stacks, coordinates, precision, files."""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import torch
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from adan._progress import progress_bar
from adan._threads import one_thread_each
from adan.errors import AdanError
from adan.synthesis import health, storage
from adan.synthesis.base import Synthesizer, seed_of
from adan.synthesis.coordinates import Coordinates
from adan.synthesis.networks import StackedMLP
from adan.synthesis.training import Batch, Step, n_batches, train

STACK_MEMBERS = 5
"""Networks that one worker trains at a time on a CPU, at the most."""
STACK_BYTES = 192 * 2**20
"""Weights, gradients and Adam's moments of what one worker trains at a time on a CPU.

More networks are trained in parts, as many at a time as there are cores, each on one thread. How a
stack is cut does not depend on the number of cores, so the numbers do not either.
"""
STACK_BYTES_ON_GPU = 16 * 2**30

Precision = Literal["auto", "float32", "bfloat16"]


class Networks(nn.Module, metaclass=ABCMeta):
    """The networks of a stack and one round of their training.

    A subclass makes its networks as attributes, each a `StackedMLP`, and implements ``updates``
    and ``step``.

    Attributes
    ----------
    noise_width : int
        The number of normal draws that a row needs in a round.
    betas : tuple of float
        Of Adam.
    """

    noise_width = 0
    betas = (0.9, 0.999)

    def start(self, learning_rate: float) -> None:
        """Give each update its Adam; call when the networks are on their device."""
        self.learning_rate = learning_rate
        self.optimisers = {
            name: torch.optim.Adam(
                [p for network in networks for p in network.parameters()],
                lr=learning_rate,
                betas=self.betas,
                fused=True,
            )
            for name, networks in self.updates().items()
        }

    def slow_down(self, done: float) -> None:
        """Lower the learning rate in proportion to the share of a phase that is done."""
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = self.learning_rate * (1 - done)

    @abstractmethod
    def updates(self) -> dict[str, tuple[nn.Module, ...]]:
        """Return which networks each update of a round changes."""

    @abstractmethod
    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Do one round and return measures of shape ``[M]``, one column of ``history_`` each."""

    def phases(self) -> tuple[Step, ...]:
        """Return the rounds to train with one after the other, all epochs of each."""
        return (self.step,)

    def update(self, name: str, loss: Tensor) -> None:
        """Take one step down ``loss``, of shape ``[M]``; members share no weight, so sum it.

        Networks that ``loss`` passes through and that are not the update's get no gradient.
        """
        optimiser = self.optimisers[name]
        optimiser.zero_grad()
        loss.sum().backward(inputs=optimiser.param_groups[0]["params"])
        optimiser.step()


@dataclass(eq=False, repr=False, kw_only=True)
class NeuralSynthesizer(Synthesizer):
    """Base of the synthesizers made of networks; the parameters are described at `ADAN`.

    A subclass names its `Networks` as ``_kind``, implements ``_sample``, and adds the parameters
    that its networks are made with as fields of a dataclass. Each network comes out of ``fit`` as
    an attribute of its name with an underscore behind it.
    """

    _kind: ClassVar[Callable[..., Networks]]
    _of_sampling: ClassVar[tuple[str, ...]] = ()
    """Parameters that the networks are not made with."""

    learning_rate: float = 1e-4
    anneal: bool = False
    epochs: int = 200
    batch_size: int = 128
    rotate: bool = True
    precision: Precision = "auto"
    device: str = "auto"
    random_state: int | np.random.RandomState | None = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted networks to one safetensors file.

        Parameters
        ----------
        path : path-like
            The file appears when it is complete. A ``random_state`` that is not an integer is not
            kept.

        Raises
        ------
        AdanError
            If the file cannot be written.
        """
        check_is_fitted(self)
        parameters = self.get_params()
        if not isinstance(self.random_state, (int, np.integer)):
            parameters["random_state"] = None
        header = {
            "parameters": parameters,
            "classes": self.classes_.tolist(),
            "classes_dtype": self.classes_.dtype.str,
            "dtype": self.dtype_.str,
            "feature_names": list(getattr(self, "feature_names_in_", [])),
        }
        arrays = {f"history.{name}": values for name, values in self.history_.items()}
        arrays |= {f"coordinates.{name}": a for name, a in self.coordinates_.arrays().items()}
        arrays |= {f"memory.{name}": values for name, values in self.memory_.items()}
        arrays |= {f"networks.{k}": v.numpy() for k, v in self._fitted_networks().items()}
        storage.write(path, type(self).__name__, header, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote; nothing is unpickled.

        Parameters
        ----------
        path : path-like
            A file of `save`.

        Returns
        -------
        Self
            Samples, encodes and decodes as the one that was saved.

        Raises
        ------
        AdanError
            If the file is missing, damaged, of another kind or of a newer format.
        """
        header, arrays = storage.read(path, cls.__name__)
        try:
            return cls._restored(header, arrays)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise AdanError(f"{path} is damaged: {' '.join(str(error).split())}") from error

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        parameters: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in header["parameters"].items()
        }
        synthesizer = cls(**parameters)
        synthesizer.classes_ = np.array(header["classes"], dtype=header["classes_dtype"])
        synthesizer.dtype_ = np.dtype(header["dtype"])
        synthesizer.coordinates_ = Coordinates(**_under("coordinates", arrays))
        synthesizer.n_features_in_ = len(synthesizer.coordinates_.mean)
        if header["feature_names"]:
            synthesizer.feature_names_in_ = np.array(header["feature_names"], dtype=object)
        synthesizer.history_ = _under("history", arrays)
        synthesizer.memory_ = _under("memory", arrays)
        networks = synthesizer._networks([synthesizer.coordinates_.width], [None])
        weights = {key: torch.as_tensor(a) for key, a in _under("networks", arrays).items()}
        networks.load_state_dict(weights)
        synthesizer._take(networks, 0)
        return synthesizer

    def _one_hot(self, codes: NDArray[np.intp]) -> NDArray[np.float32]:
        return np.eye(len(self.classes_), dtype=np.float32)[codes]

    def _networks(
        self, ranks: Sequence[int], generators: Sequence[torch.Generator | None]
    ) -> Networks:
        """Make the networks of a stack; ``ranks`` are the widths of the members' vectors."""
        others = {*self._of_sampling, *(field.name for field in fields(NeuralSynthesizer))}
        own = {k: v for k, v in self.get_params(deep=False).items() if k not in others}
        return self._kind(
            ranks,
            generators,
            n_classes=len(self.classes_),
            n_features=self.n_features_in_,
            reduced=reduced(self.precision, device_of(self.device)),
            **own,
        )

    def _take(self, networks: Networks, m: int) -> None:
        for name, network in networks.named_children():
            assert isinstance(network, StackedMLP)
            setattr(self, f"{name}_", network.member(m))

    def _fitted_networks(self) -> dict[str, Tensor]:
        networks = self._networks([self.coordinates_.width], [None])
        return {
            f"{name}.{key}": tensor
            for name, _ in networks.named_children()
            for key, tensor in getattr(self, f"{name}_").state_dict().items()
        }

    def _remembered(
        self, rows: NDArray[np.float32], codes: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        """Return what sampling needs of the training rows, given in coordinates."""
        return {}

    def _stack_key(self, n_rows: int) -> Hashable:
        settings = {k: str(v) for k, v in self.get_params().items() if k != "random_state"}
        batches = n_batches(n_rows, self.batch_size)
        return (len(self.classes_), self.n_features_in_, batches, *settings.items())

    @classmethod
    def _fit_stack(
        cls,
        synthesizers: Sequence[Self],
        data: Sequence[tuple[NDArray[np.floating], NDArray[np.intp]]],
        progress: bool,
    ) -> None:
        members = list(zip(synthesizers, data, strict=True))
        first, (X, _) = members[0]
        width = min(X.shape) if first.rotate else X.shape[1]
        alone = first._networks([width], [None])
        total = len(members) * len(alone.phases()) * first.epochs
        device = device_of(first.device)
        on_cpu = device.type == "cpu"
        with (
            progress_bar(
                total=total,
                desc=f"training {len(members)} x {cls.__name__}",
                disable=not progress,
                leave=False,
                unit="epoch",
            ) as bar,
            _tensor_cores(first.precision, device),
            one_thread_each() as cores,
            Parallel(n_jobs=cores if on_cpu else 1, prefer="threads") as parallel,
        ):
            parallel(
                delayed(_fit_together)(part, bar.update) for part in _parts(members, alone, on_cpu)
            )
            health.warn_of(synthesizers, data)


def apply(network: StackedMLP, *inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a fitted network makes of ``inputs``, each (n, width), side by side."""
    return network(torch.as_tensor(np.hstack(inputs))[None])[0].numpy()


def normal(rng: np.random.RandomState, *shape: int) -> NDArray[np.float32]:
    """Draw from N(0, 1) in the precision of the networks."""
    return rng.standard_normal(shape).astype(np.float32)


def device_of(name: str) -> torch.device:
    """Return the device of that name; ``"auto"`` is a GPU if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise AdanError(f"device '{name}' cannot be used: {reason}") from error


def reduced(precision: Precision, device: torch.device) -> bool:
    """Tell whether wide matrix products are to be done in bfloat16.

    ``"auto"`` does so where the hardware multiplies bfloat16: a GPU that does, or a CPU with
    AVX-512 BF16 or AMX.
    """
    if precision not in get_args(Precision):
        raise AdanError(
            f"no precision '{precision}'; choose one of {', '.join(get_args(Precision))}"
        )
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


@contextmanager
def _tensor_cores(precision: Precision, device: torch.device) -> Iterator[None]:
    """Let a GPU multiply float32 in TF32 for a while, unless float32 is asked for."""
    before = torch.get_float32_matmul_precision()
    if device.type == "cuda" and precision != "float32":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


Member = tuple[NeuralSynthesizer, tuple[NDArray[np.floating], NDArray[np.intp]]]


def _parts(members: Sequence[Member], alone: Networks, on_cpu: bool) -> Iterator[Sequence[Member]]:
    """Cut a stack into parts of about equal size that are small enough."""
    size = 16 * sum(p.numel() for p in alone.parameters())
    most = min(STACK_MEMBERS, STACK_BYTES // size) if on_cpu else STACK_BYTES_ON_GPU // size
    n_parts = -(-len(members) // max(1, most))
    for places in np.array_split(np.arange(len(members)), n_parts):
        yield [members[i] for i in places]


def _fit_together(part: Sequence[Member], advance: Callable[[int], object]) -> None:
    first = part[0][0]
    seeds = [np.random.SeedSequence(seed_of(member.random_state)) for member, _ in part]
    generators = [
        torch.Generator().manual_seed(int(s.generate_state(1, np.uint64)[0])) for s in seeds
    ]
    for (member, (X, _)), seed in zip(part, seeds, strict=True):
        rng = np.random.default_rng(seed.spawn(1)[0])
        member.coordinates_ = Coordinates.of(X, rng if member.rotate else None)
    rows = [member.coordinates_.to(X) for member, (X, _) in part]
    codes = [torch.as_tensor(member_codes) for _, (_, member_codes) in part]
    device = device_of(first.device)
    networks = first._networks([r.shape[1] for r in rows], generators).to(device)
    networks.start(first.learning_rate)
    histories: list[dict[str, NDArray[np.float64]]] = [{} for _ in part]

    def end_epoch(done: float) -> None:
        if first.anneal:
            networks.slow_down(done)
        advance(len(part))

    for phase in networks.phases():
        networks.slow_down(0.0)
        measured = train(
            phase,
            rows,
            codes,
            n_classes=len(first.classes_),
            rounds=first.epochs * n_batches(len(rows[0]), first.batch_size),
            batch_size=first.batch_size,
            noise_width=networks.noise_width,
            generators=generators,
            device=device,
            advance=end_epoch,
        )
        histories = [h | new for h, new in zip(histories, measured, strict=True)]
    for m, ((member, _), history) in enumerate(zip(part, histories, strict=True)):
        member.history_ = history
        member.memory_ = member._remembered(rows[m].numpy(), codes[m].numpy())
        member._take(networks, m)


def _under(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with ``prefix`` and a dot, by the rest of the name."""
    start = f"{prefix}."
    return {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
