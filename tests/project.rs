//! The files around the code: the compiler, the recipes, the workflows, the documents.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "project/changelog.rs"]
mod changelog;
#[path = "project/ci.rs"]
mod ci;
#[path = "project/decisions.rs"]
mod decisions;
#[path = "project/forms.rs"]
mod forms;
#[path = "project/recipes.rs"]
mod recipes;
#[path = "project/toolchain.rs"]
mod toolchain;
#[path = "project/version.rs"]
mod version;
#[path = "project/workflows.rs"]
mod workflows;

use std::path::PathBuf;

fn at(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// A file of the repository.
fn text(file: &str) -> String {
    std::fs::read_to_string(at(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
