"""A recogniser of EmoDB with its nested test, against the same by scikit-learn's own means.

These leave the discriminant out, whose covariance matrix of all features would take hours.
"""

from __future__ import annotations

from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from adan import EmotionRecognizer, load_emodb
from benchmarks.common import main, seconds

CANDIDATES = [SVC(C=10, gamma="auto"), SVC(C=100, gamma=2.289e-5)]


def measure():
    emodb = load_emodb()
    X, y, speakers = emodb.data, emodb.target, emodb.groups
    ours = seconds(lambda: EmotionRecognizer(random_state=0).fit(X, y, speakers))
    steps = [("scaling", StandardScaler()), ("classifier", SVC())]
    plain = GridSearchCV(Pipeline(steps), {"classifier": CANDIDATES}, cv=LeaveOneGroupOut())
    train = speakers != "03"
    one_fold = seconds(lambda: plain.fit(X[train], y[train], groups=speakers[train]))
    n_folds = len(set(speakers)) + 1  # each speaker left out, and the model that is kept
    return {
        "train_seconds": ours,
        "plain_seconds_a_fold": one_fold,
        "times_plain": n_folds * one_fold / ours,
    }


if __name__ == "__main__":
    main("recogniser", measure)
