//! How pip is run. The user's own settings hold (index, proxies, certificates, cache), but for
//! those that say where to install.

use std::path::Path;
use tokio::process::Command;

/// `pip install`, to which the caller adds where and what.
pub(super) fn install(python: &Path, staging: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "install"])
        .args(["--no-input", "--disable-pip-version-check"])
        // Python looks for modules where it is started, be it in a folder of the user's that has
        // a `types.py`, and in what else these name.
        .current_dir(staging)
        .env_remove("PYTHONPATH")
        .env_remove("PYTHONHOME")
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("TMPDIR", staging.join("tmp"));
    command
}
