//! What Spark's processes know and other users of the machine do not.

use crate::cloud::error::{CloudError, IoContext};
use crate::model::hex::hex;
use std::fs::File;
use std::io::Read;

/// 256 bits that nobody can guess, as 64 hexadecimal digits.
///
/// # Errors
/// The system gives no random bytes.
pub(in crate::cloud::local) fn secret() -> Result<String, CloudError> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .during(|| "read /dev/urandom".to_owned())?;
    Ok(hex(&bytes))
}
