//! What the releases of EMR support, and which Spark and Python they bring. All other code asks
//! here.

use super::release::Release;
use std::fmt;

/// The releases that support something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Releases {
    /// The first minor release of each major one, in order. Majors that follow the last support it.
    from: &'static [(u32, u32)],
    /// The last release; `None` if the newest supports it.
    until: Option<(u32, u32)>,
}

/// The idle policy, EMR's auto-termination policy: since 5.30.0, and of 6 since 6.1.0 (EMR Management
/// Guide, "Using an auto-termination policy").
pub const IDLE_POLICY: Releases = Releases::since(&[(5, 30), (6, 1)]);

/// Security configurations: since 4.8.0 (EMR Management Guide), which is older than all releases with
/// Spark 2.
pub const SECURITY_CONFIGURATION: Releases = Releases::since(&[(4, 8)]);

/// An encryption key of logs: "5.30.0 and later, excluding 6.0.0" (EMR API, RunJobFlow).
pub const LOG_ENCRYPTION: Releases = IDLE_POLICY;

/// EMR's own history server (EMR Management Guide, "View persistent application user interfaces").
pub const PERSISTENT_UI: Releases = Releases::since(&[(5, 25)]);

/// Pages of a living cluster that EMR makes reachable (EMR Management Guide, "Diagnose applications and
/// jobs with EMR Studio").
pub const ON_CLUSTER_UI: Releases = Releases::since(&[(5, 33)]);

/// What all releases support.
pub const ALL: Releases = Releases::since(&[(0, 0)]);

/// Images of one's own (EMR Management Guide, "Using a custom AMI").
pub const CUSTOM_IMAGE: Releases = Releases::since(&[(5, 7)]);

/// Steps that run at the same time (EMR Management Guide, "Considerations for running multiple steps in
/// parallel").
pub const STEP_CONCURRENCY: Releases = Releases::since(&[(5, 28)]);

/// Instance fleets: "4.8.0 and later, excluding 5.0.x" (EMR API, InstanceFleetConfig).
pub const FLEETS: Releases = Releases::since(&[(4, 8), (5, 1)]);

/// Allocation strategies of fleets, since 5.12.1 (EMR API, InstanceFleetProvisioningSpecifications).
pub const ALLOCATION: Releases = Releases::since(&[(5, 12)]);

/// Managed scaling: since 5.30.0, except 6.0.0 (EMR Management Guide, "Using managed scaling").
pub const SCALING: Releases = IDLE_POLICY;

/// A choice of the root volume's speed (EMR Management Guide, "Customizing the Amazon EBS root device
/// volume").
pub const ROOT_VOLUME_SPEED: Releases = Releases::since(&[(6, 15)]);

/// The Glue Data Catalog as the metastore of Spark and Hive (EMR Release Guide, "Using the Glue Data
/// Catalog").
pub const GLUE: Releases = Releases::since(&[(5, 8)]);

/// Delta Lake (EMR Release Guide, "Use a Delta Lake cluster with Spark").
pub const DELTA: Releases = Releases::since(&[(6, 9)]);

/// Iceberg (EMR Release Guide, "Use an Iceberg cluster with Spark").
pub const ICEBERG: Releases = Releases::since(&[(6, 5)]);

/// Hudi's catalog and extension of Spark SQL. Hudi itself is in 5.28.0 and later, with other settings
/// (EMR Release Guide, "Work with a Hudi dataset").
pub const HUDI: Releases = Releases::since(&[(6, 7)]);

impl Releases {
    /// From the first minor release of each of these majors on.
    pub const fn since(from: &'static [(u32, u32)]) -> Self {
        Self { from, until: None }
    }

    /// The same, up to and including this release.
    pub const fn until(self, last: (u32, u32)) -> Self {
        let until = Some(last);
        Self { until, ..self }
    }

    /// Whether a release is one of them, by its label or as a line, which stands for its newest. A
    /// label that cannot be read, or of another family, counts as one: EMR decides.
    pub fn include(&self, label: &str) -> bool {
        let Some((major, minor)) = numbers(label) else {
            return true;
        };
        let mut begun = self.from.iter().rev();
        let begun = begun.find(|(first, _)| *first <= major);
        let has_begun = begun.is_some_and(|(first, least)| major > *first || minor >= *least);
        has_begun && self.until.is_none_or(|last| (major, minor) <= last)
    }
}

/// As in `emr-5.30.0, emr-6.1.0 and later`, or `emr-6.1.0 to emr-6.3`.
impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (major, minor)) in self.from.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}emr-{major}.{minor}.0")?;
        }
        match self.until {
            Some((major, minor)) => write!(f, " to emr-{major}.{minor}"),
            None => f.write_str(" and later"),
        }
    }
}

/// The last minor releases of the lines that are complete (EMR Release Guide).
const LAST: [(u32, u32); 3] = [(4, 9), (5, 36), (6, 15)];

/// The major and minor number of a label of the family `emr`. The minor number of a line is that of
/// its newest release, or larger than any.
fn numbers(label: &str) -> Option<(u32, u32)> {
    match label.parse::<Release>().ok()? {
        Release::Line { family, major } if family == "emr-" => {
            let last = LAST.iter().find(|(of, _)| *of == major);
            Some((major, last.map_or(u32::MAX, |(_, minor)| *minor)))
        }
        Release::Label(label) => {
            let mut parts = label.strip_prefix("emr-")?.split('.');
            Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        }
        Release::Line { .. } => None,
    }
}

/// The first release with each Spark (EMR Release Guide, application versions).
const SPARKS: [((u32, u32), &str); 12] = [
    ((4, 0), "1"),
    ((5, 0), "2.0"),
    ((5, 3), "2.1"),
    ((5, 8), "2.2"),
    ((5, 13), "2.3"),
    ((5, 20), "2.4"),
    ((6, 1), "3.0"),
    ((6, 3), "3.1"),
    ((6, 6), "3.2"),
    ((6, 8), "3.3"),
    ((6, 12), "3.4"),
    ((7, 0), "3.5"),
];

/// The first release with each Python that `/usr/bin/python3` is (EMR Release Guide, application
/// versions; before 5.20.0 it is 3.4).
const PYTHONS: [((u32, u32), &str); 4] = [
    ((4, 6), "3.4"),
    ((5, 20), "3.6"),
    ((5, 30), "3.7"),
    ((7, 0), "3.9"),
];

/// Spark's version in a release, such as `3.5`; `None` if it is not known.
pub fn spark(label: &str) -> Option<&'static str> {
    latest(&SPARKS, label)
}

/// The version of `/usr/bin/python3` in a release, such as `3.9`; `None` if it is not known.
pub fn python(label: &str) -> Option<&'static str> {
    latest(&PYTHONS, label)
}

fn latest(table: &[((u32, u32), &'static str)], label: &str) -> Option<&'static str> {
    // The versions of a major that is not out yet are not known.
    let of = numbers(label).filter(|(major, _)| *major <= 7)?;
    // 6.0.0 is older than the last releases of 5, and its Spark is 2.4.
    let mut known = table.iter().rev();
    known
        .find(|(from, _)| *from <= of)
        .map(|(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_begin_in_each_major_and_may_end() {
        let trino = Releases::since(&[(6, 4)]);
        let presto = Releases::since(&[(6, 1)]).until((6, 3));
        let ganglia = Releases::since(&[(4, 2)]).until((6, 15));
        for (releases, label, included) in [
            (IDLE_POLICY, "emr-4.9.6", false),
            (IDLE_POLICY, "emr-5.29.0", false),
            (IDLE_POLICY, "emr-5.30.0", true),
            (IDLE_POLICY, "emr-6.0.1", false),
            (IDLE_POLICY, "emr-6.1.0", true),
            (IDLE_POLICY, "emr-7.0.0", true),
            (IDLE_POLICY, "emr-4.x", false),
            (IDLE_POLICY, "emr-5.x", true),
            (trino, "emr-5.36.2", false),
            (trino, "emr-6.3.1", false),
            (trino, "emr-6.x", true),
            (presto, "emr-6.3.1", true),
            (presto, "emr-6.4.0", false),
            (presto, "emr-6.x", false),
            (ganglia, "emr-6.15.0", true),
            (ganglia, "emr-6.x", true),
            (ganglia, "emr-7.0.0", false),
            (ganglia, "emr-7.x", false),
            (trino, "emr-spark-8.0.0", true),
            (trino, "", true),
            (trino, "emr-next", true),
        ] {
            assert_eq!(releases.include(label), included, "{releases}: {label}");
        }
        assert_eq!(presto.to_string(), "emr-6.1.0 to emr-6.3");
        let both = IDLE_POLICY.to_string();
        assert_eq!(both, "emr-5.30.0, emr-6.1.0 and later");
    }

    #[test]
    fn spark_and_python_are_those_of_the_release() {
        for (label, wanted) in [
            ("emr-4.9.6", (Some("1"), Some("3.4"))),
            ("emr-5.29.0", (Some("2.4"), Some("3.6"))),
            ("emr-5.36.2", (Some("2.4"), Some("3.7"))),
            ("emr-6.0.0", (Some("2.4"), Some("3.7"))),
            ("emr-6.7.0", (Some("3.2"), Some("3.7"))),
            ("emr-6.x", (Some("3.4"), Some("3.7"))),
            ("emr-7.12.0", (Some("3.5"), Some("3.9"))),
            ("emr-7.x", (Some("3.5"), Some("3.9"))),
            ("emr-8.0.0", (None, None)),
            ("emr-spark-8.0.0", (None, None)),
            ("elsewhere", (None, None)),
        ] {
            assert_eq!((spark(label), python(label)), wanted, "{label}");
        }
    }
}
