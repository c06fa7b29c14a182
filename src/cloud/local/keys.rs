//! Key pairs of this machine: ed25519, the private half 0600 and in OpenSSH's form.

use super::place::{Place, gone, names};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::desired::KeyPairSpec;
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::SeenKeyPair;
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, LineEnding, PrivateKey};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

pub const PRIVATE: &str = "id_ed25519";
const PUBLIC: &str = "id_ed25519.pub";

pub(super) fn observe(place: &Place, stack: &StackName) -> Result<Vec<SeenKeyPair>, CloudError> {
    let mut seen = Vec::new();
    for name in names(&place.keys(stack))? {
        let Ok(name) = name.parse::<KeyPairName>() else {
            continue;
        };
        let folder = place.key(stack, &name);
        let path = folder.join(PUBLIC);
        // Without its public half it is nobody's: to be replaced, or removed with the stack.
        let text = fs::read_to_string(&path).unwrap_or_default();
        let ours = !text.is_empty() && folder.join(PRIVATE).exists();
        seen.push(SeenKeyPair {
            name,
            public_key: without_comment(&text),
            ours,
        });
    }
    Ok(seen)
}

/// Makes a pair, or records the user's own public half. The folder appears whole or not at all.
pub(super) fn create(
    place: &Place,
    stack: &StackName,
    spec: &KeyPairSpec,
) -> Result<(), CloudError> {
    let folder = place.key(stack, &spec.name);
    if folder.exists() {
        return Ok(());
    }
    let beside = place
        .keys(stack)
        .join(format!(".{}.{}", spec.name, std::process::id()));
    let doing = || format!("make key pair {} in {}", spec.name, folder.display());
    gone(fs::remove_dir_all(&beside)).during(doing)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&beside)
        .during(doing)?;
    match &spec.public_key {
        Some(public) => fs::write(beside.join(PUBLIC), format!("{public}\n")).during(doing)?,
        None => generate(&beside, stack, &spec.name)?,
    }
    fs::rename(&beside, &folder).during(doing)
}

pub(super) fn delete(
    place: &Place,
    stack: &StackName,
    name: &KeyPairName,
) -> Result<(), CloudError> {
    // Hidden first, in one step: half a key pair would be no key pair and yet in the way.
    let folder = place.key(stack, name);
    let hidden = place.keys(stack).join(format!(".{name}.gone"));
    let doing = || format!("remove {}", folder.display());
    gone(fs::remove_dir_all(&hidden)).during(doing)?;
    gone(fs::rename(&folder, &hidden)).during(doing)?;
    gone(fs::remove_dir_all(&hidden)).during(doing)
}

fn generate(folder: &Path, stack: &StackName, name: &KeyPairName) -> Result<(), CloudError> {
    let failed = |error: ssh_key::Error| {
        CloudError::new(Class::Failed, format!("cannot make key pair {name}")).caused_by(error)
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

/// The kind and the key, without the comment that changes nothing.
pub(super) fn without_comment(public_key: &str) -> String {
    public_key
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads a public key of the user's own.
pub(super) fn read_public(path: &Path) -> Result<String, CloudError> {
    let text =
        fs::read_to_string(path).during(|| format!("read the public key {}", path.display()))?;
    if ssh_key::PublicKey::from_openssh(text.trim()).is_err() {
        let message = format!("{} is no public key in OpenSSH's form", path.display());
        return Err(CloudError::new(Class::Input, message).hint("name the file that ends in .pub"));
    }
    Ok(without_comment(&text))
}
