"""Make the features of EmoDB that come with the package again, from the audio.

python tools/bundle_emodb.py FOLDER
"""

from __future__ import annotations

import os
import sys

from adan.corpora.emodb import AUDIO_SHA256, BUNDLED, read_emodb
from adan.corpora.named import RULES
from adan.corpora.table_files import write_table
from adan.errors import AdanError
from adan.features import features_of


def bundle(folder: str | os.PathLike[str], path: str | os.PathLike[str] = BUNDLED) -> None:
    """Write the features that `adan.load_emodb` loads.

    Parameters
    ----------
    folder : path-like
        Where EmoDB lies, as `read_emodb` takes it.
    path : path-like
        The Parquet file to write; by default the package's own.

    Raises
    ------
    AdanError
        If the audio is not, bit for bit, that of the 535 originals.
    """
    corpus = features_of(read_emodb(folder), "IS11")
    if corpus.about["audio_sha256"] != AUDIO_SHA256:
        raise AdanError(
            f"{folder} holds other audio than {RULES['emodb'].source}: download it again"
        )
    write_table(
        corpus.table.drop(columns=["file", "recognised", "gender", "age"], errors="ignore"),
        path,
        features=corpus.features,
        about={**corpus.about, "corpus": "EmoDB", "corpus_licence": "CC0-1.0"},
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/bundle_emodb.py FOLDER")
    try:
        bundle(sys.argv[1])
    except AdanError as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
