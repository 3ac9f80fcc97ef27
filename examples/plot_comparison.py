"""
Is the difference real?
=======================

Any predictions will do for the statistics, wherever they come from: here those of scikit-learn's
``cross_val_predict``. Intervals and tests go over speakers, since the utterances of one speaker
are not independent.
"""

import matplotlib.pyplot as plt
import pandas as pd
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.preprocessing import StandardScaler

from adan import RBFSVM, AdditiveNoise, ClassGaussian, SyntheticOverSampler, load_emodb
from adan.evaluation.comparison import compare, power_note

emodb = load_emodb()
X, y, speakers = emodb.data[:, ::16], emodb.target, emodb.groups


def predictions(method, *steps):
    pipeline = make_pipeline(StandardScaler(), *steps, RBFSVM())
    predicted = cross_val_predict(pipeline, X, y, groups=speakers, cv=LeaveOneGroupOut())
    return pd.DataFrame(
        {
            **{"subset": "all", "classifier": "svm", "normalisation": "fold", "seed": 0},
            **{"method": method, "fold": speakers, "speaker": speakers},
            **{"utterance": emodb.utterances, "true": y, "predicted": predicted},
        }
    )


table = compare(
    pd.concat(
        [
            predictions("real only"),
            predictions("gaussian", SyntheticOverSampler(ClassGaussian(), times=2, random_state=0)),
            predictions("noise", SyntheticOverSampler(AdditiveNoise(), times=2, random_state=0)),
        ]
    )
)
print(table[["method", "uar", "uar_difference", "uar_p_holm", "verdict"]].round(3).to_string())
print(power_note(table))

# %%

methods = table[table["method"] != "real only"]
figure, axes = plt.subplots(figsize=(7, 1.8), layout="constrained")
middle = methods["uar_difference"]
sides = [middle - methods["uar_difference_low"], methods["uar_difference_high"] - middle]
axes.errorbar(middle, methods["method"], xerr=sides, fmt="o", capsize=4)
axes.axvline(0, color="grey", linewidth=0.8)
axes.set(xlabel="points of UAR, with 95 % interval", title="difference from real only")
axes.margins(y=0.4)
