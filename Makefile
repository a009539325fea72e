# The targets for everyday use. `make demo` records a first take; `make test` builds and tests everything.
.PHONY: demo check test build sanitize fuzz format format-check tidy bench

jobs := $(shell nproc)
# Many tests record in real time, and wait.
test_jobs := $(shell expr $(jobs) + 1)
launcher := $(if $(shell command -v ccache),-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
in_ci := $(if $(CI),-DONETAKE_WERROR=ON -DONETAKE_UNITY=ON -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG")
configure := cmake --preset release $(launcher) $(in_ci)
compile := cmake --build --preset release --parallel $(jobs)

demo:
	scripts/install-deps.sh build
	$(configure) -DONETAKE_TESTS=OFF -DONETAKE_BENCH=OFF
	$(compile) --target onetake_cli
	scripts/demo.sh build/release/onetake

build:
	scripts/install-deps.sh build
	$(configure) -DONETAKE_TESTS=OFF -DONETAKE_BENCH=OFF
	$(compile)

# The quick tests: each takes a few seconds at most. Under a minute once everything is built.
check:
	scripts/install-deps.sh test
	scripts/fetch_sherpa.sh
	$(configure) -DONETAKE_TESTS=ON
	$(compile)
	ctest --preset check --parallel $(jobs)

test:
	scripts/install-deps.sh test
	scripts/fetch_sherpa.sh
	scripts/python_env.sh
	$(configure) -DONETAKE_TESTS=ON -DONETAKE_BENCH=$(if $(CI),OFF,ON) -DONETAKE_PYTHON=ON
	$(compile)
	ctest --preset release --parallel $(test_jobs)

# The complete suite under one sanitizer: make sanitize BY=asan (address and undefined) or BY=tsan (threads). The Python
# package's tests are run under asan, but for in CI.
BY ?= asan
sanitized_python = $(if $(CI),,$(filter asan,$(BY)))
sanitize:
	scripts/install-deps.sh test
	scripts/fetch_sherpa.sh
	$(if $(sanitized_python),scripts/python_env.sh)
	cmake --preset $(BY) $(launcher) -DONETAKE_BENCH=OFF -DONETAKE_PYTHON=$(if $(sanitized_python),ON,OFF)
	cmake --build --preset $(BY) --parallel $(jobs)
	ctest --preset $(BY) --parallel $(jobs)

# Fuzzes each parser of outside data for SECONDS seconds
SECONDS ?= 60
fuzz:
	scripts/install-deps.sh check
	ONETAKE=$(wildcard build/release/onetake) scripts/fuzz.sh $(SECONDS)

format:
	scripts/format.sh

format-check:
	scripts/format.sh --check

tidy:
	scripts/install-deps.sh check
	$(configure)
	$(compile)
	git ls-files 'src/*.cpp' 'apps/*.cpp' 'examples/*.cpp' | xargs -P $(jobs) -n 1 clang-tidy-14 --quiet -p build/release

bench:
	scripts/install-deps.sh test
	$(configure) -DONETAKE_BENCH=ON
	$(compile)
	bench/run.sh build/release/bench
