//! Secrets that Spark's processes share and other users of the machine cannot read.

use crate::cloud::error::{CloudError, IoContext};
use crate::model::hex::hex;
use std::fs::File;
use std::io::Read;

/// Returns 256 random bits as 64 hexadecimal digits.
///
/// # Errors
/// Returns an error if `/dev/urandom` cannot be read.
pub(in crate::cloud::local) fn secret() -> Result<String, CloudError> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .during(|| "read /dev/urandom".to_owned())?;
    Ok(hex(&bytes))
}
