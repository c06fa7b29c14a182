//! The stacks, policies and examples that the repository ships, copied to a folder of the test.

use std::fs;
use std::path::{Path, PathBuf};

/// Copies them to a folder, where the documents' commands find them by the same names.
pub(crate) fn copy(to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["stacks", "policies", "examples"]
        .map(PathBuf::from)
        .to_vec();
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(to.join(&folder)).unwrap();
        for entry in fs::read_dir(root.join(&folder)).unwrap().flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else {
                fs::copy(entry.path(), to.join(path)).unwrap();
            }
        }
    }
}
