"""
How much do synthetic vectors vary?
===================================

A generator can have fine losses and still draw nearly the same vector again and again. The spread
within a class, beside the real one, shows it at once.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.preprocessing import StandardScaler

from adan import load_emodb, synthesizer

emodb = load_emodb()
X, y = StandardScaler().fit_transform(emodb.data[:, ::16]), emodb.target
names = ["duplication", "noise", "gaussian", "smote", "mixup", "adan"]

# %%
# Each draws as many vectors of each class as there are real ones. The spread is the sum of the
# features' variances.


def spread(rows):
    return rows.var(axis=0).sum()


spreads = {}
for name in names:
    short = {"epochs": 60, "autoencoder_hidden": (100, 100)} if name == "adan" else {}
    X_new, y_new = synthesizer(name, random_state=0, **short).fit(X, y).sample(y)
    spreads[name] = [
        spread(X_new[y_new == label]) / spread(X[y == label]) for label in emodb.target_names
    ]

figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
for place, name in enumerate(names):
    axes.plot(np.full(len(spreads[name]), place), spreads[name], "o", alpha=0.5, color="#0072b2")
    axes.plot(place, np.mean(spreads[name]), "_", markersize=30, color="#d55e00")
axes.axhline(1, color="grey", linewidth=0.8)
axes.set_xticks(range(len(names)), names)
axes.set_ylabel("spread, synthetic / real")
axes.set_title("a dot an emotion, a line their mean")
