"""The SVM on real + 10 synthetic sets of EmoDB's shape, against scikit-learn's own kernel."""

from __future__ import annotations

import numpy as np
from sklearn.svm import SVC

from adan import RBFSVM, SMOTE, Duplication, load_emodb
from adan.evaluation.normalisation import normalise
from benchmarks.common import main, seconds


def measure():
    emodb = load_emodb()
    train = emodb.groups != "03"
    X, X_test = normalise(emodb.data, train, emodb.groups, "fold")
    y = emodb.target[train]
    figures = {}
    for name, synthesizer, times in (
        ("real", None, 0),
        ("smote_3", SMOTE(random_state=0), 3),
        ("smote_10", SMOTE(random_state=0), 10),
        ("duplication_10", Duplication(), 10),
    ):
        rows, labels = X, y
        if synthesizer is not None:
            X_synthetic, y_synthetic = synthesizer.fit(X, y).sample(np.tile(y, times))
            rows, labels = np.vstack([X, X_synthetic]), np.hstack([y, y_synthetic])
        ours = RBFSVM()
        figures[f"{name}_seconds"] = seconds(lambda s=ours, r=rows, t=labels: s.fit(r, t))
        if times <= 3:
            theirs = SVC(C=10, gamma="auto", cache_size=1000)
            elapsed = seconds(lambda s=theirs, r=rows, t=labels: s.fit(r, t))
            figures[f"{name}_speedup_vs_libsvm"] = elapsed / figures[f"{name}_seconds"]
            figures[f"{name}_same_predictions"] = float(
                (ours.predict(X_test) == theirs.predict(X_test)).mean()
            )
    return figures


if __name__ == "__main__":
    main("svm", measure)
