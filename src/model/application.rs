//! EMR's applications, and whether YARN shows their work.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An application of a cluster by EMR's name: `Spark`, `HBase`. Letter case does not matter, as in
/// EMR (EMR API, RunJobFlow).
#[derive(Debug, Clone)]
pub struct Application(String);

/// Where the work of an application shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// It is YARN's containers, or the application does no work of its own.
    Yarn,
    /// It runs beside YARN: on the primary, or in servers of its own on each node.
    Elsewhere,
    /// Nothing is known of such an application.
    Unknown,
}

/// Applications that work in containers of YARN, libraries for those, and what only displays or
/// monitors (EMR Release Guide, the page of each application). Livy's sessions are Spark's.
const YARN: [&str; 16] = [
    "hadoop",
    "spark",
    "hive",
    "hcatalog",
    "tez",
    "pig",
    "livy",
    "oozie",
    "sqoop",
    "mahout",
    "delta",
    "hudi",
    "iceberg",
    "hue",
    "ganglia",
    "amazoncloudwatchagent",
];

/// Applications whose servers, kernels or programs run beside YARN: EMR's idle policy is not
/// supported with HBase, Presto and Trino for that (EMR Management Guide, "Using an auto-termination
/// policy"); kernels of notebooks and Zeppelin's interpreters run on the primary; Flink has a
/// standalone mode; the others have daemons or programs of their own.
const ELSEWHERE: [&str; 13] = [
    "hbase",
    "phoenix",
    "zookeeper",
    "presto",
    "prestosql",
    "trino",
    "impala",
    "flink",
    "jupyterhub",
    "jupyterenterprisegateway",
    "zeppelin",
    "tensorflow",
    "mxnet",
];

const LONGEST: usize = 64;

impl Application {
    /// One that EMR names, whatever the name is like: a sign that no application of ours has is
    /// replaced, so that it is none of the known ones.
    pub fn seen(name: &str) -> Self {
        let plain = |c| if is_sign(c) { c } else { '?' };
        let mut known: String = name.chars().take(LONGEST).map(plain).collect();
        if known.is_empty() || name.chars().count() > LONGEST {
            known.push('?');
        }
        Self(known)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn work(&self) -> Work {
        let known = |names: &[&str]| names.iter().any(|name| self.0.eq_ignore_ascii_case(name));
        if known(&YARN) {
            Work::Yarn
        } else if known(&ELSEWHERE) {
            Work::Elsewhere
        } else {
            Work::Unknown
        }
    }

    fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_sign(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

impl PartialEq for Application {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Application {}

impl PartialOrd for Application {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Application {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl FromStr for Application {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let right = (1..=LONGEST).contains(&text.len()) && text.chars().all(is_sign);
        let expected = "the name of an application of EMR, such as `JupyterHub`";
        right
            .then(|| Self(text.to_owned()))
            .ok_or_else(|| Invalid::new(expected))
    }
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

serde_by_text!(Application);

#[cfg(test)]
mod tests {
    use super::*;

    fn work(name: &str) -> Work {
        name.parse::<Application>().unwrap().work()
    }

    #[test]
    fn yarn_shows_the_work_of_some_and_of_no_unknown_one() {
        for name in [
            "Hadoop", "Spark", "SPARK", "Hive", "Livy", "hadoop", "Delta",
        ] {
            assert_eq!(work(name), Work::Yarn, "{name}");
        }
        for name in [
            "HBase",
            "hbase",
            "Trino",
            "Presto",
            "PrestoSQL",
            "Flink",
            "JupyterHub",
            "JupyterEnterpriseGateway",
            "Zeppelin",
            "TensorFlow",
            "Phoenix",
            "ZooKeeper",
        ] {
            assert_eq!(work(name), Work::Elsewhere, "{name}");
        }
        for name in ["Spark2", "Druid", "MapR", "SparkSQL-", "HBase.old"] {
            assert_eq!(work(name), Work::Unknown, "{name}");
        }
    }

    #[test]
    fn a_name_is_of_plain_signs() {
        let long = "a".repeat(65);
        for bad in [
            "",
            "Jupyter Hub",
            "HBase\n",
            "a/b",
            "\u{200b}Spark",
            long.as_str(),
        ] {
            assert!(bad.parse::<Application>().is_err(), "{bad}");
        }
        let [a, b]: [Application; 2] = ["HBase", "hbase"].map(|name| name.parse().unwrap());
        assert_eq!(a, b);
        for odd in ["", "HBase\n", "Spark\u{200b}", long.as_str()] {
            let seen = Application::seen(odd);
            assert_eq!(seen.work(), Work::Unknown, "{odd}");
            assert!(seen.as_str().parse::<Application>().is_err(), "{odd}");
        }
        assert_eq!(Application::seen("Spark").work(), Work::Yarn);
    }
}
