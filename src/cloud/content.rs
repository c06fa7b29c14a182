//! Digests of files, as the keys of a bucket contain them.

use crate::disk;
use crate::model::hex::hex;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};
use std::path::Path;

/// What identifies a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest {
    /// The SHA-256 in hexadecimal digits.
    pub(super) sha256: String,
    /// The CRC-32 (ISO 3309).
    pub(super) crc32: u32,
    /// The length in bytes.
    pub(super) bytes: u64,
}

/// How much of a file is read at a time, which the processor's cache has room for.
const READ: usize = 256 << 10;

/// Reads a file once. Calls `on_read` with the number of bytes read so far.
pub(super) fn digest(path: &Path, on_read: &mut dyn FnMut(u64)) -> io::Result<Digest> {
    let mut file = disk::open(path)?;
    let mut sha256 = Sha256::new();
    let mut crc32 = crc32fast::Hasher::new();
    let mut buffer = vec![0; READ];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let sha256 = hex(&sha256.finalize());
            let crc32 = crc32.finalize();
            return Ok(Digest {
                sha256,
                crc32,
                bytes,
            });
        }
        sha256.update(&buffer[..read]);
        crc32.update(&buffer[..read]);
        bytes += read as u64;
        on_read(bytes);
    }
}

/// A reader that computes the SHA-256 of what is read, and reports each read in bytes.
pub(super) struct HashingReader<'a, R> {
    inner: R,
    sha256: Sha256,
    on_read: &'a mut dyn FnMut(u64),
}

impl<'a, R> HashingReader<'a, R> {
    pub(super) fn new(inner: R, on_read: &'a mut dyn FnMut(u64)) -> Self {
        let sha256 = Sha256::new();
        Self {
            inner,
            sha256,
            on_read,
        }
    }

    /// The SHA-256 in hexadecimal digits.
    pub(super) fn sha256(self) -> String {
        hex(&self.sha256.finalize())
    }
}

impl<R: Read> Read for HashingReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..bytes]);
        (self.on_read)(bytes as u64);
        Ok(bytes)
    }
}
