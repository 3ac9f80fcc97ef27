"""What every synthesizer made of networks shares: how it is fitted, and its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import torch
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from adan import _arrays
from adan._computing import computing
from adan._progress import progress_bar
from adan.errors import AdanError
from adan.networks.coordinates import Coordinates
from adan.networks.devices import Precision, device_of, reduced, tensor_cores
from adan.networks.loop import History, n_batches, n_rounds
from adan.networks.many import Job, Stackable
from adan.networks.stacked import StackedMLP
from adan.networks.training import Networks, n_chunks, seed_of, train_networks
from adan.synthesis import health
from adan.synthesis.base import Synthesizer
from adan.synthesis.stopping import Rule


@dataclass(eq=False, repr=False, kw_only=True)
class NeuralSynthesizer(Stackable, Synthesizer):
    """Base of the synthesizers made of networks.

    A subclass names its `Networks` as ``_kind``, implements ``_sample``, and adds the parameters
    that its networks are made with as fields of a dataclass. Each network comes out of ``fit`` as
    an attribute of its name with an underscore behind it.

    Parameters
    ----------
    learning_rate : float, default=1e-4
        Of Adam, for all networks.
    anneal : bool, default=False
        Whether the learning rate falls linearly, round by round, towards 0 at the end of training
        (of each phase, where networks are trained one after the other).
    steps : int, default=800
        Updates (of each phase). The same number for every set, however large: with a number of
        epochs that suits 500 vectors, the discriminator would win on 5,000.
    epochs : int, default=None
        Passes over the training vectors in place of ``steps``.
    batch_size : int, default=128
        Rows a batch at the most.
    rotate : bool, default=True
        With fewer training vectors than features, train in coordinates of the space the training
        vectors span: lossless for them, and several times faster.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of the matrix products, in training, of the networks that take or give feature vectors, such
        as E and R; ``"auto"`` is bfloat16 where the hardware multiplies it. Weights, losses and
        everything after training are float32. The other networks are float32; on a GPU TF32,
        unless this is ``"float32"``.
    device : str, default="auto"
        Where to train: ``"cpu"``, ``"cuda"``, or a GPU if there is one.
    random_state : int, RandomState or None, default=None
        Seed of the initial weights, the shuffling and the noise. The global generators of numpy
        and torch are not touched.
    """

    _kind: ClassVar[Callable[..., Networks]]
    _of_sampling: ClassVar[tuple[str, ...]] = ()
    """Parameters that the networks are not made with."""

    learning_rate: float = 1e-4
    anneal: bool = False
    steps: int = 800
    epochs: int | None = None
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
        _arrays.write(path, type(self).__name__, header, arrays)

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
        header, arrays = _arrays.read(path, cls.__name__)
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
        self, networks: Networks, m: int, rows: NDArray[np.float32], codes: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        """Return what sampling needs besides the networks of member ``m``.

        ``rows`` are its training rows in coordinates, ``codes`` their classes.
        """
        return {}

    def _coordinates(
        self, X: NDArray[np.floating], rotation: np.random.Generator | None
    ) -> Coordinates:
        return Coordinates.of(X, rotation)

    def _drops_last(self) -> bool:
        """Tell whether an epoch leaves out what fills no batch."""
        return False

    def _n_batches(self, n_rows: int) -> int:
        """Return how many batches an epoch has."""
        return n_batches(n_rows, self.batch_size, self._drops_last())

    def _rounds(self, n_rows: int) -> int:
        """Return how many updates a set of so many rows is trained with."""
        return n_rounds(self.steps, self.epochs, self._n_batches(n_rows))

    def _stop_rule(self) -> Rule | None:
        """Return what ends training before its last epoch, if anything does."""
        return None

    def _fit(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> None:
        self._fit_stack([self._job(X, codes)], progress=False)

    def _prepare(self, X: ArrayLike, y: ArrayLike, n_real: int | None) -> Job:
        return self._job(*self._check(X, y))

    def _job(self, X: NDArray[np.floating], codes: NDArray[np.intp]) -> Job:
        settings = {k: str(v) for k, v in self.get_params().items() if k != "random_state"}
        batches = self._n_batches(len(X))
        stack = (len(self.classes_), self.n_features_in_, batches, *settings.items())
        return Job(self, (X, codes), stack)

    @classmethod
    def _fit_stack(cls, jobs: Sequence[Job], progress: bool) -> None:
        first, (X, _) = jobs[0].estimator, jobs[0].data
        alone = first._networks([min(X.shape) if first.rotate else X.shape[1]], [None])
        n_epochs = first._rounds(len(X)) // first._n_batches(len(X))
        total = len(jobs) * len(alone.phases()) * n_epochs
        device = device_of(first.device)
        seeds = [np.random.SeedSequence(seed_of(job.estimator.random_state)) for job in jobs]
        chunks = np.array_split(np.arange(len(jobs)), n_chunks(len(jobs), alone, device))
        with (
            progress_bar(
                total=total,
                desc=f"{cls.__name__} learns {len(jobs)} training sets at once",
                disable=not progress,
                leave=False,
                unit="epoch",
            ) as bar,
            tensor_cores(first.precision, device),
            computing() as cores,
            Parallel(n_jobs=cores, prefer="threads") as parallel,
        ):
            parallel(delayed(_find_coordinates)(*one) for one in zip(jobs, seeds, strict=True))
            side_by_side = parallel if device.type == "cpu" else Parallel(n_jobs=1)
            side_by_side(
                delayed(_fit_chunk)(
                    [jobs[i] for i in places], [seeds[i] for i in places], device, bar.update
                )
                for places in chunks
            )
            health.warn_of([job.estimator for job in jobs], [job.data for job in jobs])


def _find_coordinates(job: Job, seed: np.random.SeedSequence) -> None:
    """Find the coordinates that a member trains in."""
    member: NeuralSynthesizer = job.estimator
    rng = np.random.default_rng(seed.spawn(1)[0])
    member.coordinates_ = member._coordinates(job.data[0], rng if member.rotate else None)


def _fit_chunk(
    jobs: Sequence[Job],
    seeds: Sequence[np.random.SeedSequence],
    device: torch.device,
    advance: Callable[[int], object],
) -> None:
    """Train a chunk of a stack, on one thread."""
    members: list[NeuralSynthesizer] = [job.estimator for job in jobs]
    first = members[0]
    generators = [
        torch.Generator().manual_seed(int(s.generate_state(1, np.uint64)[0])) for s in seeds
    ]
    rows = [member.coordinates_.to(job.data[0]) for member, job in zip(members, jobs, strict=True)]
    codes = [torch.as_tensor(job.data[1]) for job in jobs]
    networks = first._networks([r.shape[1] for r in rows], generators)
    going_on = set(range(len(members)))
    rule, drop_last = first._stop_rule(), first._drops_last()

    def take(m: int) -> None:
        going_on.remove(m)
        member = members[m]
        member.memory_ = member._remembered(networks, m, rows[m].numpy(), codes[m].numpy())
        member._take(networks, m)

    def stop(m: int, history: History) -> bool:
        if stopped := rule is not None and rule(history):
            take(m)
        return stopped

    histories = train_networks(
        networks,
        rows,
        codes,
        n_classes=len(first.classes_),
        rounds=first._rounds(len(rows[0])),
        batch_size=first.batch_size,
        learning_rate=first.learning_rate,
        anneal=first.anneal,
        generators=generators,
        device=device,
        drop_last=drop_last,
        advance=lambda: advance(len(jobs)),
        stop=stop if rule else None,
    )
    for m in sorted(going_on):
        take(m)
    for member, history in zip(members, histories, strict=True):
        member.history_ = history


def normal(rng: np.random.RandomState, *shape: int) -> NDArray[np.float32]:
    """Draw from N(0, 1) in the precision of the networks."""
    return rng.standard_normal(shape).astype(np.float32)


def _under(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with ``prefix`` and a dot, by the rest of the name."""
    start = f"{prefix}."
    return {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
