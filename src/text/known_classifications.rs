//! The names of EMR's classifications, to notice a misspelt one (EMR Release Guide, configuration
//! classifications of the releases 5.x to 7.x). EMR adds names, so one that is unlike all of these is
//! accepted.

use super::nearest::distance;

const KNOWN: [&str; 117] = [
    "capacity-scheduler",
    "container-executor",
    "container-log4j",
    "core-site",
    "delta-defaults",
    "docker-conf",
    "emr-metrics",
    "emrfs-site",
    "flink-conf",
    "flink-log4j",
    "flink-log4j-cli",
    "flink-log4j-session",
    "flink-log4j-yarn-session",
    "hadoop-env",
    "hadoop-kms-acls",
    "hadoop-kms-env",
    "hadoop-kms-java-home",
    "hadoop-kms-log4j",
    "hadoop-kms-site",
    "hadoop-log4j",
    "hadoop-ssl-client",
    "hadoop-ssl-server",
    "hbase",
    "hbase-env",
    "hbase-log4j",
    "hbase-metrics",
    "hbase-policy",
    "hbase-site",
    "hcatalog-env",
    "hcatalog-server-jndi",
    "hcatalog-server-proto-hive-site",
    "hcatalog-webhcat-env",
    "hcatalog-webhcat-log4j",
    "hcatalog-webhcat-log4j2",
    "hcatalog-webhcat-site",
    "hdfs-encryption-zones",
    "hdfs-env",
    "hdfs-site",
    "hive",
    "hive-beeline-log4j2",
    "hive-env",
    "hive-exec-log4j",
    "hive-exec-log4j2",
    "hive-llap-daemon-log4j2",
    "hive-log4j",
    "hive-log4j2",
    "hive-parquet-logging",
    "hive-site",
    "hiveserver2-site",
    "httpfs-env",
    "httpfs-site",
    "hudi-defaults",
    "hudi-env",
    "hue-ini",
    "iceberg-defaults",
    "jupyter-hub-conf",
    "jupyter-notebook-conf",
    "jupyter-s3-conf",
    "jupyter-sparkmagic-conf",
    "livy-conf",
    "livy-env",
    "livy-log4j",
    "livy-log4j2",
    "mapred-env",
    "mapred-site",
    "oozie-env",
    "oozie-log4j",
    "oozie-site",
    "phoenix-hbase-metrics",
    "phoenix-hbase-site",
    "phoenix-log4j",
    "phoenix-metrics",
    "pig-env",
    "pig-log4j",
    "pig-properties",
    "presto-config",
    "presto-env",
    "presto-log",
    "presto-node",
    "presto-password-authenticator",
    "prestosql-config",
    "prestosql-env",
    "prestosql-log",
    "prestosql-node",
    "prestosql-password-authenticator",
    "ranger-kms-dbks-site",
    "ranger-kms-env",
    "ranger-kms-log4j",
    "ranger-kms-logback",
    "ranger-kms-site",
    "recordserver-conf",
    "recordserver-env",
    "recordserver-log4j",
    "spark",
    "spark-defaults",
    "spark-env",
    "spark-hive-site",
    "spark-log4j",
    "spark-log4j2",
    "spark-metrics",
    "sqoop-env",
    "sqoop-oraoop-site",
    "sqoop-site",
    "tez-site",
    "trino-config",
    "trino-env",
    "trino-exchange-manager",
    "trino-log",
    "trino-node",
    "trino-password-authenticator",
    "yarn-env",
    "yarn-site",
    "zeppelin-env",
    "zeppelin-site",
    "zookeeper-config",
    "zookeeper-log4j",
    "zookeeper-logback",
];

/// Names of classifications are alike, so few slips make another one.
const MAX_SLIPS: usize = 2;

/// Connectors of Presto and Trino are too many and too alike.
const CONNECTOR: &str = "-connector-";

/// The classification that `name` is probably a misspelling of; `None` if it is one, or unlike all.
pub(super) fn nearest_to(name: &str) -> Option<&'static str> {
    if KNOWN.contains(&name) || name.contains(CONNECTOR) {
        return None;
    }
    let typed: Vec<char> = name.to_lowercase().replace('_', "-").chars().collect();
    let slips = |known: &'static str| {
        let meant: Vec<char> = known.chars().collect();
        let alike =
            typed.len().abs_diff(meant.len()) <= MAX_SLIPS && typed.first() == meant.first();
        let slips = alike.then(|| distance(&typed, &meant));
        slips
            .filter(|slips| *slips <= MAX_SLIPS)
            .map(|slips| (slips, known))
    };
    let nearest = KNOWN.into_iter().filter_map(slips).min();
    nearest.map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_noticed_and_a_new_one_accepted() {
        for (name, meant) in [
            ("spark-default", Some("spark-defaults")),
            ("sparkdefaults", Some("spark-defaults")),
            ("hive-sites", Some("hive-site")),
            ("Spark_Defaults", Some("spark-defaults")),
            ("spark-defaults", None),
            ("hive-custom-site", None),
            ("tez-log4j", None),
            ("hive-log4j", None),
            ("trino-connector-bigquery", None),
            ("quantum-scheduler", None),
            ("", None),
        ] {
            assert_eq!(nearest_to(name), meant, "{name}");
        }
        assert!(KNOWN.is_sorted());
    }
}
