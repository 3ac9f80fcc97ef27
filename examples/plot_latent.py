"""
Look into the latent space
==========================

ADAN learns a latent space in which emotions are apart, and a generator that draws from it. Do
its vectors lie where the real ones do?
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.preprocessing import StandardScaler

from adan import ADAN, load_emodb
from adan.reproduction.figures import map_points

emodb = load_emodb()
chosen = pd.Series(emodb.target).isin(["anger", "boredom", "sadness"]).to_numpy()
X, y = StandardScaler().fit_transform(emodb.data[chosen, ::16]), emodb.target[chosen]
adan = ADAN(epochs=60, autoencoder_hidden=(200, 200), learning_rate=3e-4, random_state=0).fit(X, y)

# %%
# `encode` goes from features to latents, `sample_latent` asks the generator, and `decode` leads
# back to features.

latents = adan.sample_latent(y)
utterances = pd.DataFrame(
    {"utterance": emodb.utterances[chosen], "emotion": y, "speaker": emodb.groups[chosen]}
)
spaces = {
    "latent vectors": (adan.encode(X), latents),
    "feature vectors": (X, adan.decode(latents)),
}
points = map_points(spaces, utterances)

figure, panels = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for axes, (space, there) in zip(panels, points.groupby("space", sort=False), strict=True):
    for colour, (emotion, some) in zip(
        ("#d55e00", "#0072b2", "#009e73"), there.groupby("emotion"), strict=True
    ):
        for synthetic, marker, alpha in ((False, "o", 0.25), (True, "^", 0.9)):
            chosen = some[some["synthetic"] == synthetic]
            label = f"{emotion}, {'synthetic' if synthetic else 'real'}"
            axes.scatter(
                chosen["x"], chosen["y"], s=12, c=colour, marker=marker, alpha=alpha, label=label
            )
    axes.set(title=space, xticks=[], yticks=[])
panels[0].legend(fontsize=7)
