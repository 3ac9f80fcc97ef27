"""Where else a run can be watched: its losses in TensorBoard, its scores in MLflow."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adan._extras import require
from adan.errors import AdanError
from adan.evaluation.scores import score_seeds
from adan.experiments.store import Cell
from adan.experiments.study import Result

Tracker = Callable[[Cell, Result], None]
"""Is shown each cell that lands."""
PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""What MLflow is told unless the user has: by default it asks a server that is away for minutes."""
_NOT_IN_METRICS = re.compile(r"[^/\w. :-]+")
"""What MLflow refuses in the name of a metric."""


def tensorboard(folder: Path) -> Tracker:
    """Return what writes the losses of each cell under ``folder/tensorboard``, a curve a fold.

    Raises
    ------
    AdanError
        If tensorboard is not installed.
    """
    require("tensorboard", "tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    def write(cell: Cell, result: Result) -> None:
        if len(result.history):
            with SummaryWriter(str(folder / "tensorboard" / cell.name)) as writer:
                for row in result.history.itertuples():
                    writer.add_scalar(f"{row.measure}/{row.fold}", row.value, row.epoch)

    return write


def mlflow(address: str, folder: Path) -> Tracker:
    """Return what logs each cell as a run of MLflow: which one it is, and each classifier's scores.

    Parameters
    ----------
    address : str
        MLflow's tracking URI. The experiment has the name of the folder.
    folder : Path
        That of the study.

    Raises
    ------
    AdanError
        If mlflow is not installed, or does not answer.
    """
    require("mlflow", "mlflow")
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name(folder.name)
        number = experiment.experiment_id if experiment else client.create_experiment(folder.name)
    except MlflowException as error:
        raise AdanError(f"MLflow at {address}: {' '.join(str(error).split())}") from error

    def log(cell: Cell, result: Result) -> None:
        run = client.create_run(number, run_name=cell.name).info.run_id
        names: dict[str, Any] = vars(cell)
        for name in ("corpus", "features", "subset", "normalisation", "method", "seed"):
            client.log_param(run, name, names[name])
        for row in score_seeds(result.predictions).itertuples():
            metric = _NOT_IN_METRICS.sub("_", row.classifier)
            client.log_metric(run, f"{metric}_wa", row.wa)
            client.log_metric(run, f"{metric}_uar", row.uar)
        client.set_terminated(run)

    def write(cell: Cell, result: Result) -> None:
        try:
            log(cell, result)
        except MlflowException as error:  # the run goes on, its cells are kept
            reason = " ".join(str(error).split())
            warnings.warn(f"MLflow at {address} did not take a cell: {reason}", stacklevel=2)

    return write
