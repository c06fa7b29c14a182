//! What a Python script imports from its own folder, found by its import statements. Imports that a
//! program computes are not found.

use crate::disk;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file that is searched, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// How many files are searched.
const MAX_FILES: usize = 1_000;
/// A folder of this name beside a script is not meant: every cluster has the package.
const OF_CLUSTER: &str = "pyspark";

/// The modules and packages beside a script that it imports, directly or through one of them, in
/// order.
pub(crate) fn neighbours(script: &Path) -> BTreeSet<PathBuf> {
    let folder = script.parent().unwrap_or(Path::new(""));
    let mut found = BTreeSet::new();
    let mut left = VecDeque::from([script.to_owned()]);
    let mut searched = 0;
    while let Some(file) = left.pop_front() {
        searched += 1;
        // What cannot be read is reported where it is staged.
        let Ok(text) = disk::text(&file, MAX_BYTES) else {
            continue;
        };
        for name in imported(&text).iter().filter(|name| *name != OF_CLUSTER) {
            let Some(neighbour) = beside(folder, name).filter(|path| path != script) else {
                continue;
            };
            if searched + left.len() < MAX_FILES && found.insert(neighbour.clone()) {
                python_files(&neighbour, &mut left);
            }
        }
    }
    found
}

/// The module or package of this name. Python prefers a package; one without `__init__.py` has to
/// have a module.
fn beside(folder: &Path, name: &str) -> Option<PathBuf> {
    let package = folder.join(name);
    let module = folder.join(format!("{name}.py"));
    if package.join("__init__.py").is_file() {
        return Some(package);
    }
    if module.is_file() {
        return Some(module);
    }
    let mut entries = fs::read_dir(&package).ok()?.flatten();
    let is_module = |path: &Path| path.extension().is_some_and(|end| end == "py");
    entries
        .any(|entry| is_module(&entry.path()))
        .then_some(package)
}

/// Adds a module, or the modules of a package, to the files to search.
fn python_files(path: &Path, left: &mut VecDeque<PathBuf>) {
    if !path.is_dir() {
        left.push_back(path.to_owned());
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        if left.len() >= MAX_FILES {
            return;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            python_files(&path, left);
        } else if path.extension().is_some_and(|end| end == "py") {
            left.push_back(path);
        }
    }
}

/// The first part of each module's name that a text imports.
fn imported(text: &str) -> BTreeSet<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let statements = joined.lines().flat_map(|line| line.split(';'));
    let mut names = BTreeSet::new();
    for statement in statements {
        let statement = statement.split('#').next().unwrap_or_default().trim();
        // `try: import x` is a statement after another.
        let statement = statement
            .rsplit_once(": ")
            .map_or(statement, |(_, rest)| rest);
        let mut words = statement.splitn(2, char::is_whitespace);
        let (Some(verb), Some(rest)) = (words.next(), words.next()) else {
            continue;
        };
        let modules: Vec<&str> = match verb {
            "import" => rest.split(',').collect(),
            "from" if rest.contains("import") => vec![rest],
            _ => continue,
        };
        let name = |module: &&str| {
            let first = module.split_whitespace().next().unwrap_or_default();
            first.split('.').next().unwrap_or_default().to_owned()
        };
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        names.extend(modules.iter().map(name).filter(is_name));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_statements_are_found_however_they_are_written() {
        for (text, names) in [
            ("import a", vec!["a"]),
            ("import a.b.c as d, e", vec!["a", "e"]),
            ("from a.b import (c,\n  d)", vec!["a"]),
            ("  import a  # why", vec!["a"]),
            ("import a; import b", vec!["a", "b"]),
            ("from a \\\n  import b", vec!["a"]),
            ("import a, \\\n  b", vec!["a", "b"]),
            (
                "try: import a\nexcept ImportError: import b",
                vec!["a", "b"],
            ),
            ("from . import a", vec![]),
            ("from .a import b", vec![]),
            ("# import a", vec![]),
            ("important = 1\nfrom_ = 2\nimport\n", vec![]),
            ("x = 'import'", vec![]),
            ("import größe", vec!["größe"]),
            ("import ../x, a-b, a/b", vec![]),
        ] {
            let found = imported(text);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), names, "{text:?}");
        }
    }

    #[test]
    fn neighbours_are_modules_and_packages_of_the_scripts_folder() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "job.py",
            "import helpers, lib.tools, plain.x, numpy, pyspark, job, empty\n",
        );
        write("helpers.py", "import deeper\n");
        write("deeper.py", "import helpers\n");
        write("unused.py", "");
        write("lib/__init__.py", "");
        write("lib/tools.py", "def f():\n    import inner\n");
        write("inner.py", "");
        write("plain/x.py", "");
        write("pyspark/__init__.py", "");
        write("empty/notes.txt", "");
        let found = neighbours(&place.path().join("job.py"));
        let names: Vec<String> = found
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            ["deeper.py", "helpers.py", "inner.py", "lib", "plain"]
        );
        assert!(neighbours(&place.path().join("none.py")).is_empty());
    }
}
