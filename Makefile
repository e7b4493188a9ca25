# make demo | wheel | test | parity | check | format | fuzz | mutants | bench | bench-train | bench-folder | bench-video | bench-start | bench-nms | bench-serve | convergence | gpu
PYTHON ?= python3
VENV ?= .venv
SEED ?= 1
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed

.PHONY: demo wheel test parity check format fuzz mutants bench bench-train bench-folder bench-video bench-start bench-nms bench-serve convergence gpu

demo: $(INSTALLED)
	$(BIN)/darknet-py detect cfg/shapes.cfg data/shapes.weights data/shapes-2.jpg -thresh .6
	@echo "the boxes are drawn in predictions.jpg"

# dist/*.whl, the same bytes for the same commit. build/ may hold what is no longer in the package.
EPOCH = $$(git log -1 --format=%ct 2>/dev/null || date +%s)

wheel: $(INSTALLED)
	rm -rf build
	SOURCE_DATE_EPOCH=$(EPOCH) $(BIN)/python -m pip wheel --quiet --disable-pip-version-check \
		--use-pep517 --no-build-isolation --no-deps -w dist .

# make test JOBS=4: processes; some tests wait, so that three keep two processors busy
JOBS ?= 3

test: $(INSTALLED)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not parity and not slow" tests

# Of whole networks, so that each process wants a processor and some GB of memory.
PARITY_JOBS ?= 2

parity: $(INSTALLED)
	$(BIN)/python -m pytest -n $(PARITY_JOBS) --dist worksteal -m "parity or slow" tests

check: $(INSTALLED)
	$(BIN)/ruff format --check darknet_py tests
	$(BIN)/ruff check darknet_py tests
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff format darknet_py tests
	$(BIN)/ruff check --fix darknet_py tests

# What the tests notice of 100 one-line mutants: make mutants SEED=2 MORE="--workers 4 --resume"
mutants: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python -m mutants --seed $(SEED) $(MORE)

$(INSTALLED): setup.cfg setup.py .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c .ci/constraints.txt -e ".[dev]"
	touch $@

# make fuzz SEED=1 MINUTES=20 WHAT="cfg train"; WHAT=fuzz-found/cfg/001 runs what was found again
MINUTES ?= 20

fuzz: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python -m fuzz --seed $(SEED) --minutes $(MINUTES) $(WHAT)

bench: $(INSTALLED)
	$(BIN)/python tests/bench/forward.py

bench-train: $(INSTALLED)
	$(BIN)/python tests/bench/train.py

# make bench-folder FOLDER=photographs CFG=cfg/yolov3-tiny.cfg WEIGHTS=yolov3-tiny.weights
CFG ?= cfg/yolov3-tiny.cfg
WEIGHTS ?= random
THRESH ?= .25

bench-folder: $(INSTALLED)
	$(BIN)/python tests/bench/folder.py $(FOLDER) $(CFG) $(WEIGHTS) $(THRESH)

# make bench-video CFG=cfg/shapes.cfg WEIGHTS=data/shapes.weights VIDEO=film.mp4
bench-video: $(INSTALLED)
	$(BIN)/python tests/bench/video.py $(CFG) $(WEIGHTS) "$(VIDEO)" $(THRESH)

bench-start: $(INSTALLED)
	$(BIN)/python tests/bench/start.py $(CFG) $(WEIGHTS) $(IMAGE)

bench-nms: $(INSTALLED)
	$(BIN)/python tests/bench/suppression.py

# make bench-serve CFG=cfg/shapes.cfg WEIGHTS=data/shapes.weights CLIENTS=64 REQUESTS=2000
CLIENTS ?= 64
REQUESTS ?= 2000

bench-serve: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python tests/bench/serve.py $(CFG) $(WEIGHTS) $(THRESH) $(CLIENTS) $(REQUESTS)

# Small nets trained with five seeds each against the C program's figures: ten minutes on two
# processors. make convergence MORE="--nets yolov3-small --seeds 3", MORE=--resume after a stop
convergence: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python -m convergence $(MORE)

# On a machine with CUDA: the tests on the device, the recordings of ../shared on it (where they
# are), and gpu-table.md and .json. With the packages that $(PYTHON) has; where torch, numpy, cv2 or
# click are missing there, with those of $(VENV). make gpu MINUTES=4 CFG=yolo-fastest-1.1.cfg
GPU_MINUTES = $(if $(filter command line environment,$(origin MINUTES)),$(MINUTES),8)
GPU_CFG = $(if $(filter command line environment,$(origin CFG)),$(CFG))
ifneq ($(filter gpu,$(MAKECMDGOALS)),)
HAVE = $(shell $(PYTHON) -c "import torch, numpy, cv2, click" 2>/dev/null && echo yes)
GPU_PYTHON := $(if $(HAVE),$(PYTHON),$(BIN)/python)
endif

gpu: $(if $(filter $(BIN)/python,$(GPU_PYTHON)),$(INSTALLED))
	$(GPU_PYTHON) -m pytest -m "gpu and not parity" tests; rules=$$?; \
	$(GPU_PYTHON) -m pytest -rs -m "gpu and parity" tests; numbers=$$?; \
	$(GPU_PYTHON) -m darknet_py benchmark --gpu --minutes $(GPU_MINUTES) $(GPU_CFG) && \
	exit $$((rules + numbers))
