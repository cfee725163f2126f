# make build    the four binaries, stripped, side by side in target/bin/
# make install  … and to $(PREFIX)/bin, which is /usr/local/bin unless you say PREFIX=…
# make demo     … and the demonstration
# make check    types only, of everything; of one crate: `cargo c -p CRATE --tests`
# make test     every test
# make mypy     sets up mypy for the tests of stubs (part of `make test`)
# make lint     formatting, clippy, documentation, the dependency wall, licences and known faults of dependencies, messages of commits
# make bench    measurements against peers, by hand
# make upstream CPython's, frameworks' and drivers' own tests against their tables, by hand; git and pip fetch them
# make fast     the part of them that takes a few minutes; apt-get and pip fetch it
# make model    every interleaving of the call channel's wake-ups (part of `make test`)

# One set of features and one profile for building, testing and linting, so that RustPython is compiled once: always the
# whole workspace. RustPython's parser crates declare a newer compiler than they need.
FLAGS := --release --locked --ignore-rust-version --workspace
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARIES := cloison cloison-host cloison-microprocess cloison-zone
PREFIX ?= /usr/local

# Tools have a folder of their own, filled when something first needs them: mypy checks stubs in the tests, cargo-deny
# licences and known faults of dependencies.
TOOLS := $(abspath $(TARGET))/tools
MYPY := $(TOOLS)/mypy-2.4.1
WHEELS := $(TOOLS)/wheels
DENY := $(TOOLS)/cargo-deny-0.20.2

.PHONY: build install demo check test mypy lint bench model upstream fast

build:
	cargo build $(FLAGS) $(BINARIES:%=--bin %)
	@mkdir -p target/bin
	@cd $(TARGET)/release && install -s -m 755 $(BINARIES) "$(CURDIR)/target/bin"

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(BINARIES:%=target/bin/%) "$(DESTDIR)$(PREFIX)/bin"

demo: build
	$(MAKE) --no-print-directory -C examples/zlib
	@echo '$$ cloison run examples/zlib < README.md'
	@target/bin/cloison run examples/zlib < README.md

check:
	cargo check $(FLAGS) --all-targets

test: model mypy
	cargo build $(FLAGS) --all-targets
	CLOISON_PYTHON="$(MYPY)/bin/python3" cargo test $(FLAGS) --all-targets --no-fail-fast
	cargo test $(FLAGS) --doc

mypy: $(MYPY)

# What installs into the environment: the pip that python3 brings, the one beside it, or, as on Debian, which packages both apart from
# python3, that of its package of wheels.
$(MYPY):
	@mkdir -p "$(TOOLS)"
	rm -rf "$@.new"
	python3 -m venv --without-pip "$@.new"
	@if "$@.new/bin/python3" -m ensurepip >/dev/null 2>&1; then \
			pip() { "$@.new/bin/python3" -m pip "$$@"; }; \
		elif python3 -m pip --python "$@.new/bin/python3" --version >/dev/null 2>&1; then \
			pip() { python3 -m pip --python "$@.new/bin/python3" "$$@"; }; \
		else \
			$(MAKE) --no-print-directory "$(WHEELS)" || exit 1; \
			pip() { "$@.new/bin/python3" "$$(ls "$(WHEELS)"/pip-*.whl)/pip" "$$@"; }; \
		fi; \
		echo "pip install mypy" && pip install --quiet --disable-pip-version-check mypy==$(lastword $(subst -, ,$@))
	mv "$@.new" "$@"

# apt-get keeps its lists and packages in a folder of ours: nobody has to be root, and nothing is installed.
$(WHEELS):
	@command -v apt-get >/dev/null || { echo "hint: python3 has neither ensurepip nor pip here: install one of them" >&2; exit 1; }
	rm -rf "$@.new"
	@mkdir -p "$@.new/lists/partial" "$@.new/cache/archives/partial"
	cd "$@.new" && apt() { apt-get -qq -o Dir::State::Lists="$@.new/lists" -o Dir::Cache="$@.new/cache" -o APT::Sandbox::User="$$(id -un)" "$$@"; } && \
		apt update && apt download python3-pip-whl && dpkg-deb --extract python3-pip-whl_*.deb .
	mv "$@.new/usr/share/python-wheels" "$@"
	rm -rf "$@.new"

$(DENY):
	cargo install --locked --quiet --root "$@" --target-dir "$(TOOLS)/build" cargo-deny@$(lastword $(subst -, ,$@))
	rm -rf "$(TOOLS)/build"

model:
	RUSTFLAGS="--cfg loom" cargo test --release --locked --ignore-rust-version -p cloison-transport --lib --target-dir "$(TARGET)/loom"

lint: $(DENY)
	.ci/commits
	cargo fmt --all --check
	cargo clippy $(FLAGS) --all-targets -- -D warnings
	cargo clippy $(FLAGS) --lib --bins -- -D warnings -D clippy::disallowed-methods -D clippy::disallowed-types
	RUSTDOCFLAGS="-D warnings" cargo doc $(FLAGS) --no-deps --document-private-items
	cargo test $(FLAGS) --test behaviour dependency_wall
	"$(DENY)/bin/cargo-deny" --locked check licenses bans sources
	@# Known faults are listed on the network; who cannot reach it is told so, and goes on.
	@if "$(DENY)/bin/cargo-deny" --locked fetch db 2>/dev/null; \
		then "$(DENY)/bin/cargo-deny" --locked check --disable-fetch advisories; \
		else echo "not checked: advisories, as their list cannot be fetched here" >&2; fi

bench:
	cargo build $(FLAGS) --all-targets
	cargo bench --locked --ignore-rust-version --workspace --bench cost
	$(TARGET)/release/cloison-benches

upstream:
	cargo build $(FLAGS) $(BINARIES:%=--bin %)
	python3 tests/upstream/cpython/run.py --cloison "$(TARGET)/release/cloison"
	python3 tests/upstream/frameworks/run.py --cloison "$(TARGET)/release/cloison"
	python3 tests/upstream/databases/run.py --cloison "$(TARGET)/release/cloison"
	python3 tests/upstream/databases/suites.py --cloison "$(TARGET)/release/cloison"

fast:
	python3 tests/upstream/readme.py --check
	cargo build $(FLAGS) $(BINARIES:%=--bin %)
	python3 tests/upstream/fast.py --cloison "$(TARGET)/release/cloison" $(if $(CI),--whole)
