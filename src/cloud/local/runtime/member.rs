//! Extracts a member of a zip archive.

use super::transfer::{CopyError, Progress, write_whole, writing};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use std::fs::{self, File};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// How many names an error lists.
const MAX_NAMES: usize = 8;

pub(super) fn extract(
    archive: &Path,
    member: &str,
    to: &Path,
    count: &Progress,
) -> Result<(), CloudError> {
    let unreadable = |error: ZipError| {
        // The invalid file is removed, so that the next run downloads it again.
        let _ = fs::remove_file(archive);
        let message = "the downloaded file is not a readable zip archive";
        CloudError::new(Class::Input, message)
            .hint("leave `member` out of the stack if the URL gives the data itself")
            .caused_by(error)
    };
    let file = disk::open(archive).during(|| format!("read {}", archive.display()))?;
    let mut zip = ZipArchive::new(file).map_err(unreadable)?;
    if zip.index_for_name(member).is_none() {
        return Err(no_member(&zip, member));
    }
    let from = zip.by_name(member).map_err(unreadable)?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
    }
    let length = from.size();
    // Reads at most one byte more than the archive declares, so that no archive can fill the disk.
    let from = std::io::Read::take(from, length.saturating_add(1));
    write_whole(from, Some(length), to, count).map_err(|error| match error {
        CopyError::Writing(error) => writing(to, error),
        CopyError::Reading(error) => unreadable(ZipError::Io(error)),
        CopyError::Short { .. } => unreadable(ZipError::InvalidArchive("a member's length".into())),
    })
}

/// The error lists members that exist, first those with the same name in another folder.
fn no_member(zip: &ZipArchive<File>, member: &str) -> CloudError {
    let base = |name: &str| name.rsplit('/').next().map(str::to_lowercase);
    let mut names: Vec<String> = zip
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| !name.ends_with('/'))
        .map(Into::into)
        .collect();
    names.sort_by_key(|name| base(name) != base(member));
    let more = if names.len() > MAX_NAMES { ", …" } else { "" };
    names.truncate(MAX_NAMES);
    CloudError::new(Class::Input, format!("the archive has no member {member}"))
        .hint(format!("it has: {}{more}", names.join(", ")))
}
