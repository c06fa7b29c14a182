//! Joins paths as text, without reading the disk.

use std::path::{Component, Path, PathBuf};

/// The path joined to `base`, without `.` and `..` where possible. A path that begins with `~`
/// stays as it is; the caller expands it.
pub(crate) fn join(base: &Path, path: &str) -> PathBuf {
    if path == "~" || path.starts_with("~/") {
        return PathBuf::from(path);
    }
    let mut clean = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match clean.components().next_back() {
                Some(Component::Normal(_)) => {
                    clean.pop();
                }
                Some(Component::RootDir) => {}
                _ => clean.push(".."),
            },
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                clean.push(component);
            }
        }
    }
    if clean.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        clean
    }
}

/// The path of `file` in the folder of `path`, both with slashes.
pub(crate) fn sibling(path: &str, file: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{file}"),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_base() {
        for (base, path, joined) in [
            ("stacks", "../examples/x.py", "examples/x.py"),
            ("stacks", "./x.py", "stacks/x.py"),
            ("", "x.py", "x.py"),
            (".", "../x.py", "../x.py"),
            ("a/b", "../../../x", "../x"),
            ("..", "../x", "../../x"),
            ("stacks", "..", "."),
            ("stacks", "/data/../x", "/x"),
            ("/", "../x", "/x"),
            ("stacks", "~/.ssh/id.pub", "~/.ssh/id.pub"),
            ("stacks", "~x", "stacks/~x"),
        ] {
            assert_eq!(
                join(Path::new(base), path),
                Path::new(joined),
                "{base} {path}"
            );
        }
    }

    #[test]
    fn siblings_share_a_folder() {
        assert_eq!(
            sibling("ml-1m/ratings.dat", "movies.dat"),
            "ml-1m/movies.dat"
        );
        assert_eq!(sibling("ratings.dat", "movies.dat"), "movies.dat");
        assert_eq!(sibling("s3://b/a/r", "m"), "s3://b/a/m");
    }
}
