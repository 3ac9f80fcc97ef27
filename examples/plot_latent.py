"""
Look into the latent space
==========================

ADAN learns a latent space in which emotions are apart, and a generator that draws from it. Do
its vectors lie where the real ones do?
"""

import pandas as pd
from sklearn.preprocessing import StandardScaler

from adan import ADAN, load_emodb
from adan.reports.figures import figure3, map_points

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
figure = figure3(points, title="ADAN on three emotions of EmoDB, 60 epochs")
figure
