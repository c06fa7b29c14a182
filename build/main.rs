//! Puts the commit that the program is built from into its version.
//!
//! It runs anew only where the program is compiled anew: a commit alone compiles nothing.
#![expect(
    clippy::print_stdout,
    reason = "it is how a build script answers cargo"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "it is how cargo asks a build script"
)]

mod version;

use std::path::Path;

fn main() {
    for path in version::COMPILED {
        println!("cargo::rerun-if-changed={path}");
    }
    let of_cargo = |name: &str| std::env::var(name).unwrap_or_default();
    let root = of_cargo("CARGO_MANIFEST_DIR");
    let root = Path::new(&root);
    let version = version::of(&of_cargo("CARGO_PKG_VERSION"), root);
    let commit = version::commit(root).unwrap_or_default();
    println!("cargo::rustc-env=CLUSTERUP_VERSION={version}");
    println!("cargo::rustc-env=CLUSTERUP_COMMIT={commit}");
}
