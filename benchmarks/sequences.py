"""Networks that read frames: seconds an epoch, in either precision, and of two folds side by side.

Sequences of EmoDB's shape: 480 utterances of 275 frames on average.
"""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone

from adan._computing import computing
from adan.classifiers.sequence.acrnn import ACRNN
from adan.classifiers.sequence.attention_rnn import AttentionRNN
from adan.classifiers.sequence.variable_length import VariableLengthDNN
from adan.sequences import Sequences
from benchmarks.common import main, seconds

UTTERANCES, UPDATES = 480, 6
AN_EPOCH = UTTERANCES / 32
NETWORKS = {
    "attention_rnn": (AttentionRNN(), 32),
    "attention_rnn_three_frames_stacked": (AttentionRNN(stacked=3), 32),
    "acrnn_3d": (ACRNN(), 120),
    "acrnn_2d": (ACRNN(channels=1), 40),
    "variable_length": (VariableLengthDNN(), 161),
}


def measure():
    rng = np.random.default_rng(0)
    lengths = rng.integers(130, 420, UTTERANCES)
    y = np.arange(UTTERANCES) % 7
    figures = {}
    for name, (classifier, n_features) in NETWORKS.items():
        X = Sequences(rng.normal(size=(lengths.sum(), n_features)).astype(np.float32), lengths)
        one = clone(classifier).set_params(steps=UPDATES, random_state=0)

        def fit(precision="auto", one=one, X=X):
            clone(one).set_params(precision=precision).fit(X, y)

        def side_by_side(fit=fit):
            with computing() as workers:
                Parallel(n_jobs=min(2, workers), prefer="threads")(delayed(fit)() for _ in range(2))

        fit()  # the first fit asks for the memory
        alone, exactly = seconds(fit), seconds(lambda: fit("float32"))
        figures[f"{name}_seconds_an_epoch"] = alone * AN_EPOCH / UPDATES
        figures[f"{name}_times_as_fast_as_in_float32"] = exactly / alone
        figures[f"{name}_side_by_side_speedup"] = 2 * alone / seconds(side_by_side)
    return figures


if __name__ == "__main__":
    main("sequences", measure)
