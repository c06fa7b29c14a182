//! Why a file is not one to read.

use std::fmt;
use std::io::{self, ErrorKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableFile {
    Folder,
    Pipe,
    Socket,
    Device,
    /// On a file system of the kernel's own.
    Kernel,
    /// It has no data until somebody else does something.
    Waits,
    TooLong {
        most: u64,
    },
}

impl UnreadableFile {
    /// The reason in an error of [`super::open`] and its kin.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match self {
            Self::Folder => "it is a folder, not a file",
            Self::Pipe => "it is a pipe (FIFO), not a regular file",
            Self::Socket => "it is a socket, not a regular file",
            Self::Device => "it is a device, not a regular file",
            Self::Kernel => "it is a view of the kernel's (/proc, /sys), not a regular file",
            Self::Waits => "it has no data until somebody writes to it",
            Self::TooLong { most } if most % 1024 == 0 => {
                return write!(f, "it is longer than {} KiB", most / 1024);
            }
            Self::TooLong { most } => return write!(f, "it is longer than {most} bytes"),
        };
        f.write_str(says)
    }
}

impl std::error::Error for UnreadableFile {}

impl From<UnreadableFile> for io::Error {
    fn from(unreadable_file: UnreadableFile) -> Self {
        Self::new(ErrorKind::InvalidInput, unreadable_file)
    }
}
