//! Key pairs as files: ed25519, in OpenSSH's format.

use super::error::{Class, CloudError, IoContext};
use super::files::gone;
use crate::disk;
use crate::model::desired::KeyPairSpec;
use crate::model::name::{KeyPairName, StackName};
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, LineEnding, PrivateKey};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

pub(super) const PRIVATE: &str = "id_ed25519";
const PUBLIC: &str = "id_ed25519.pub";

/// Creates a key pair in its own folder, or writes the user's public key there. The folder appears
/// complete or not at all; an existing one is not changed.
pub(super) fn make(folder: &Path, stack: &StackName, spec: &KeyPairSpec) -> Result<(), CloudError> {
    if folder.exists() {
        return Ok(());
    }
    let beside = folder.with_file_name(format!(".{}.{}", spec.name, std::process::id()));
    let doing = || format!("create key pair {} in {}", spec.name, folder.display());
    gone(fs::remove_dir_all(&beside)).during(doing)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&beside)
        .during(doing)?;
    let written = match &spec.public_key {
        Some(public) => fs::write(beside.join(PUBLIC), format!("{public}\n")).during(doing),
        None => generate(&beside, stack, &spec.name),
    };
    let made = written.and_then(|()| fs::rename(&beside, folder).during(doing));
    if made.is_err() {
        // Do not leave an incomplete private key behind.
        let _ = fs::remove_dir_all(&beside);
    }
    made
}

/// Removes a pair's folder in one step: half a pair would be unusable and block a new one.
pub(super) fn remove(folder: &Path) -> Result<(), CloudError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let hidden = folder.with_file_name(format!(".{name}.gone"));
    let doing = || format!("remove {}", folder.display());
    gone(fs::remove_dir_all(&hidden)).during(doing)?;
    gone(fs::rename(folder, &hidden)).during(doing)?;
    gone(fs::remove_dir_all(&hidden)).during(doing)
}

/// The public key in a pair's folder, without its comment; empty if there is none.
pub(super) fn public(folder: &Path) -> String {
    without_comment(&disk::text(&folder.join(PUBLIC), disk::SMALL).unwrap_or_default())
}

fn generate(folder: &Path, stack: &StackName, name: &KeyPairName) -> Result<(), CloudError> {
    let failed = |error: ssh_key::Error| {
        CloudError::new(Class::Failed, format!("cannot create key pair {name}")).caused_by(error)
    };
    let mut key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(failed)?;
    key.set_comment(format!("clusterup {stack}/{name}"));
    let private = key.to_openssh(LineEnding::LF).map_err(failed)?;
    let public = key.public_key().to_openssh().map_err(failed)?;
    let write = |name: &str, mode: u32, text: &str| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(folder.join(name))?;
        file.write_all(text.as_bytes())
    };
    write(PRIVATE, 0o600, &private)
        .and_then(|()| write(PUBLIC, 0o644, &format!("{public}\n")))
        .during(|| format!("write key pair {name}"))
}

/// The type and the key, without the comment.
pub(super) fn without_comment(public_key: &str) -> String {
    public_key
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads a public key file of the user.
pub(super) fn read_public(path: &Path) -> Result<String, CloudError> {
    let text = disk::text(path, disk::SMALL).map_err(|error| {
        let message = format!("cannot read the public key {}", path.display());
        CloudError::new(Class::Input, message)
            .caused_by(error)
            .hint("name the file that ends in .pub")
    })?;
    if ssh_key::PublicKey::from_openssh(text.trim()).is_err() {
        let message = format!("{} is not a public key in OpenSSH's format", path.display());
        return Err(CloudError::new(Class::Input, message).hint("name the file that ends in .pub"));
    }
    Ok(without_comment(&text))
}
