//! Reads the user's files. Only regular files are read, without blocking, and up to a limit. A
//! device has no end, a pipe has no data until somebody writes, and opening either can affect the
//! process at its other end.

mod unreadable_file;

pub use unreadable_file::UnreadableFile;

use rustix::fs::OFlags;
use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// The largest size of a file that clusterup itself writes, in bytes: a status, a marker, a
/// request, a cached copy.
pub const RECORD: u64 = 16 << 20;

/// The largest size of a small file that clusterup does not parse itself, in bytes: a key.
pub const SMALL: u64 = 64 << 10;

/// Opens a regular file for reading, without blocking.
///
/// # Errors
/// Returns an error if the file cannot be opened. If it is not a regular file on a disk, the error
/// is of kind `InvalidInput` and holds an [`UnreadableFile`].
pub fn open(path: &Path) -> io::Result<File> {
    // Checked before opening: opening a pipe wakes its writer, and opening a device may start
    // something.
    regular(fs::metadata(path)?.file_type())?;
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    // Checked again: the file may have been replaced meanwhile.
    regular(file.metadata()?.file_type())?;
    let system = rustix::fs::fstatfs(&file)?.f_type;
    if VIRTUAL_FILE_SYSTEMS.contains(&system) {
        return Err(UnreadableFile::Kernel.into());
    }
    Ok(file)
}

/// Reads a whole regular file of at most `most` bytes.
///
/// # Errors
/// Returns an error as [`open`] does, or [`UnreadableFile::TooLong`].
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut content);
    match read {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            return Err(UnreadableFile::Waits.into());
        }
        read => read?,
    };
    if content.len() as u64 > most {
        return Err(UnreadableFile::TooLong { most }.into());
    }
    Ok(content)
}

/// Reads a whole regular file of at most `most` bytes as UTF-8.
///
/// # Errors
/// Returns an error as [`bytes`] does, or one of kind `InvalidData` if the content is not UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    let not_utf8 = |_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8");
    String::from_utf8(bytes(path, most)?).map_err(not_utf8)
}

/// The magic numbers (`man 2 statfs`) of the kernel's virtual file systems: procfs, sysfs, debugfs,
/// tracefs. What looks like a regular file there may have no end, or may block (`/proc/kmsg`).
const VIRTUAL_FILE_SYSTEMS: [i64; 4] = [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163];

fn regular(kind: FileType) -> io::Result<()> {
    let unreadable_file = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => UnreadableFile::Folder,
        kind if kind.is_fifo() => UnreadableFile::Pipe,
        kind if kind.is_socket() => UnreadableFile::Socket,
        _ => UnreadableFile::Device,
    };
    Err(unreadable_file.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    fn why(path: &Path) -> UnreadableFile {
        let error = bytes(path, 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{}", path.display());
        UnreadableFile::of(&error).unwrap()
    }

    #[test]
    fn files_that_are_not_regular_are_refused_without_blocking() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(
            Command::new("mkfifo")
                .arg(at("pipe"))
                .status()
                .unwrap()
                .success()
        );
        let _socket = UnixListener::bind(at("socket")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("link")).unwrap();
        std::os::unix::fs::symlink(at("pipe"), at("to-pipe")).unwrap();
        for (path, expected) in [
            (at("pipe"), UnreadableFile::Pipe),
            (at("to-pipe"), UnreadableFile::Pipe),
            (at("socket"), UnreadableFile::Socket),
            (at("link"), UnreadableFile::Device),
            ("/dev/zero".into(), UnreadableFile::Device),
            ("/dev/tty".into(), UnreadableFile::Device),
            ("/dev/full".into(), UnreadableFile::Device),
            (folder.path().to_owned(), UnreadableFile::Folder),
            ("/proc/self/status".into(), UnreadableFile::Kernel),
            ("/proc/self/environ".into(), UnreadableFile::Kernel),
            (
                "/sys/kernel/mm/transparent_hugepage/enabled".into(),
                UnreadableFile::Kernel,
            ),
        ] {
            if path.exists() {
                assert_eq!(why(&path), expected, "{}", path.display());
            }
        }
        let gone = bytes(&at("gone"), 10).unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_file_longer_than_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (long, whole) in [
            (0, true),
            (9, true),
            (10, true),
            (11, false),
            (5_000, false),
        ] {
            fs::write(&path, vec![b'x'; long]).unwrap();
            match bytes(&path, 10) {
                Ok(read) => assert!(whole && read.len() == long),
                Err(error) => {
                    assert!(!whole);
                    assert_eq!(
                        UnreadableFile::of(&error),
                        Some(UnreadableFile::TooLong { most: 10 })
                    );
                }
            }
        }
        // A sparse file of a terabyte takes no space on disk, but reading it would take forever.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(why(&path), UnreadableFile::TooLong { most: 10 });
    }
}
