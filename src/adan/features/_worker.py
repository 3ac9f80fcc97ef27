"""A process that openSMILE may end: answers `adan.features.apart` over its pipes.

Run as a script, so that it imports openSMILE and nothing of adan. A request is a line of JSON,
``[set, rate, n_bytes]``, and a signal; an answer is ``[problem, n_bytes]`` and a vector.
"""

import functools
import json
import os
import signal
import sys

import numpy as np
import opensmile


@functools.cache
def _smile(name: str) -> opensmile.Smile:
    return opensmile.Smile(opensmile.FeatureSet[name])


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides when to end
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what openSMILE prints is no answer
    while line := sys.stdin.buffer.readline():
        name, rate, n_bytes = json.loads(line)
        samples = np.frombuffer(sys.stdin.buffer.read(n_bytes), "<f4")
        vector, problem = b"", ""
        try:
            vector = _smile(name)(samples[np.newaxis], rate)[0, :, 0].astype("<f4").tobytes()
        except Exception as error:
            problem = " ".join(f"openSMILE: {error or type(error).__name__}".split())
        answers.write(json.dumps([problem, len(vector)]).encode() + b"\n" + vector)
        answers.flush()


if __name__ == "__main__":
    main()
