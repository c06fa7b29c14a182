//! The servlet filter that keeps Spark's pages for their owner, in a jar among Spark's own.
//!
//! `OwnerFilter.class` is `OwnerFilter.java`, compiled by the compiler that Spark brings (Janino);
//! a test compiles it again and compares. Spark 3.5 has no filter of its own that asks for a
//! secret (`org.apache.spark.ui.JWSFilter` comes with 4.0), and Hadoop's are in a jar whose servlet
//! classes are renamed, so that Spark cannot use them.

use super::store::Runtime;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

/// For `spark.ui.filters`.
pub(in crate::cloud::local) const FILTER: &str = "clusterup.OwnerFilter";
/// The password that the filter asks for, in the environment of the process that serves.
pub(in crate::cloud::local) const PASSWORD: &str = "CLUSTERUP_UI_PASSWORD";
/// The name that belongs to it.
pub(in crate::cloud::local) const NAME: &str = "clusterup";

const CLASS: &[u8] = include_bytes!("OwnerFilter.class");

/// Whether a runtime has the filter as it is now.
pub(super) fn is_in(runtime: &Runtime) -> bool {
    let there = disk::bytes(&place(&runtime.spark_home), disk::RECORD);
    there.is_ok_and(|there| jar().is_ok_and(|jar| jar == there))
}

/// Puts the filter among Spark's jars. The archive of classes goes, for it holds only for the very
/// jars that it was made of.
///
/// # Errors
/// The folder cannot be written to.
pub(super) fn put(runtime: &Runtime) -> Result<(), CloudError> {
    if is_in(runtime) {
        return Ok(());
    }
    let jar = jar().map_err(|error| {
        CloudError::new(Class::Failed, "cannot make the filter of Spark's pages").caused_by(error)
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

/// The same bytes each time.
fn jar() -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let file = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    zip.start_file("clusterup/OwnerFilter.class", file)?;
    zip.write_all(CLASS)?;
    Ok(zip.finish()?.into_inner())
}
