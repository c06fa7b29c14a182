//! Runs pip. The user's settings apply (index, proxies, certificates, cache), except those for the
//! place of the install.

use std::path::Path;
use tokio::process::Command;

/// Returns `pip install`; the caller adds target and packages.
pub(super) fn install(python: &Path, staging: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "install"])
        .args(["--no-input", "--disable-pip-version-check"])
        // Python searches its working folder for modules, which could be a user's folder with a
        // `types.py`, and the folders in these variables.
        .current_dir(staging)
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("TMPDIR", staging.join("tmp"));
    command
}
