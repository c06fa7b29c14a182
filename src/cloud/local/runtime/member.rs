//! A member of a zip archive, in a file of its own.

use super::transfer::{Broken, Count, write_whole, writing};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use std::fs::{self, File};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// As many names as an error lists.
const SOME: usize = 8;

pub(super) fn extract(
    archive: &Path,
    member: &str,
    to: &Path,
    count: &Count,
) -> Result<(), CloudError> {
    let unreadable = |error: ZipError| {
        // Not kept: what a server sent in an archive's stead is fetched anew next time.
        let _ = fs::remove_file(archive);
        let message = "what was fetched is no zip archive that can be read";
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
    // One byte more than it says it holds is already too many: no archive fills the disk.
    let from = std::io::Read::take(from, length.saturating_add(1));
    write_whole(from, Some(length), to, count).map_err(|error| match error {
        Broken::Writing(error) => writing(to, error),
        Broken::Reading(error) => unreadable(ZipError::Io(error)),
        Broken::Short { .. } => unreadable(ZipError::InvalidArchive("a member's length".into())),
    })
}

/// Says what is there instead: first what has the same name in another folder.
fn no_member(zip: &ZipArchive<File>, member: &str) -> CloudError {
    let base = |name: &str| name.rsplit('/').next().map(str::to_lowercase);
    let mut names: Vec<String> = zip
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| !name.ends_with('/'))
        .map(Into::into)
        .collect();
    names.sort_by_key(|name| base(name) != base(member));
    let more = if names.len() > SOME { ", …" } else { "" };
    names.truncate(SOME);
    CloudError::new(Class::Input, format!("the archive has no member {member}"))
        .hint(format!("it has: {}{more}", names.join(", ")))
}
