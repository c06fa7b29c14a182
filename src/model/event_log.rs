//! The settings with which Spark writes its event log where clusterup reads it. They are added when a
//! step's command is made, so neither a job's hash nor a recorded spec depends on them, and a
//! setting of the user's own wins.

use super::name::StepName;
use super::releases::spark;
use std::collections::BTreeMap;

/// The setting by which a log says which step it is of. Spark passes over it.
pub const STEP: &str = "spark.clusterup.step";

/// The settings of Spark that write the log: whether, and where to.
const ENABLED: &str = "spark.eventLog.enabled";
const DIR: &str = "spark.eventLog.dir";

/// In which form Spark writes the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One file, as it is.
    Plain,
    /// In files that are closed from time to time, packed with zstd. An object in S3 appears when it
    /// is closed, so only these survive a driver that is killed. Since Spark 3.0 (Spark's
    /// configuration page; before it, the codec would be that of shuffles, too).
    Rolling,
}

impl Form {
    /// The form in S3 that the Spark of a release can write.
    pub fn of_release(label: &str) -> Self {
        let older = |version: &str| version.starts_with("1") || version.starts_with("2.");
        match spark(label) {
            Some(version) if older(version) => Self::Plain,
            Some(_) | None => Self::Rolling,
        }
    }
}

/// The settings of a step whose log is written below `folder`, a location that exists: Spark does not
/// start without it (`EventLogFileWriter`).
pub fn settings(folder: &str, step: &StepName, form: Form) -> BTreeMap<&'static str, String> {
    let mut settings = BTreeMap::from([
        (ENABLED, "true".to_owned()),
        (DIR, folder.to_owned()),
        (STEP, step.to_string()),
        // Memory: of stages and of Python's processes. Each sample starts programs that list processes,
        // so it is not taken each second.
        ("spark.eventLog.logStageExecutorMetrics", "true".to_owned()),
        (
            "spark.executor.processTreeMetrics.enabled",
            "true".to_owned(),
        ),
        ("spark.executor.metrics.pollingInterval", "5s".to_owned()),
    ]);
    if form == Form::Rolling {
        settings.extend([
            ("spark.eventLog.rolling.enabled", "true".to_owned()),
            // The least that Spark takes: what a killed driver can lose.
            ("spark.eventLog.rolling.maxFileSize", "10m".to_owned()),
            ("spark.eventLog.compress", "true".to_owned()),
            ("spark.eventLog.compression.codec", "zstd".to_owned()),
        ]);
    }
    settings
}

/// Adds the settings that a step has not got. If the user's own settings turn the log off, or write
/// it elsewhere, nothing is added. `defaults` tells whether the cluster's own defaults have a setting.
pub fn add(
    conf: &mut BTreeMap<String, String>,
    settings: BTreeMap<&'static str, String>,
    defaults: impl Fn(&str) -> bool,
) {
    let own = |key: &str| conf.contains_key(key) || defaults(key);
    if own(ENABLED) && conf.get(ENABLED).is_none_or(|on| on != "true") || own(DIR) {
        return;
    }
    let lacking: Vec<_> = (settings.into_iter())
        .filter(|(key, _)| !own(key))
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    conf.extend(lacking);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(own: &[(&str, &str)], default: &str) -> BTreeMap<String, String> {
        let own = own.iter();
        let mut conf: BTreeMap<_, _> = own
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let step = "load".parse().unwrap();
        let settings = settings("s3://b/events/", &step, Form::Rolling);
        add(&mut conf, settings, |key| key == default);
        conf
    }

    #[test]
    fn the_users_own_settings_win() {
        let conf = added(&[("spark.eventLog.compress", "false")], "");
        assert_eq!(conf[DIR], "s3://b/events/");
        assert_eq!(conf[STEP], "load");
        assert_eq!(conf["spark.eventLog.compress"], "false");
        let polled = "spark.executor.metrics.pollingInterval";
        assert!(conf.contains_key(polled) && !added(&[], polled).contains_key(polled));
        for own in [(ENABLED, "false"), (DIR, "hdfs:///var/log/spark/apps")] {
            assert_eq!(added(&[own], "").len(), 1, "{own:?}");
        }
        assert!(added(&[], DIR).is_empty() && added(&[], ENABLED).is_empty());
        assert_eq!(added(&[(ENABLED, "true")], "")[DIR], "s3://b/events/");
    }

    #[test]
    fn the_form_is_one_that_the_release_can_write() {
        for (label, form) in [
            ("emr-4.9.6", Form::Plain),
            ("emr-5.36.2", Form::Plain),
            ("emr-6.0.0", Form::Plain),
            ("emr-6.1.0", Form::Rolling),
            ("emr-7.12.0", Form::Rolling),
            ("emr-spark-8.0.0", Form::Rolling),
        ] {
            assert_eq!(Form::of_release(label), form, "{label}");
        }
    }
}
