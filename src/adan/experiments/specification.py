"""What a study is made of: a TOML file, checked key by key before anything is computed."""

from __future__ import annotations

import inspect
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from sklearn.base import BaseEstimator

from adan._files import replacing
from adan._parameters import check_choices, check_parameters, hints_of
from adan.audio.perturbation import PERTURBATIONS, Perturbation, Splice, perturbation
from adan.classifiers.registry import CLASSIFIERS, Name, reads_sequences
from adan.classifiers.sequence.base import SequenceClassifier
from adan.corpora import emodb
from adan.errors import AdanError
from adan.evaluation.normalisation import n_enrolled
from adan.experiments.scarcity import Scarcity
from adan.experiments.study import Study
from adan.features import FrameSet, named
from adan.folds import Method
from adan.synthesis.registry import names as synthesizers
from adan.synthesis.registry import synthesizer
from adan.synthesis.segments import OfSegments

NO_SYNTHESIZER = "none"
EVERY = "every"
"""Stands for each class in turn where a class is rare."""
TEMPLATE = Path(__file__).with_name("template.toml")


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _feature_set(name: str) -> str:
    return named(name).name


class CorpusChoice(_Checked):
    """A corpus, and the options it is read with: see `adan.corpora.read_corpus`.

    Attributes
    ----------
    path, options
        Where it lies, and how it is read.
    emotions : dict
        Other names for some of its emotions, such as anger for angry.
    """

    path: str
    options: dict[str, str | bool] = {}
    emotions: dict[str, str] = {}

    def found_from(self, folder: Path) -> Self:
        """Return the same, its path not relative to where the program runs but to a folder."""
        if self.path == emodb.NAME or self.path.startswith("audb:"):
            return self
        return self.model_copy(update={"path": str(folder / self.path)})


class MethodChoice(_Checked):
    """How a training set is made, and what is trained on it.

    Attributes
    ----------
    synthesizer : str
        A name of `adan.synthesis.registry`, or ``"none"``.
    perturbation : str
        In place of a synthesizer, a name of `adan.audio.perturbation`.
    parameters : dict
        Of the synthesizer or perturbation.
    real, times, more, balance
        See `adan.folds.Method`.
    segment : int
        Of sequences, so many frames are one vector to the synthesizer: see
        `adan.synthesis.segments.OfSegments`.
    classifiers : list of str
        Some of the study's, by their names; all of them where the list is empty.
    """

    synthesizer: str | None = None
    perturbation: str | None = None
    parameters: dict[str, Any] = {}
    real: bool = True
    times: PositiveInt = 10
    more: dict[str, PositiveInt] = {}
    balance: bool = False
    segment: PositiveInt | None = None
    classifiers: list[str] = []

    def method(self) -> Method:
        """Return what it stands for."""
        if self.perturbation is not None:
            copies = perturbation(self.perturbation, **_tuples(self.parameters))
            return Method(real=self.real, perturbation=copies)
        if self.synthesizer is None or self.synthesizer == NO_SYNTHESIZER:
            return Method()
        made: Any = synthesizer(self.synthesizer, **_tuples(self.parameters))
        if self.segment is not None:
            made = OfSegments(made, self.segment)
        return Method(made, self.real, self.times, self.more, self.balance)

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if (self.synthesizer is None) == (self.perturbation is None):
            raise ValueError(
                f"give either a synthesizer ('{NO_SYNTHESIZER}' is real data alone) or a "
                "perturbation"
            )
        if self.perturbation is not None:
            self._allow_no("times", "more", "balance", "segment", beside="a perturbation")
            _check_parameters(type(perturbation(self.perturbation)), self.parameters)
            self.method()  # tells strengths that are out of range
        elif self.synthesizer == NO_SYNTHESIZER:
            names = ("parameters", "real", "times", "more", "balance", "segment")
            self._allow_no(*names, beside="synthesizer = 'none'")
        elif self.synthesizer is not None:
            _check_parameters(type(synthesizer(self.synthesizer)), self.parameters)
            check_parameters(synthesizer(self.synthesizer, **_tuples(self.parameters)))
        if self.balance:
            self._allow_no("real", "times", "more", beside="balance")
        return self

    def _allow_no(self, *names: str, beside: str) -> None:
        for name in names:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} means nothing beside {beside}: leave it out")


class ClassifierChoice(_Checked):
    """A classifier of `adan.classifiers.registry`, and what it is trained on.

    Attributes
    ----------
    kind : str
        Its name in the registry.
    parameters : dict
        Of its constructor.
    features : list of str
        Some of the study's; all of its level, vectors or sequences, where the list is empty.
    """

    kind: Name
    parameters: dict[str, Any] = {}
    features: list[Annotated[str, BeforeValidator(_feature_set)]] = []

    def reads(self, features: str, sequences: bool) -> bool:
        """Tell whether it is trained on features of this name, which may be sequences."""
        fits = reads_sequences(self.kind) == sequences
        return fits and (not self.features or features in self.features)

    def classifier(self) -> BaseEstimator:
        """Return what it stands for."""
        return CLASSIFIERS[self.kind](**_tuples(self.parameters))

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        _check_parameters(CLASSIFIERS[self.kind], self.parameters)
        made: Any = self.classifier()
        if reads_sequences(self.kind):
            made.check_parameters()
        else:
            check_parameters(made)
            check_choices(made)
        return self


class ScarcityChoice(_Checked):
    """How few training utterances stay: each number is a further subset of every corpus.

    Attributes
    ----------
    utterances_per_class : list of int
        Of every class so many stay.
    speakers : list of int
        So many training speakers stay.
    rare : dict of str to list of int
        Of one class so many stay, of the others all; ``"every"`` is each class in turn.
    """

    utterances_per_class: list[PositiveInt] = []
    speakers: list[PositiveInt] = []
    rare: dict[str, list[PositiveInt]] = {}

    @property
    def labels(self) -> list[str]:
        """The classes that are named."""
        return [label for label in self.rare if label != EVERY]

    def of(self, classes: Sequence[str]) -> Iterator[Scarcity]:
        """Yield what it stands for in a corpus of these classes, each once."""
        everywhere = [
            *(Scarcity("utterances_per_class", n) for n in self.utterances_per_class),
            *(Scarcity("speakers", n) for n in self.speakers),
        ]
        rare = (
            Scarcity("rare", n, label)
            for name, numbers in self.rare.items()
            for label in (classes if name == EVERY else [name])
            for n in numbers
        )
        yield from dict.fromkeys([*everywhere, *rare])


def _each_once(values: list[str]) -> list[str]:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value!r} stands there twice: name it once")
    return values


def _corpus(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def are_sequences(features: str) -> bool:
    """Tell whether features are sequences of frames; those that have no set are vectors."""
    try:
        FrameSet.named(features)
    except AdanError:
        return False
    return True


def _normalisation(how: str) -> str:
    n_enrolled(how)
    return how


class Specification(_Checked):
    """A study: every corpus x features x subset x normalisation x method x seed is one cell of it.

    Attributes
    ----------
    corpora : list of CorpusChoice
        What `adan.corpora.read_corpus` takes.
    features : list of str
        What is extracted where a corpus has audio: see `adan.features.named`.
    subsets : list of {"all", "improvised"}
        The utterances to train and test classifiers on, where a corpus makes the difference; files
        of older versions call the key ``parts``.
    normalisations : list of {"fold", "corpus", "speaker", "enrolment N"}
        See `adan.evaluation.normalisation`.
    scarcity : ScarcityChoice
        Further subsets, of which less stays to train on.
    protocol : {"speaker", "session", "corpus"}
        What is left out at a time; speakers where a corpus has no sessions. "corpus" tests on each
        corpus what was learnt from all others.
    methods, classifiers : dict
        By the names that tables shall show.
    seeds : int
        Number of seeds, 0 to ``seeds - 1``.
    embedding : ClassifierChoice
        A network that is trained on the sequences of each fold first. The vectors that its output
        layer sees stand in the place of the sequences from then on.
    """

    corpora: Annotated[list[Annotated[CorpusChoice, BeforeValidator(_corpus)]], Field(min_length=1)]
    features: Annotated[
        list[Annotated[str, BeforeValidator(_feature_set)]], AfterValidator(_each_once)
    ] = ["IS11"]
    subsets: Annotated[
        list[Literal["all", "improvised"]],
        AfterValidator(_each_once),
        Field(min_length=1, validation_alias=AliasChoices("subsets", "parts")),
    ] = ["all"]
    normalisations: Annotated[
        list[Annotated[str, BeforeValidator(_normalisation)]],
        AfterValidator(_each_once),
        Field(min_length=1),
    ] = ["fold"]
    scarcity: ScarcityChoice = ScarcityChoice()
    protocol: Literal["speaker", "session", "corpus"] = "speaker"
    methods: Annotated[dict[str, MethodChoice], Field(min_length=1)]
    classifiers: Annotated[dict[str, ClassifierChoice], Field(min_length=1)]
    seeds: PositiveInt = 10
    embedding: ClassifierChoice | None = None

    def study(self, normalisation: str, features: str | None = None) -> Study:
        """Return what is run on the features of that name; None returns all there is."""
        trained = {name: self.classifiers_of(name, features) for name in self.methods_of(features)}
        methods = {name: self.methods[name].method() for name in trained}
        classifiers = {name: choice.classifier() for name, choice in self.classifiers.items()}
        embedding = self.embedding.classifier() if self.embedding else None
        return Study(methods, classifiers, normalisation, self.seeds, trained, embedding)

    def methods_of(self, features: str | None) -> list[str]:
        """Return the names of those whose sets of these features any classifier is trained on."""
        return [name for name in self.methods if self.classifiers_of(name, features)]

    def classifiers_of(self, method: str, features: str | None) -> list[str]:
        """Return the names of those that are trained on a method's sets of these features."""
        choice = self.methods[method]
        names = choice.classifiers or [*self.classifiers]
        if features is None:
            return names
        sequences = are_sequences(features) and self.embedding is None
        learns = choice.synthesizer not in (None, NO_SYNTHESIZER)
        if learns and sequences != (choice.segment is not None):
            return []
        return [name for name in names if self.classifiers[name].reads(features, sequences)]

    @property
    def perturbations(self) -> dict[str, Perturbation]:
        """The perturbations by the names of their methods."""
        made = {name: choice.method().perturbation for name, choice in self.methods.items()}
        return {name: by for name, by in made.items() if by is not None}

    @model_validator(mode="after")
    def _classifiers_are_there(self) -> Self:
        for method, choice in self.methods.items():
            if unknown := [name for name in choice.classifiers if name not in self.classifiers]:
                raise ValueError(
                    f"methods.{method}.classifiers: {unknown[0]!r} is none of the study's; there "
                    f"are {', '.join(self.classifiers)}"
                )
        return self

    @model_validator(mode="after")
    def _embedding_reads_sequences(self) -> Self:
        if self.embedding is None:
            return self
        if not issubclass(CLASSIFIERS[self.embedding.kind], SequenceClassifier):
            raise ValueError(f"embedding: {self.embedding.kind} is no network that reads sequences")
        if vectors := [features for features in self.features if not are_sequences(features)]:
            raise ValueError(f"embedding reads sequences of frames, and {vectors[0]} are vectors")
        if self.embedding.features:
            raise ValueError("embedding.features: it reads all of the study's; leave it out")
        return self

    @model_validator(mode="after")
    def _channels_are_there(self) -> Self:
        """Check that networks with a channel for each kind of deltas have these deltas."""
        readers = {f"classifiers.{name}": choice for name, choice in self.classifiers.items()}
        if self.embedding:
            readers["embedding"] = self.embedding
        sequences = [
            FrameSet.named(features) for features in self.features if are_sequences(features)
        ]
        for name, choice in readers.items():
            channels = choice.classifier().get_params().get("channels", 1)
            read = [own for own in sequences if choice.reads(own.name, True)]
            if wrong := [own.name for own in read if channels not in (1, own.n_deltas + 1)]:
                raise ValueError(
                    f"{name}: channels = {channels} does not fit {wrong[0]}; give 1, 2 for "
                    "features with deltas (+d), or 3 for those with their deltas as well (+dd)"
                )
        return self

    @model_validator(mode="after")
    def _scarce_is_scarce(self) -> Self:
        """Check that no copy brings back an utterance that was taken out."""
        splices = [name for name, by in self.perturbations.items() if isinstance(by, Splice)]
        if splices and self.scarcity != ScarcityChoice():
            raise ValueError(
                f"methods.{splices[0]}: splice joins utterances of the whole corpus, so that it "
                "cannot be measured where some are taken out (scarcity): leave one out"
            )
        return self

    @model_validator(mode="after")
    def _levels_fit(self) -> Self:
        """Check that vectors and sequences are read by what reads them."""
        levels = {f: are_sequences(f) and self.embedding is None for f in self.features}
        for name, choice in self.classifiers.items():
            if not any(choice.reads(*level) for level in levels.items()):
                reads = "sequences of frames" if reads_sequences(choice.kind) else "vectors"
                raise ValueError(
                    f"classifiers.{name} reads {reads}, and the study's features are "
                    f"{', '.join(self.features)}: change one of them"
                )
        sequences = [f for f in self.features if are_sequences(f)]
        enrolled = [*filter(n_enrolled, self.normalisations)]
        if sequences and enrolled:
            raise ValueError(
                f"normalisations: {enrolled[0]} needs vectors, and {sequences[0]} are sequences"
            )
        return self

    @model_validator(mode="after")
    def _everything_is_trained(self) -> Self:
        trained = {
            (method, name)
            for features in self.features
            for method in self.methods
            for name in self.classifiers_of(method, features)
        }
        for name, choice in self.methods.items():
            if not any(name == own for own, _ in trained):
                raise ValueError(
                    f"methods.{name}: no classifier of the study can be trained on what it makes "
                    f"of {', '.join(self.features)}; synthesizers make vectors, and sequences with "
                    "segment = 300, so many frames a vector"
                )
            if idle := [own for own in choice.classifiers if (name, own) not in trained]:
                raise ValueError(
                    f"methods.{name}.classifiers: {idle[0]} cannot be trained on what it makes of "
                    f"{', '.join(self.features)}: leave it out, or give a segment"
                )
        for name in self.classifiers:
            if not any(name == own for _, own in trained):
                raise ValueError(
                    f"classifiers.{name}: no method of the study makes what it can be trained on"
                )
        return self

    @model_validator(mode="after")
    def _corpora_are_several(self) -> Self:
        if self.protocol == "corpus" and len(self.corpora) < 2:
            raise ValueError("corpora: protocol = 'corpus' needs at least two, to leave one out")
        if self.protocol == "corpus" and self.perturbations:
            name = next(iter(self.perturbations))
            raise ValueError(f"methods.{name}: protocol = 'corpus' takes no perturbations yet")
        return self

    def changed(self, **changes: Any) -> Specification:
        """Return the study with some keys changed, checked again."""
        return checked({**self.model_dump(exclude_unset=True), **changes}, "the study")

    def with_methods(self, names: Sequence[str]) -> Specification:
        """Return the study with further synthesizers or perturbations, with their defaults.

        Where all it trains on are sequences, synthesizers draw one set of stretches of 3 s.
        """
        perturbations = PERTURBATIONS.keys() - synthesizers()
        of_sequences = self.embedding is None and all(map(are_sequences, self.features))
        drawn = {"segment": 300, "times": 1} if of_sequences else {}
        new = {
            name: {"perturbation": name}
            if name in perturbations
            else {"synthesizer": name, **drawn}
            for name in names
            if name not in self.methods
        }
        return self.changed(methods={**self.model_dump(exclude_unset=True)["methods"], **new})


def read(path: str | os.PathLike[str]) -> Specification:
    """Read a study from its TOML file.

    Parameters
    ----------
    path : path-like
        See ``adan study init`` for a commented one. The paths of corpora are absolute, or relative
        to the folder of the file.

    Raises
    ------
    AdanError
        If the file is missing or no TOML, or a key is unknown, missing or has a wrong value; the
        message names the key and what may stand there.
    """
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AdanError(f"{path} cannot be read as a study: {reason}") from error
    study, folder = checked(values, str(path)), Path(path).absolute().parent
    corpora = [corpus.found_from(folder) for corpus in study.corpora]
    return study.model_copy(update={"corpora": corpora})


def checked(values: Mapping[str, Any], where: str) -> Specification:
    """Check the values of a study; ``where`` names their place in the message of an `AdanError`."""
    try:
        return Specification.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(dict.fromkeys(map(_in_words, error.errors())))
        raise AdanError(f"{where}: {problems}") from error


def write_template(path: str | os.PathLike[str]) -> None:
    """Write a commented study to start from."""
    with replacing(path) as temporary:
        temporary.write_bytes(TEMPLATE.read_bytes())


def _in_words(problem: Any) -> str:
    place = problem["loc"]
    key = ".".join(str(step) for step in place)
    if problem["type"] == "extra_forbidden":
        groups: dict[Any, type[BaseModel]] = {
            "corpora": CorpusChoice,
            "methods": MethodChoice,
            "classifiers": ClassifierChoice,
            "embedding": ClassifierChoice,
            "scarcity": ScarcityChoice,
        }
        group = groups[place[0]] if len(place) > 1 else Specification
        return f"{key} is no key; there are {', '.join(group.model_fields)}"
    text = problem["msg"].removeprefix("Value error, ")
    if not key:
        return text
    of_parameter = text[1:2] == "="  # as in C=-1.0
    return f"{key}: {text if of_parameter else text[0].lower() + text[1:]}"


def _check_parameters(kind: type[Any], parameters: Mapping[str, Any]) -> None:
    """Raise ValueError unless ``kind`` has these parameters and they are of its types."""
    known = [name for name in inspect.signature(kind).parameters if name != "random_state"]
    hints = hints_of(kind)
    for name, value in parameters.items():
        if name not in known:
            raise ValueError(f"no parameter {name!r}; there are {', '.join(known)}")
        try:
            TypeAdapter(hints.get(name, Any)).validate_python(value)
        except ValidationError as error:
            raise ValueError(f"parameters.{name}: {error.errors()[0]['msg']}") from error


def _tuples(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()}
