"""Studies survive: killed, out of disk or memory, two at once, extended, on a cluster."""

import contextlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import time
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import polars
import pytest
import torch

from adan import AdanError, _cluster
from adan._interrupts import check_interrupts, noting_interrupts
from adan.cli import main
from adan.experiments import provenance, runner
from adan.experiments import study as study_module
from adan.experiments.sources import load
from adan.experiments.specification import read
from adan.experiments.store import Store, cells_of
from adan.experiments.study import run as run_in_memory

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(
    [
        "adan.cli",
        "adan.experiments.runner",
        "adan.synthesis.adan",
        "duckdb",
        "imblearn.over_sampling",
        "polars",
        "pyarrow.dataset",
        "pyarrow.parquet",
        "pytest",
    ]
)


def run(study, folder, **options):
    specification = read(study)
    runner.run(specification, load(specification), folder, **options)


def run_alone(*arguments):
    """Run in a process of its own, one error line in its exit."""
    torch.set_num_threads(1)
    study_module.QUALITY_FOLDS = 0
    try:
        run(*arguments)
    except AdanError as error:
        arguments[0].with_name("error.txt").write_text(str(error))
        os._exit(2)


def start(*arguments):
    process = FORKSERVER.Process(target=run_alone, args=arguments)
    process.start()
    return process


def begun(study, folder):
    """Start a run and wait until it has begun its log."""
    n_logs = len(list(folder.glob("logs/*")))
    process = start(study, folder)
    while process.is_alive() and len(list(folder.glob("logs/*"))) == n_logs:
        time.sleep(0.01)
    return process


def whole(folder):
    return (folder / "predictions.parquet").read_bytes(), (folder / "history.parquet").read_bytes()


def logged(folder):
    return "".join(path.read_text() for path in sorted(folder.glob("logs/*.log")))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where undisturbed runs are kept, so that each study is run once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def make_done(make_study_file, kept, tmp_path):
    """A study that ran undisturbed, and a copy of the folder of its run."""

    def make(seeds=2):
        study = make_study_file(seeds)
        if not (kept / str(seeds)).exists():
            run(study, kept / str(seeds))
        return study, shutil.copytree(kept / str(seeds), tmp_path / "undisturbed")

    return make


def test_a_run_gives_what_the_study_gives_in_memory(make_done):
    study, folder = make_done()
    specification = read(study)
    (source,) = load(specification)
    expected = pd.concat(run_in_memory(specification.study("fold"), source.data))
    found = pd.read_parquet(folder / "predictions.parquet")
    assert set(found.columns) == {*expected.columns, "corpus", "features", "subset"}
    order = ["seed", "method", "classifier", "fold", "utterance"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True)[expected.columns],
        expected.sort_values(order, ignore_index=True),
    )
    history = pd.read_parquet(folder / "history.parquet")
    assert set(history["method"]) == {"adan", "synthetic only"}
    assert set(history["epoch"]) == {1, 2, 3}


def test_killed_at_twenty_moments_it_ends_as_if_nothing_had_happened(make_study_file, tmp_path):
    """Each is killed a random moment after some of its four cells are done, and run again."""
    study, undisturbed = make_study_file(seeds=2), tmp_path / "undisturbed"
    study.write_text(re.sub('(?m)^(smote|"synthetic only"|dnn) = .*', "", study.read_text()))
    run_alone(study, undisturbed)
    rng = random.Random(0)
    for attempt in range(20):
        folder, n_done = tmp_path / f"killed-{attempt // 4}", attempt % 4
        process = begun(study, folder)
        while process.is_alive() and len(list(folder.glob("cells/[!.]*.json"))) < n_done:
            time.sleep(0.005)
        process.join(rng.uniform(0, 0.1))
        process.kill()
        process.join()
        assert len(Store(folder).status().done) >= n_done
        if attempt % 4 == 3:
            run(study, folder)
            assert whole(folder) == whole(undisturbed)
            assert not Store(folder).status().problems


@pytest.fixture
def handle_ctrl_c():
    """Set what handles Ctrl-C, which may be ignored where the tests run."""
    before = signal.getsignal(signal.SIGINT)
    yield partial(signal.signal, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_run_even_where_a_library_swallows_it(
    make_study_file, tmp_path, handle_ctrl_c
):
    handle_ctrl_c(signal.default_int_handler)

    def swallow(cell, result):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    with noting_interrupts(), pytest.raises(KeyboardInterrupt):
        run(make_study_file(seeds=1), tmp_path / "run", trackers=[swallow])
    assert len(Store(tmp_path / "run").status().done) == 1
    run(make_study_file(seeds=1), tmp_path / "run")


def test_ctrl_c_that_is_ignored_stays_ignored(handle_ctrl_c):
    handle_ctrl_c(signal.SIG_IGN)
    with noting_interrupts():
        signal.raise_signal(signal.SIGINT)
        check_interrupts()


def test_two_runs_on_one_folder_share_the_work(make_done, tmp_path):
    study, undisturbed = make_done()
    folder = tmp_path / "shared"
    processes = [start(study, folder) for _ in range(2)]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert whole(folder) == whole(undisturbed)
    done = re.findall("done in .*: (.*)", logged(folder))
    assert len(done) == len(set(done)) == 8


def test_a_full_disk_keeps_what_was_finished(make_done, tmp_path):
    study, undisturbed = make_done()
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        process = start(study, disk / "run")
        process.join(60)
        assert process.exitcode == 2
        assert "No space left" in (tmp_path / "error.txt").read_text()
        n_done = len(Store(disk / "run").status().done)
        assert 0 < n_done < 8
        subprocess.run(["mount", "-o", "remount,size=10M", str(disk)], check=True)
        run(study, disk / "run")
        assert whole(disk / "run") == whole(undisturbed)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_fails_is_told_and_the_rest_is_done(make_done, make_study_file, tmp_path, capsys):
    """A network of 10^12 weights is out of any memory; its neighbours are not."""
    _, undisturbed = make_done()
    huge = (
        'huge = { synthesizer = "adan", parameters = { autoencoder_hidden = [1000000, 1000000] } }'
    )
    study = make_study_file(more=huge)
    with pytest.raises(AdanError, match=r"2 cells failed.*huge, seed 0.*allocate"):
        run(study, tmp_path / "run")
    assert main(["study", "status", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().out
    assert "8 of 10 cells are done, 2 are left, 2 of them since they failed (about" in told
    assert "failed: huge, seed 1" in told
    assert "Traceback" in logged(tmp_path / "run")
    both = [pd.read_parquet(f / "predictions.parquet") for f in (tmp_path / "run", undisturbed)]
    pd.testing.assert_frame_equal(*both)


def test_a_method_that_fails_in_classification_does_not_take_others_along(
    make_study_file, tmp_path, monkeypatch
):
    train = study_module.train_classifiers

    def failing(method, *others, **options):
        if not method.real:
            raise ValueError("no real vectors")
        return train(method, *others, **options)

    monkeypatch.setattr(study_module, "train_classifiers", failing)
    study = make_study_file(seeds=1)
    with pytest.raises(AdanError, match=r"1 cells failed.*no real vectors"):
        run(study, tmp_path / "run")
    status = Store(tmp_path / "run").status()
    assert [cell.method for cell in status.done] == ["real only", "smote", "adan"]
    monkeypatch.undo()
    run(study, tmp_path / "run")
    assert not Store(tmp_path / "run").status().failed


def test_damaged_edited_and_foreign_files_are_named_and_computed_again(make_done, capsys):
    study, folder = make_done(seeds=1)
    before = whole(folder)
    cells = {cell.method: cell for cell in cells_of(Store(folder).settings())}
    files = {m: folder / f"cells/{c.name}.predictions.parquet" for m, c in cells.items()}
    half = files["smote"].read_bytes()
    files["smote"].write_bytes(half[: len(half) // 2])
    edited = bytearray(files["adan"].read_bytes())
    edited[40] ^= 1
    files["adan"].write_bytes(edited)
    shutil.copy(files["real only"], files["synthetic only"])
    (folder / "cells/notes.txt").write_text("mine")
    assert main(["study", "status", str(folder)]) == 0
    told = capsys.readouterr().out
    for method in ("smote", "adan", "synthetic only"):
        assert f"{files[method]}: half-written, edited" in told
    assert "notes.txt: of no cell of this study" in told
    assert "1 of 4 cells are done, 3 are left (about" in told
    run(study, folder)
    assert f"{files['adan']}: half-written, edited" in logged(folder)
    assert whole(folder) == before
    assert (folder / "cells/notes.txt").exists()
    (cell,) = [c for c in cells.values() if c.method == "adan"]
    (folder / f"cells/{cell.name}.history.parquet").unlink()
    assert len(Store(folder).status().left) == 1


def test_a_run_grows_by_seeds_and_methods_and_by_nothing_else(make_study_file, tmp_path):
    folder = tmp_path / "run"
    study = make_study_file(seeds=1)
    assert main(["study", "run", str(study), "-o", str(folder)]) == 0
    before = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*")}
    add = ["study", "add", str(folder), "--seeds", "2", "--methods", "gaussian"]
    assert main(add) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    status = Store(folder).status()
    assert (len(status.done), len(status.left)) == (10, 0)
    for old, new in [("seeds = 1", "seeds = 3"), ("steps = 20", "steps = 30")]:
        study.write_text(study.read_text().replace(old, new))
        with pytest.raises(AdanError, match="holds a run with other settings"):
            run(study, folder)


def test_a_run_grows_by_what_is_added_to_its_file(make_done):
    study, folder = make_done()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*")}
    study.write_text('normalisations = ["fold", "speaker"]\n' + study.read_text())
    run(study, folder)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(Store(folder).status().done) == 16


def test_fewer_seeds_than_a_run_has_are_no_addition(make_done, capsys):
    _, folder = make_done()
    assert main(["study", "add", str(folder), "--seeds", "1"]) == 2
    assert "has 2 seeds, and --seeds counts them all: give 2 or more" in capsys.readouterr().err


def test_damaged_settings_are_all_that_must_be_made_again(make_done):
    study, folder = make_done()
    before = whole(folder)
    (folder / "settings.json").write_bytes(b"{")
    with pytest.raises(AdanError, match="delete this file alone and repeat the command"):
        Store(folder).status()
    (folder / "settings.json").unlink()
    stamps = {path: path.stat().st_mtime_ns for path in folder.glob("cells/*.parquet")}
    run(study, folder)
    assert whole(folder) == before
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_where_there_are_no_sessions_speakers_are_left_out_and_that_is_said(make_study_file):
    study = make_study_file()
    study.write_text('protocol = "session"\n' + study.read_text())
    told = "rows has no sessions .* a speaker is left out at a time instead"
    with pytest.warns(match=told) as warned:
        (source,) = load(read(study))
    assert sum("has no sessions" in str(one.message) for one in warned) == 1
    assert (source.data.groups == source.data.speakers).all()


def test_a_run_keeps_to_its_data(make_study_file, tmp_path):
    study = make_study_file(seeds=1)
    run(study, tmp_path / "run")
    table = pd.read_parquet(tmp_path / "rows.parquet")
    table.loc[3, "f0"] += 1
    table.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(AdanError, match=r"the data of rows .* is not what it was"):
        run(study, tmp_path / "run")


def test_other_code_computes_everything_again(make_done, monkeypatch):
    study, folder = make_done(seeds=1)
    monkeypatch.setattr(provenance, "code_version", lambda: "newer")
    run(study, folder)
    assert logged(folder).count("done in") == 8
    problems = Store(folder).status().problems
    assert len(problems) == 6 + 4
    assert all("or of other code or data" in problem for problem in problems.values())


def test_more_of_a_class_that_is_not_there(make_study_file, tmp_path):
    study = make_study_file(more='joy = { synthesizer = "smote", more = { joy = 2 } }')
    with pytest.raises(AdanError, match=r"methods.joy.more: rows has no class 'joy'; it has anger"):
        run(study, tmp_path / "run")


def test_exported_predictions_are_read_by_pandas_polars_and_duckdb(make_done, tmp_path, capsys):
    _, folder = make_done(seeds=1)
    table = tmp_path / "all.parquet"
    assert main(["study", "export", str(folder), "-o", str(table)]) == 0
    assert "the predictions of 4 cells" in capsys.readouterr().out
    expected = pd.read_parquet(table).groupby("method").size().to_dict()
    assert expected == dict.fromkeys(["adan", "real only", "smote", "synthetic only"], 120)
    rows = polars.read_parquet(table).group_by("method").len().rows()
    assert dict(rows) == expected
    query = f"select method, count(*) from '{table}' group by method"
    assert dict(duckdb.sql(query).fetchall()) == expected


def test_processes_give_the_same(make_done, tmp_path):
    study, undisturbed = make_done()
    run(study, tmp_path / "processes", workers=2)
    assert whole(tmp_path / "processes") == whole(undisturbed)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_cluster_that_loses_a_worker_gives_the_same(make_done, tmp_path, n_workers):
    """It is killed as soon as a cell is done; where it is the only one, the data die with it."""
    dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
    study, undisturbed = make_done()
    quick_start = {"distributed.worker.multiprocessing-method": "forkserver"}
    with (
        dask.config.set(quick_start),
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
    ):
        killed = []

        def kill_one(cell, result):
            if not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        folder = tmp_path / "cluster"
        run(study, folder, scheduler=cluster.scheduler_address, trackers=[kill_one])
    assert killed
    assert whole(folder) == whole(undisturbed)


def test_a_cluster_that_is_not_there(make_study_file, tmp_path, monkeypatch):
    monkeypatch.setattr(_cluster, "PATIENCE", 0.2)
    with pytest.raises(AdanError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        run(make_study_file(), tmp_path / "run", scheduler="tcp://127.0.0.1:9")


def test_losses_in_tensorboard_and_scores_in_mlflow(make_study_file, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    pytest.importorskip("tensorboard")
    mlflow = pytest.importorskip("mlflow")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, address = tmp_path / "run", f"file:{tmp_path / 'mlflow'}"
    options = ["-o", str(folder), "--tensorboard", "--mlflow", address]
    study = make_study_file(seeds=1)
    study.write_text(study.read_text().replace("\ndnn = ", '\n"dnn, 20 steps" = '))
    assert main(["study", "run", str(study), *options]) == 0
    (events,) = folder.glob("tensorboard/*fold-adan-0-*")
    accumulator = EventAccumulator(str(events)).Reload()
    losses = [point.value for point in accumulator.Scalars("loss_generator/03")]
    history = pd.read_parquet(folder / "history.parquet")
    kept = history.query("method == 'adan' and fold == '03' and measure == 'loss_generator'")
    np.testing.assert_allclose(losses, kept["value"], rtol=1e-6)
    client = mlflow.MlflowClient(address)
    runs = client.search_runs([client.get_experiment_by_name("run").experiment_id])
    methods = {"real only", "smote", "adan", "synthetic only"}
    assert {r.data.params["method"] for r in runs} == methods
    for metric in ("svm_uar", "dnn_ 20 steps_uar"):
        assert all(0 <= r.data.metrics[metric] <= 100 for r in runs)


def test_the_status_of_ten_thousand_cells_takes_under_two_seconds(make_done, tmp_path):
    _, folder = make_done(seeds=1)
    store = Store(folder)
    settings = store.settings()
    first, *_ = cells_of(settings)
    content = (folder / f"cells/{first.name}.predictions.parquet").read_bytes()
    note = json.loads((folder / f"cells/{first.name}.json").read_bytes())
    note["tables"] = {"predictions": note["tables"]["predictions"]}
    settings["settings"]["study"]["seeds"] = 2500
    big = Store(tmp_path / "big")
    big.claim(settings)
    for cell in cells_of(settings)[:9000]:
        path = tmp_path / f"big/cells/{cell.name}.predictions.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.with_name(f"{cell.name}.json").write_text(json.dumps({**note, "key": cell.key}))
    began = time.process_time()
    status = big.status()
    assert time.process_time() - began < 2
    assert (len(status.done), len(status.left)) == (9000, 1000)
    assert status.seconds > 0
    assert not status.problems
