//! Unpacks a job's packed Python environment, one folder per archive.

use super::lock::{self, sweep};
use super::pins::PYTHONS;
use super::python::{self, Python};
use super::store::{Runtime, Store};
use super::watched::Watch;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::event::Listener;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Takes the archive and the folder.
const UNPACK: &str = include_str!("unpack.py");

impl Store {
    /// Returns the Python executable of a packed environment; `digest` is that of the archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be unpacked, or if its Python does not run on this
    /// machine or is none that Spark supports.
    pub async fn environment(
        &self,
        runtime: &Runtime,
        archive: &Path,
        digest: &str,
        listener: &dyn Listener,
    ) -> Result<PathBuf, CloudError> {
        let all = self.cache.join("environments");
        let place = all.join(digest);
        let python = place.join("bin/python");
        if python.exists() {
            return Ok(python);
        }
        let _lock = lock::take(&self.locks(), "environments", "unpacking Python", listener).await?;
        if python.exists() {
            return Ok(python);
        }
        sweep(&all);
        let doing = || format!("make {}", place.display());
        let staging = all.join(format!(".{}", std::process::id()));
        let into = staging.join("into");
        fs::create_dir_all(&into).during(doing)?;
        let log = self.locks().join("environment.log");
        // The log is of this archive alone.
        let _ = fs::remove_file(&log);
        let watch = Watch {
            what: "python.archive",
            folder: &into,
            total: 0,
            log: log.clone(),
            listener,
        };
        let mut command = Command::new(&runtime.python);
        command.args(["-I", "-c", UNPACK]).arg(archive).arg(&into);
        let unpacked = watch.run(&mut command).await;
        unpacked.map_err(|_| {
            let message = format!("python.archive cannot be unpacked: {}", archive.display());
            CloudError::new(Class::Input, message)
                .hint("pack it with venv-pack or conda-pack, as .tar.gz or .zip")
                .hint(format!("see what is wrong with it: {}", log.display()))
        })?;
        check(python::probe(&into.join("bin/python")).as_ref())?;
        fs::rename(&into, &place).during(doing)?;
        fs::remove_dir_all(&staging).during(doing)?;
        Ok(python)
    }
}

/// An environment for EMR's machines may need a Python that they have and this one does not.
fn check(python: Option<&Python>) -> Result<(), CloudError> {
    let why = match python {
        Some(python) if PYTHONS.contains(&python.version) => return Ok(()),
        Some(python) => {
            let (major, minor) = python.version;
            format!("Spark does not run on the Python of python.archive, which is {major}.{minor}")
        }
        None => "the Python of python.archive does not run on this machine".to_owned(),
    };
    Err(CloudError::new(Class::Input, why)
        .hint("pack an environment on this machine, or use python: { packages: [...] } here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::NoListener;
    use std::os::unix::fs::symlink;
    use std::process::Command as Program;

    /// Packs a folder whose `bin/python` is this link or script.
    fn packed(folder: &Path, name: &str, python: &str) -> PathBuf {
        let env = folder.join(format!("of-{name}"));
        fs::create_dir_all(env.join("bin")).unwrap();
        symlink(python, env.join("bin/python")).unwrap();
        let archive = folder.join(name);
        let packed = Program::new("tar")
            .args(["-czf", archive.to_str().unwrap(), "-C"])
            .arg(&env)
            .arg(".")
            .status();
        assert!(packed.unwrap().success());
        archive
    }

    #[tokio::test]
    async fn an_environment_is_unpacked_once_and_only_if_its_python_runs() {
        let folder = tempfile::tempdir().unwrap();
        #[expect(
            clippy::disallowed_methods,
            reason = "tests look where the program looks"
        )]
        let path = std::env::var_os("PATH");
        let here = python::find(path.as_deref()).unwrap().path;
        let store = Store::new(folder.path().join("cache"), path);
        let mut runtime = super::super::store::parts(Path::new("/none"), (3, 11));
        runtime.python.clone_from(&here);
        let of = async |archive: &Path, digest: &str| {
            let made = store.environment(&runtime, archive, digest, &NoListener);
            made.await.map_err(|error| error.message)
        };
        let good = packed(folder.path(), "good.tar.gz", here.to_str().unwrap());
        let python = of(&good, "aa").await.unwrap();
        assert!(python.ends_with("environments/aa/bin/python") && python.exists());
        fs::remove_file(&good).unwrap();
        assert_eq!(of(&good, "aa").await, Ok(python));
        let emrs = packed(folder.path(), "emr.tar.gz", "/emr/has/this/python3.9");
        let text = folder.path().join("text.tar.gz");
        fs::write(&text, "no archive").unwrap();
        for (archive, says) in [
            (
                &emrs,
                "the Python of python.archive does not run on this machine",
            ),
            (&text, "python.archive cannot be unpacked"),
            (&good, "python.archive cannot be unpacked"),
        ] {
            let error = of(archive, "bb").await.unwrap_err();
            assert!(error.starts_with(says), "{}: {error}", archive.display());
        }
        let kept = fs::read_dir(folder.path().join("cache/environments")).unwrap();
        let kept = kept.flatten().map(|it| it.file_name());
        assert!(!kept.into_iter().any(|name| name == "bb"));
    }

    #[test]
    fn only_pythons_that_spark_supports_are_taken() {
        let python = |version| Python {
            path: PathBuf::new(),
            version,
            ensurepip: false,
            pip: false,
        };
        assert!(check(Some(&python((3, 11)))).is_ok());
        for version in [(2, 7), (3, 6), (3, 99)] {
            let error = check(Some(&python(version))).unwrap_err();
            assert!(error.message.starts_with("Spark does not run"), "{error}");
        }
        assert!(check(None).is_err());
    }
}
