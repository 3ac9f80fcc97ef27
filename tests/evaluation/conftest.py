from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

CLASSES = np.array(["anger", "fear", "sadness"])


@pytest.fixture
def make_predictions() -> Callable[..., pd.DataFrame]:
    """Predictions of speakers of unequal skill, right with a method's probability."""

    def make(
        methods: dict[str, float],
        *,
        n_speakers: int = 10,
        n_seeds: int = 2,
        n_each: int = 10,
        classifiers=("svm",),
        seed: int = 0,
        spread: float = 0.05,
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        speakers = np.repeat([f"{s:02d}" for s in range(n_speakers)], n_each * len(CLASSES))
        true = np.tile(CLASSES, n_speakers * n_each)
        skill = np.repeat(rng.normal(0, spread, n_speakers), n_each * len(CLASSES))
        frames = []
        for classifier in classifiers:
            for method, share in methods.items():
                for run in range(n_seeds):
                    right = rng.random(len(true)) < share + skill
                    wrong = np.roll(CLASSES, 1)[np.searchsorted(CLASSES, true)]
                    frames.append(
                        pd.DataFrame(
                            {
                                "subset": "all",
                                "method": method,
                                "classifier": classifier,
                                "normalisation": "fold",
                                "seed": run,
                                "fold": speakers,
                                "speaker": speakers,
                                "utterance": np.arange(len(true)).astype(str),
                                "true": true,
                                "predicted": np.where(right, true, wrong),
                            }
                        )
                    )
        return pd.concat(frames, ignore_index=True)

    return make
