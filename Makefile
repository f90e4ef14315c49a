# Bare `make` lists the verbs. Each sets up .venv/ by itself, from lock files with hashes; see .ci/setup.
.DEFAULT_GOAL := help
.PHONY: help demo demo-bulk quick test contract contract-live contract-mocks contract-second bench bench-contract bench-emulator bench-bulk bench-record bench-compare weigh prove mutants fuzz check lint types layers fresh generate spec-diff page-diff lint-contract foreign-tools format lock build check-dist frozen docs pictures audit sbom lint-workflows clean
.PHONY: demo-venv dev-venv docs-venv

# Nothing in the caller's environment may change what a verb does.
PY := . .ci/clean && .venv/bin/python
export PYTHON

# Only what stands on make's own command line is taken, and taken to the letter.
ifeq ($(origin IMAGE),command line)
export DEMO_IMAGE := $(value IMAGE)
endif
ifeq ($(origin PROMPT),command line)
export DEMO_PROMPT := $(value PROMPT)
endif
ifeq ($(origin BASE),command line)
export DIFF_BASE := $(value BASE)
endif
ifeq ($(origin PAGE),command line)
export DIFF_PAGE := $(value PAGE)
endif
ifeq ($(origin HEAD),command line)
export DIFF_HEAD := $(value HEAD)
endif
ifeq ($(origin ONLY),command line)
export MUTANTS_ONLY := $(value ONLY)
endif
ifeq ($(origin SECONDS),command line)
export FUZZ_SECONDS := $(value SECONDS)
endif
ifeq ($(origin SEED),command line)
export FUZZ_SEED := $(value SEED)
endif

unexport CONTRACT_URL CONTRACT_STRICT CONTRACT_TASKS CONTRACT_IMAGE
ifeq ($(origin URL),command line)
export CONTRACT_URL := $(value URL)
endif
ifeq ($(origin STRICT),command line)
export CONTRACT_STRICT := $(value STRICT)
endif
ifeq ($(origin PAY_FOR_TASKS),command line)
export CONTRACT_TASKS := $(value PAY_FOR_TASKS)
endif
ifeq ($(origin IMAGE),command line)
export CONTRACT_IMAGE := $(value IMAGE)
endif

# The key is the one thing that these verbs take from the surroundings.
CONTRACT = key=$${WERYAI_API_KEY-}; . .ci/clean && WERYAI_API_KEY=$$key .venv/bin/python -m weryai contract \
	$${CONTRACT_URL+--url="$$CONTRACT_URL"} $${CONTRACT_STRICT+--strict="$$CONTRACT_STRICT"} \
	$${CONTRACT_TASKS+--pay-for-tasks="$$CONTRACT_TASKS"} $${CONTRACT_IMAGE+--image="$$CONTRACT_IMAGE"}

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: demo-venv ## an image becomes a video, without an account: make demo IMAGE=my.jpg PROMPT="She waves"
	@$(PY) -m weryai demo $${DEMO_PROMPT:+--prompt="$$DEMO_PROMPT"} $${DEMO_IMAGE:+-- "$$DEMO_IMAGE"}

demo-bulk: dev-venv ## eight images become videos, with the plug pulled in the middle; ends with a report to look at
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m tests.prove.demo

# Measured: what starts processes, renders or waits is left to the whole suite.
SLOW := $(foreach name,database_file journal_file videos render video events copying,--ignore-glob='*/test_$(name).py')
QUICK := tests/unit tests/repository/test_size.py tests/repository/test_mutants.py tests/repository/test_asserts.py \
	$(foreach name,page facts operations examples known_models wire,tests/contract/test_$(name).py)

quick: dev-venv ## the fast loop, some 20 seconds: units, facts of the contract, rules of the repository
	@$(PY) -m pytest -n 2 --cases 5 $(SLOW) $(QUICK)

test: dev-venv ## run the test suite
	@$(PY) -m pytest -n 4 --dist worksteal

contract: dev-venv ## the contract suite at an emulator, or at another service: make contract URL=http://127.0.0.1:8765
	@$(CONTRACT)
	@[ -n "$${CONTRACT_URL+x}" ] || { $(CONTRACT) --dialect=seen --reports=reports/contract-seen; }

contract-live: dev-venv ## what the real service may be asked free of charge; the key is in WERYAI_API_KEY
	@$(CONTRACT) --live

contract-mocks: dev-venv ## the contract suite from the wheel, at an emulator, prism and Scalar's mock; needs Node.js
	@.ci/mocks

bench: dev-venv ## measure against raw httpx, by hand; takes some minutes
	@$(PY) -m tests.benchmarks

bench-emulator: dev-venv ## a thousand tasks and fifty pollers, also while a video renders; a minute, by hand
	@$(PY) -m tests.benchmarks.loading

bench-contract: dev-venv ## what a case of the contract suite costs, by hand; takes a minute
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m benchmarks.contract_cases

bench-bulk: dev-venv ## bulk runs beside bare httpx, 10,000 tasks in flight, a million rows, PostgreSQL; writes docs/; 11 minutes, by hand
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m tests.benchmarks.bulk_running

bench-record: dev-venv ## measure, and write table, plot and record of docs/benchmarks.md; by hand, on a quiet machine
	@$(PY) -m tests.benchmarks --record

bench-compare: dev-venv ## measure, and fail if a figure is worse than the record by more than its noise; nightly
	@$(PY) -m tests.benchmarks --compare

weigh: dev-venv ## record what a plain client loads, and how large each room is
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m repository.weighing

prove: dev-venv ## kill bulk runs again and again and look at the bill; five minutes, nightly
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m tests.prove

contract-second: dev-venv ## a second validator must agree with every verdict of the contract suite; nightly, some minutes
	@$(PY) -m pytest -q -n 2 --second-validator --cases 60 tests/contract

mutants: dev-venv ## can the suite fail? nightly, takes a quarter of an hour: make mutants ONLY=overlay.word
	@. .ci/clean && PYTHONPATH=tests .venv/bin/python -m tests.mutants

fuzz: dev-venv ## other cases on every run, nightly: make fuzz SECONDS=600 SEED=7
	@$(PY) -m tests.fuzzing

check: lint types layers fresh test ## all that must be green before a commit: the five below and above, tests last

lint: dev-venv ## style, and the format of every file
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check -q . || { echo "run: make format" >&2; exit 1; }

types: dev-venv ## mypy --strict, then basedpyright
	@$(PY) -m mypy & $(PY) -m basedpyright; code=$$?; wait $$! && exit $$code

layers: dev-venv ## an import goes down, never up
	@report=$$($(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint(["--no-cache"])') || { echo "$$report"; exit 1; }

fresh: dev-venv ## is generated_client/ what the contract makes?
	@$(PY) openapi/generate.py --check

generate: dev-venv ## make generated_client/ from openapi/weryai.yaml
	@$(PY) openapi/generate.py

spec-diff: dev-venv ## what changed in the contract, and does it break callers: make spec-diff BASE=main
	@$(PY) openapi/compare.py -- "$${DIFF_BASE:-HEAD}" $${DIFF_HEAD:+"$$DIFF_HEAD"}

page-diff: dev-venv ## what a page of the vendor's docs, copied from a browser, tells otherwise: make page-diff PAGE=page.txt
	@$(PY) openapi/page.py -- "$${DIFF_PAGE:?say make page-diff PAGE=page.txt}"

lint-contract: dev-venv ## a second opinion on openapi/, and its flows run at the emulator; needs Node.js, so no part of check
	@.ci/lint-contract

frozen: dev-venv ## a program of PyInstaller, from the wheel, runs offline; a minute
	@.ci/frozen

foreign-tools: dev-venv ## the contract in other people's generators, readers and mocks; nightly, needs Node.js and Java
	@.ci/foreign-tools

docs: docs-venv ## the site, into build/site/, without a dead link
	@$(PY) docs/site/build.py
	@$(PY) docs/site/check.py build/site

pictures: dev-venv ## the pictures of the documents, by the commands and pages that they show; needs Chromium
	@$(PY) docs/pictures/make.py

format: dev-venv ## bring every file into shape
	@$(PY) -m ruff check --fix -q . || true
	@$(PY) -m ruff format -q .

lock: dev-venv ## renew requirements/*.lock
	@.ci/lock

build: dev-venv ## wheel and sdist into dist/
	@$(PY) -m hatchling build

check-dist: dev-venv ## wheel and sdist as people get them: built twice alike, valid, typed, and a first video; a minute
	@.ci/dist

audit: dev-venv ## is anything locked known to be unsafe? needs the public advisories, so no part of check
	@.ci/audit

sbom: dev-venv ## a bill of materials into dist/
	@.ci/sbom

lint-workflows: dev-venv ## look at .github/ as an attacker would, and at the Dockerfile; no part of check
	@.ci/lint-workflows

clean: ## remove what was built and installed here
	@rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

demo-venv:
	@.ci/setup demo
dev-venv:
	@.ci/setup dev
docs-venv:
	@.ci/setup docs
