//! The applications that EMR offers, and the releases that have each (EMR Release Guide, application
//! versions of the releases 4.x to 7.x).

use super::application::Application;
use super::releases::Releases;

/// The applications of every cluster: clusterup's steps need them.
pub const ALWAYS: [&str; 2] = ["Hadoop", "Spark"];

const SANDBOX: Releases = Releases::since(&[(4, 1)]).until((4, 9));

/// As EMR spells them. An end is listed where a release is known to be without the application.
const KNOWN: [(&str, Releases); 32] = [
    ("AmazonCloudWatchAgent", Releases::since(&[(7, 0)])),
    ("Delta", Releases::since(&[(6, 9)])),
    ("Flink", Releases::since(&[(5, 1)])),
    ("Ganglia", Releases::since(&[(4, 2)]).until((6, 15))),
    ("Hadoop", Releases::since(&[(4, 0)])),
    ("HBase", Releases::since(&[(4, 6)])),
    ("HCatalog", Releases::since(&[(4, 4)])),
    ("Hive", Releases::since(&[(4, 0)])),
    ("Hudi", Releases::since(&[(5, 28)])),
    ("Hue", Releases::since(&[(4, 1)])),
    ("Iceberg", Releases::since(&[(6, 5)])),
    (
        "JupyterEnterpriseGateway",
        Releases::since(&[(5, 32), (6, 2)]),
    ),
    ("JupyterHub", Releases::since(&[(5, 14)])),
    ("Livy", Releases::since(&[(5, 9)])),
    ("Mahout", Releases::since(&[(4, 0)]).until((5, 36))),
    ("MXNet", Releases::since(&[(5, 10)])),
    ("Oozie", Releases::since(&[(5, 0)])),
    ("Oozie-Sandbox", SANDBOX),
    ("Phoenix", Releases::since(&[(4, 7)])),
    ("Pig", Releases::since(&[(4, 0)])),
    ("Presto", Releases::since(&[(5, 0)])),
    ("Presto-Sandbox", SANDBOX),
    ("PrestoSQL", Releases::since(&[(6, 1)]).until((6, 3))),
    ("Spark", Releases::since(&[(4, 0)])),
    ("Sqoop", Releases::since(&[(5, 0)])),
    ("Sqoop-Sandbox", Releases::since(&[(4, 4)]).until((4, 9))),
    ("TensorFlow", Releases::since(&[(5, 17)])),
    ("Tez", Releases::since(&[(4, 7)])),
    ("Trino", Releases::since(&[(6, 4)])),
    ("Zeppelin", Releases::since(&[(5, 0)])),
    ("Zeppelin-Sandbox", SANDBOX),
    ("ZooKeeper", Releases::since(&[(5, 0)])),
];

/// The names, as EMR spells them.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(name, _)| *name)
}

/// The application of this name in any letter case, as EMR spells it.
pub fn named(text: &str) -> Option<Application> {
    let mut names = names();
    names
        .find(|name| name.eq_ignore_ascii_case(text))?
        .parse()
        .ok()
}

/// The releases that have an application; `None` if it is not known.
pub fn releases(of: &Application) -> Option<Releases> {
    let mut known = KNOWN.iter();
    known
        .find(|(name, _)| name.eq_ignore_ascii_case(of.as_str()))
        .map(|(_, releases)| *releases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_any_letter_case() {
        for (text, name) in [
            ("hive", "Hive"),
            ("JUPYTERENTERPRISEGATEWAY", "JupyterEnterpriseGateway"),
            ("zooKeeper", "ZooKeeper"),
        ] {
            assert_eq!(named(text).unwrap().as_str(), name);
        }
        for bad in ["", "Hives", "Hive ", "Druid"] {
            assert_eq!(named(bad), None, "{bad}");
        }
        let all: Vec<_> = names().collect();
        assert!(all.is_sorted_by_key(|name| name.to_ascii_lowercase()));
    }

    #[test]
    fn releases_have_their_applications() {
        for (name, label, has) in [
            ("Trino", "emr-6.3.0", false),
            ("Trino", "emr-7.x", true),
            ("PrestoSQL", "emr-7.0.0", false),
            ("Livy", "emr-5.8.0", false),
            ("Livy", "emr-5.36.2", true),
            ("Zeppelin", "emr-4.9.6", false),
            ("Zeppelin-Sandbox", "emr-4.9.6", true),
            ("JupyterEnterpriseGateway", "emr-5.31.0", false),
            ("JupyterEnterpriseGateway", "emr-6.1.0", false),
            ("Mahout", "emr-6.0.0", false),
        ] {
            let application = named(name).unwrap();
            let releases = releases(&application).unwrap();
            assert_eq!(releases.include(label), has, "{name} in {label}");
        }
        assert_eq!(releases(&Application::seen("Druid")), None);
    }
}
