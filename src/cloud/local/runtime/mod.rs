//! Spark, Java and Python packages, installed once into the user's cache and pinned by version.
//!
//! ```text
//! CACHE/runtime/KEY/venv/…          Python with PySpark and a Java of its own
//! CACHE/runtime/KEY/conf/           empty: the folder of Spark's configuration
//! CACHE/runtime/KEY/classes.jsa     Java's class-data archive, which halves its start time
//! CACHE/packages/KEY/…              the packages of a job's `python_packages`
//! CACHE/environments/DIGEST/…      a job's packed environments
//! CACHE/downloads/DIGEST/NAME       data sets named by URL
//! CACHE/zips/DIGEST/NAME.zip        folders of Python files
//! CACHE/locks/…                     one installer at a time
//! ```
//!
//! Everything is created in a folder beside its place and moved there in one rename, under a lock
//! that the kernel frees with its holder. An interrupted install is repeated by the next run.

mod archive;
mod environment;
mod fetch;
mod folder_zip;
mod install;
mod lock;
mod member;
mod owner;
mod packages;
mod pins;
mod pip;
mod python;
mod report;
mod secret;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod validators;
mod watched;

pub(super) use owner::{FILTER, NAME, PASSWORD};
pub use report::Report;
pub(super) use secret::secret;
pub(super) use store::class_path;
pub use store::{Runtime, Store};
