"""A process that openSMILE may end: answers `adan.features.apart` over its pipes.

Run as a script, so that it imports openSMILE and nothing of adan. A request is a line of JSON,
``[set, level, rate, n_bytes]``, and a signal; an answer is ``[problem, n_frames,
n_bytes]`` and the frames, one behind the other; of functionals there is one.
"""

import functools
import json
import os
import signal
import sys

import numpy as np
import opensmile


@functools.cache
def _smile(name: str, level: str) -> opensmile.Smile:
    return opensmile.Smile(opensmile.FeatureSet[name], opensmile.FeatureLevel[level])


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides when to end
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what openSMILE prints is no answer
    while line := sys.stdin.buffer.readline():
        name, level, rate, n_bytes = json.loads(line)
        samples = np.frombuffer(sys.stdin.buffer.read(n_bytes), "<f4")
        frames, problem = np.empty((0, 0), "<f4"), ""
        try:
            frames = _smile(name, level)(samples[np.newaxis], rate)[0].T.astype("<f4")
        except Exception as error:
            problem = " ".join(f"openSMILE: {error or type(error).__name__}".split())
        about = json.dumps([problem, len(frames), frames.nbytes]).encode()
        answers.write(about + b"\n" + frames.tobytes())
        answers.flush()


if __name__ == "__main__":
    main()
