# Short names for what CONTRIBUTING.md describes. `just` is a convenience: each recipe is a command
# that runs as it stands.

# The recipes, each with what it does.
default:
    @just --list

# What CI runs: all of it, on this machine.
ci:
    .ci/run

# Formatting and lints, warnings being errors; in seconds.
check:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --no-default-features --all-targets -- -D warnings

# The tests, or those that the arguments name: `just test --test sim`.
test *arguments:
    cargo test --locked {{arguments}}

# The benchmarks; the textbook form of the job, which takes ten minutes, is left out.
bench:
    cargo bench --bench similarities -- --fast-only
    cargo bench --bench logs
    cargo bench --bench watchdog
    cargo bench --bench staging

# The example on this machine, or another command line: `just run status --local`.
run *arguments="apply stacks/quickstart.yaml --local":
    cargo run -- {{arguments}}

# Writes anew what tests compare with: schemas, names of policies, snapshots, the filter's class.
bless:
    BLESS=1 cargo test --test text
    BLESS=1 cargo test --test supervisor filters_class
    INSTA_UPDATE=always cargo test --lib --test dash --test policy --test text
    git diff --stat

# The documents of the code, and the pictures of the watchdog's page (needs Chromium and npm).
docs:
    cargo doc --no-deps --document-private-items
    BLESS=1 cargo test --test browser
