//! Digests of files, as the keys of a bucket contain them.

use crate::disk;
use crate::model::hex::hex;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::Path;

/// A file's SHA-256 in hexadecimal digits, and its length in bytes. Calls `tell` with the number of
/// bytes read so far.
pub(super) fn digest(path: &Path, on_read: &mut dyn FnMut(u64)) -> io::Result<(String, u64)> {
    let mut file = disk::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        let bytes = file.read(&mut buffer)?;
        if bytes == 0 {
            return Ok((hex(&digest.finalize()), done));
        }
        digest.update(&buffer[..bytes]);
        done += bytes as u64;
        on_read(done);
    }
}
