# The course's commands. `make` alone lists them. GNU Make 3.81 (macOS) and later.

VENV   ?= .venv
PORT   ?= 8888
FUZZ_INPUTS ?= 1000000
WORKERS ?= 3
PY     := $(VENV)/bin/python
LOCK   := $(PY) -m uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
          --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help lab test check bench soak lock clean

help: ## this list
	@echo 'A course that runs. It needs python3 (3.11 to 3.13), make and git, on Linux, on macOS,'
	@echo 'or on Windows inside WSL (in PowerShell, once: wsl --install; then work in its terminal).'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s%s\n", $$1, $$2}' Makefile
	@echo
	@echo '  PORT=9000 chooses the port of JupyterLab; PYTHON=/path/to/python3.12 the Python, once $(VENV)'
	@echo '  is gone (make clean). BROWSER=no: `make lab` opens no browser, `make test` tests in none.'

lab: $(VENV)/.lab ## open the course in JupyterLab, on its first page
	@$(PY) setup/lab.py --port $(PORT)

test: $(VENV)/.test ## every test, those in a real browser too
	@$(PY) setup/chromium.py
	@$(MAKE) --no-print-directory check
	PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

check: $(VENV)/.test ## lint, format and types, without the tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: $(VENV)/.bench ## measure side by side with peers, one table; BENCH='framing tap' for some of it
	$(PY) -m bench $(BENCH)

soak: $(VENV)/.test ## the long tests: FUZZ_INPUTS=1000000 inputs a fuzz target
	FUZZ_INPUTS=$(FUZZ_INPUTS) $(PY) -m pytest -m 'soak or fuzz' -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

lock: $(VENV)/.test ## renew the four lock files from pyproject.toml
	$(LOCK) --upgrade pyproject.toml --group build --output-file requirements.lock
	$(LOCK) --upgrade --group test --constraint requirements.lock --output-file requirements-test.lock
	$(LOCK) --upgrade --group bench --constraint requirements.lock --constraint requirements-test.lock \
	  --output-file requirements-bench.lock
	echo uv | $(LOCK) --upgrade - --output-file setup/installer.lock

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Stamps: a file that says a step is done, older than what would make it due again.

$(PY):
	@python=$$(sh setup/python.sh "$(PYTHON)") || exit 1; \
	echo "Making $(VENV) with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.lab: requirements.lock setup/installer.lock pyproject.toml | $(PY)
	@$(PY) setup/install.py requirements.lock --with-course
	@touch $@

$(VENV)/.test: requirements-test.lock $(VENV)/.lab
	@$(PY) setup/install.py requirements-test.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.lab
	@$(PY) setup/install.py requirements-bench.lock
	@touch $@
