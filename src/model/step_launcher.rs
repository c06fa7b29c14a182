//! The script of ours that decodes a step's arguments on the primary (`step_words`).

use super::hex::hex;
use sha2::{Digest, Sha256};

/// Its text.
pub const LAUNCHER: &str = include_str!("launch.sh");

/// Its name below a stack's prefix. It contains the content's digest, so that steps of an older
/// clusterup keep theirs.
pub fn launcher_key() -> String {
    let digest = hex(&Sha256::digest(LAUNCHER)[..8]);
    format!("bootstrap/launch-{digest}.sh")
}

/// Whether an address is that of the launcher, of this or another version of clusterup.
pub fn is_launcher(address: &str) -> bool {
    let digest = address
        .rsplit_once("/bootstrap/launch-")
        .and_then(|(_, name)| name.strip_suffix(".sh"));
    let is_digest = |it: &str| it.len() == 16 && it.bytes().all(|b| b.is_ascii_hexdigit());
    digest.is_some_and(is_digest)
}
