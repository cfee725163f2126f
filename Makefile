# make build   everything, and the three binaries side by side in target/release/
# make demo    … and the demonstration
# make test    every test
# make lint    formatting, clippy, documentation, the dependency wall
# make bench   measurements against peers, by hand
# make model   every interleaving of the call channel's wake-ups (part of `make test`)

# RustPython's parser crates declare a newer compiler than they need.
FLAGS := --release --locked --ignore-rust-version
# One set of features for building and for testing, so that RustPython is compiled once.
ALL := $(FLAGS) --workspace --all-targets
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARIES := cloison cloison-microprocess cloison-zone

.PHONY: build demo test lint bench model binaries

build: binaries

binaries:
	cargo build $(ALL)
	@# With CARGO_TARGET_DIR elsewhere, target/release/ still has the three binaries.
	@if [ "$(TARGET)" != target ]; then \
		mkdir -p target/release; \
		for binary in $(BINARIES); do ln -sf "$$(realpath "$(TARGET)")/release/$$binary" target/release/$$binary; done; \
	fi

demo: build
	$(MAKE) --no-print-directory -C examples/zlib
	@echo '$$ cloison run examples/zlib < README.md'
	@target/release/cloison run examples/zlib < README.md

test: build model
	cargo test $(FLAGS) --workspace --all-targets --no-fail-fast
	cargo test $(FLAGS) --workspace --doc

model:
	RUSTFLAGS="--cfg loom" cargo test $(FLAGS) -p cloison-transport --lib --target-dir "$(TARGET)/loom"

lint:
	cargo fmt --all --check
	cargo clippy $(ALL) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(FLAGS) --workspace --no-deps --document-private-items
	cargo test $(FLAGS) --workspace --test behaviour dependency_wall

bench: build
	target/release/cloison-benches
