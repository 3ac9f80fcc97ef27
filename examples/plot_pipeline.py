"""
Balance classes inside a pipeline
=================================

Disgust is made rare, and three pipelines of imbalanced-learn try to find it again. The over-sampler
works on training rows alone: at prediction time a pipeline skips it.
"""

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import make_pipeline
from sklearn.metrics import recall_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.preprocessing import StandardScaler

from adan import RBFSVM, SMOTE, ClassGaussian, SyntheticOverSampler, load_emodb

emodb = load_emodb()
rng = np.random.default_rng(0)
keep = (emodb.target != "disgust") | (rng.random(len(emodb.target)) < 0.4)
X, y, speakers = emodb.data[keep, ::16], emodb.target[keep], emodb.groups[keep]
print({label: int((y == label).sum()) for label in emodb.target_names})

# %%
# ``sampling_strategy="auto"`` fills every class up to the largest.

recalls = {}
for name, synthesizer in {
    "real only": None,
    "SMOTE": SMOTE(),
    "class-wise Gaussian": ClassGaussian(),
}.items():
    steps = [StandardScaler(), RBFSVM()]
    if synthesizer is not None:
        steps.insert(1, SyntheticOverSampler(synthesizer, sampling_strategy="auto", random_state=0))
    predicted = cross_val_predict(
        make_pipeline(*steps), X, y, groups=speakers, cv=LeaveOneGroupOut()
    )
    recalls[name] = 100 * recall_score(y, predicted, labels=emodb.target_names, average=None)

figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
places = np.arange(len(emodb.target_names))
for i, (name, recall) in enumerate(recalls.items()):
    axes.bar(places + 0.27 * (i - 1), recall, 0.25, label=f"{name}, UAR {recall.mean():.1f} %")
axes.set_xticks(places, emodb.target_names)
axes.set_ylabel("recall in per cent")
axes.legend(ncols=3, loc="lower center")
