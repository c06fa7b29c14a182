//! Finds the Python of this machine on which the runtime is built.

use super::pins::PYTHONS;
use crate::cloud::error::{Class, CloudError};
use crate::model::hint;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Python of this machine that Spark supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Python {
    /// The executable.
    pub path: PathBuf,
    /// Major and minor version, such as `(3, 11)`.
    pub version: (u32, u32),
    /// Whether it can create a virtual environment with pip in it. Debian puts ensurepip into a
    /// package of its own.
    pub ensurepip: bool,
    /// Whether it has pip.
    pub pip: bool,
}

/// The output of [`PROBE`].
#[derive(Deserialize)]
struct PythonInfo {
    path: PathBuf,
    version: (u32, u32),
    ensurepip: bool,
    pip: bool,
}

const PROBE: &str = "\
import importlib.util as u, json, sys
has = lambda name: u.find_spec(name) is not None
print(json.dumps(dict(path=sys.executable, version=sys.version_info[:2],
                      ensurepip=has('ensurepip') and has('venv'), pip=has('pip'))))
";

/// Returns the first suitable Python in the folders of `path`: `python3`, then names with a
/// version.
///
/// # Errors
/// Returns an error with what to install if there is no Python, or none that Spark supports.
pub(super) fn find(path: Option<&OsStr>) -> Result<Python, CloudError> {
    let mut unsupported = Vec::new();
    for name in names() {
        for folder in path.map(std::env::split_paths).into_iter().flatten() {
            match probe(&folder.join(&name)) {
                Some(python) if PYTHONS.contains(&python.version) => return Ok(python),
                Some(python) => unsupported.push(python.version),
                None => {}
            }
        }
    }
    let message = match unsupported.first() {
        None => "there is no Python 3 on this machine".to_owned(),
        Some((major, minor)) => {
            format!("Spark does not run on this machine's Python, which is {major}.{minor}")
        }
    };
    Err(CloudError::new(Class::Missing, message)
        .hint("install Python 3.9 to 3.13")
        .hint(hint::Command::other(
            "sudo apt-get install python3 python3-venv",
        )))
}

fn names() -> impl Iterator<Item = String> {
    let with_version = PYTHONS
        .iter()
        .map(|(major, minor)| format!("python{major}.{minor}"));
    std::iter::once("python3".to_owned()).chain(with_version)
}

pub(super) fn probe(path: &Path) -> Option<Python> {
    if !path.is_file() {
        return None;
    }
    let output = Command::new(path)
        .args(["-I", "-c", PROBE])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let PythonInfo {
        path,
        version,
        ensurepip,
        pip,
    } = serde_json::from_slice(&output.stdout).ok()?;
    Some(Python {
        path,
        version,
        ensurepip,
        pip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A fake Python of this version.
    fn fake(folder: &Path, name: &str, version: &str) {
        let path = folder.join(name);
        let output = format!(
            r#"{{"path": "/x/{name}", "version": [{version}], "ensurepip": true, "pip": false}}"#
        );
        fs::write(&path, format!("#!/bin/sh\necho '{output}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn an_unsupported_python_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().as_os_str());
        assert!(find(path).unwrap_err().message.contains("no Python 3"));
        fake(folder.path(), "python3", "3, 6");
        assert!(find(path).unwrap_err().message.contains("3.6"));
        fake(folder.path(), "python3.9", "3, 9");
        assert_eq!(find(path).unwrap().version, (3, 9));
        fake(folder.path(), "python3", "3, 11");
        assert_eq!(find(path).unwrap().version, (3, 11));
        assert!(find(None).is_err());
    }
}
