//! The user's files: only regular ones are read, none is waited for, and no more of one than was
//! said. A device has no end, a pipe has no data until somebody writes, and opening either can do
//! something to the process at its other end.

mod unreadable_file;

pub use unreadable_file::UnreadableFile;

use rustix::fs::OFlags;
use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// What a record of our own may have: a status, a marker, a request, a copy in the cache.
pub const RECORD: u64 = 16 << 20;

/// What a text that people write by hand and that we do not parse ourselves may have: a key.
pub const SMALL: u64 = 64 << 10;

/// Opens a regular file to be read, and never waits for that.
///
/// # Errors
/// What the machine says, and [`UnreadableFile`] in an error of kind `InvalidInput` where it is no regular
/// file on a disk.
pub fn open(path: &Path) -> io::Result<File> {
    // Looked at first: to open a pipe wakes its writer, to open a device may start something.
    regular(fs::metadata(path)?.file_type())?;
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    // Looked at again: it may be another by now.
    regular(file.metadata()?.file_type())?;
    let system = rustix::fs::fstatfs(&file)?.f_type;
    if KERNEL.contains(&system) {
        return Err(UnreadableFile::Kernel.into());
    }
    Ok(file)
}

/// A whole regular file of at most so many bytes.
///
/// # Errors
/// As [`open`], and [`UnreadableFile::TooLong`].
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

/// The same as text.
///
/// # Errors
/// As [`bytes`], and `InvalidData` where it is not UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    let not = |_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8");
    String::from_utf8(bytes(path, most)?).map_err(not)
}

/// The magic numbers (`man 2 statfs`) of file systems that the kernel makes up: procfs, sysfs,
/// debugfs, tracefs. What seems a regular file there may have no end, or wait (`/proc/kmsg`).
const KERNEL: [i64; 4] = [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163];

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
    fn what_is_no_regular_file_is_refused_at_once_and_named() {
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
    fn no_more_is_read_than_was_said() {
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
        // A hole of a terabyte costs nothing to make and would cost everything to read.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(why(&path), UnreadableFile::TooLong { most: 10 });
    }
}
