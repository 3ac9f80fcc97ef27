"""
Watch the game
==============

``history_`` holds what a training did, epoch by epoch. The game is in balance while D says about
0.5 of real and of synthetic latents alike.
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.preprocessing import StandardScaler

from adan import ADAN, load_emodb

emodb = load_emodb()
X = StandardScaler().fit_transform(emodb.data[:, ::32])
small = {"autoencoder_hidden": (100, 100), "epochs": 40, "random_state": 0}
games = {
    "learning rate 0.0003": ADAN(learning_rate=3e-4, **small),
    "learning rate 0.003": ADAN(learning_rate=3e-3, **small),
}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
for axes, (name, adan) in zip(panels, games.items(), strict=True):
    history = pd.DataFrame(adan.fit(X, emodb.target).history_)
    history[["discriminator_real", "discriminator_synthetic"]].plot(
        ax=axes, color=["#d55e00", "#0072b2"], ylim=(0, 1), title=name, xlabel="epoch"
    )
    print(name, history.iloc[-1][["accuracy_real", "accuracy_synthetic"]].round(2).to_dict())
