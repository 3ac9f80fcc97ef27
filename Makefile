# make reproduce: Table I and Figures 2 and 3 of the paper, and a report, under runs/table1
# make test:      the checks and tests
# make coverage:  the tests, and the lines that none reaches; fails under the floor of pyproject.toml
# make bench:     the benchmarks, figures under runs/bench
# make docs:      the documentation, docs/_build/html/index.html
PYTHON ?= python3
BIN = .venv/bin

.PHONY: reproduce test coverage bench docs clean

reproduce: .venv/installed
	$(BIN)/adan reproduce table1 -o runs/table1
	$(BIN)/adan report runs/table1

test: .venv/installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal  # a worker a core, of one thread each

coverage: .venv/installed-test
	$(BIN)/pytest --cov --cov-report=term

bench: .venv/installed-test
	mkdir -p runs/bench
	for name in startup training sampling methods svm sequences recogniser scaling extraction table1; do \
	  $(BIN)/python -m benchmarks.$$name --json runs/bench/$$name.json || exit; done

docs: .venv/installed-docs
	MPLBACKEND=Agg $(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt torch==2.13.0
	$(BIN)/pip install -q -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[audb,audio,demo,distributed,embeddings,mlflow,onnx,svm,tensorboard,test]'
	touch $@

.venv/installed-docs: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[docs]'
	touch $@

clean:
	rm -rf .venv build dist docs/_build docs/gallery docs/reference
