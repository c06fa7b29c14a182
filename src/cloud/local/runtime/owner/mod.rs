//! The servlet filter that restricts Spark's pages to their owner, in a jar among Spark's own.
//!
//! `OwnerFilter.class` is `OwnerFilter.java`, compiled with the compiler that comes with Spark
//! (Janino); a test compiles it again and compares. Spark 3.5 has no filter that requires a secret
//! (`org.apache.spark.ui.JWSFilter` comes with 4.0), and Hadoop's filters use renamed servlet
//! classes, so Spark cannot load them.

use super::store::Runtime;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// The value for `spark.ui.filters`.
pub(in crate::cloud::local) const FILTER: &str = "clusterup.OwnerFilter";
/// The variable with the password, in the environment of the process that serves the page.
pub(in crate::cloud::local) const PASSWORD: &str = "CLUSTERUP_UI_PASSWORD";
/// The user name.
pub(in crate::cloud::local) const NAME: &str = "clusterup";

const CLASS: &[u8] = include_bytes!("OwnerFilter.class");

/// Whether a runtime has the current version of the filter.
pub(super) fn is_installed(runtime: &Runtime) -> bool {
    let there = disk::bytes(&place(&runtime.spark_home), disk::RECORD);
    there.is_ok_and(|there| jar().is_ok_and(|jar| jar == there))
}

/// Adds the filter to Spark's jars. The class archive is removed, since it is only valid for the
/// exact jars that it was made from.
///
/// # Errors
/// Returns an error if the folder cannot be written.
pub(super) fn install(runtime: &Runtime) -> Result<(), CloudError> {
    if is_installed(runtime) {
        return Ok(());
    }
    let jar = jar().map_err(|error| {
        CloudError::new(Class::Failed, "cannot create the filter of Spark's pages").caused_by(error)
    })?;
    if let Some(archive) = &runtime.archive {
        let _ = fs::remove_file(archive);
    }
    let place = place(&runtime.spark_home);
    let doing = || format!("write {}", place.display());
    let draft = place.with_extension("draft");
    fs::write(&draft, jar).during(doing)?;
    fs::rename(&draft, &place).during(doing)
}

fn place(spark_home: &Path) -> PathBuf {
    spark_home.join("jars/clusterup-owner-filter.jar")
}

/// Returns the jar; the bytes are always the same.
fn jar() -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let file = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("clusterup/OwnerFilter.class", file)?;
    zip.write_all(CLASS)?;
    Ok(zip.finish()?.into_inner())
}
