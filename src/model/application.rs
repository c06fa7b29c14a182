//! EMR's applications, and whether YARN shows their work.

use super::invalid::Invalid;
use super::parsed::serde_by_text;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An application by EMR's name, such as `Spark` or `HBase`. Letter case does not matter to
/// EMR either.
#[derive(Debug, Clone)]
pub struct Application(String);

/// Where the work of an application shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// In YARN's containers, or the application does no work of its own.
    Yarn,
    /// Outside YARN: on the primary, or in servers of its own on each node.
    Elsewhere,
    /// The application is unknown.
    Unknown,
}

/// Applications that work in YARN's containers, libraries for those, and applications that only
/// display or monitor (EMR Release Guide, the page of each application). Livy's sessions are
/// Spark's.
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

/// Applications whose servers, kernels or programs run outside YARN: that is why EMR's idle policy
/// does not support HBase, Presto and Trino (EMR Management Guide, "Using an auto-termination
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

/// Applications that EMR's idle policy does not support (EMR Management Guide, "Using an
/// auto-termination policy").
const WITHOUT_IDLE_POLICY: [&str; 5] = ["hbase", "presto", "presto-sandbox", "prestosql", "trino"];

const MAX_CHARS: usize = 64;

impl Application {
    /// An application with any name that EMR returns. Characters that no known application has are
    /// replaced, so that it is not mistaken for one.
    pub fn seen(name: &str) -> Self {
        let plain = |c| if is_sign(c) { c } else { '?' };
        let mut known: String = name.chars().take(MAX_CHARS).map(plain).collect();
        if known.is_empty() || name.chars().count() > MAX_CHARS {
            known.push('?');
        }
        Self(known)
    }

    /// The name, such as `Spark`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its work shows.
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

    /// Whether EMR's idle policy does not support it: with it, a busy cluster looks idle.
    pub fn is_hidden_from_idle_policy(&self) -> bool {
        WITHOUT_IDLE_POLICY.contains(&self.key().as_str())
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
        let right = (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(is_sign);
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
    fn each_known_application_has_its_place_of_work() {
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
    fn a_name_has_only_plain_characters() {
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
