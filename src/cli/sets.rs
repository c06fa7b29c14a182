//! `--set`: any path and value is taken; shells are offered the paths that a stack declares.

use crate::text::{Setting, setting_paths};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error};
use std::ffi::OsStr;
use std::str::FromStr;
use std::sync::LazyLock;

static OFFERED: LazyLock<Vec<String>> = LazyLock::new(|| {
    setting_paths()
        .iter()
        .map(|path| format!("{path}="))
        .collect()
});

#[derive(Clone)]
pub(super) struct Sets;

impl TypedValueParser for Sets {
    type Value = Setting;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Setting, Error> {
        Setting::from_str.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let offered = OFFERED.iter().map(String::as_str).map(PossibleValue::new);
        Some(Box::new(offered))
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Args;
    use clap::{CommandFactory, Parser};
    use clap_complete::engine;

    #[test]
    fn shells_complete_the_paths_that_are_declared() {
        for (typed, path) in [
            ("guardrails.b", "guardrails.budget="),
            ("cluster.size.core.ma", "cluster.size.core.market="),
            ("job.steps.0.sc", "job.steps.0.script="),
        ] {
            let words = ["clusterup", "plan", "t.yaml", "--set", typed];
            let words = words.map(Into::into).to_vec();
            let offered = engine::complete(&mut Args::command(), words, 4, None).unwrap();
            let offered = offered.iter().map(engine::CompletionCandidate::get_value);
            assert_eq!(offered.collect::<Vec<_>>(), [path]);
        }
    }

    #[test]
    fn other_paths_are_taken_as_well() {
        for set in [
            "job.steps.a.b.script=x",
            "tags.owner=ana",
            "data.r.path=a=b",
        ] {
            assert!(Args::try_parse_from(["clusterup", "plan", "x.yaml", "--set", set]).is_ok());
        }
        let wrong = Args::try_parse_from(["clusterup", "plan", "x.yaml", "--set", "team"]);
        let wrong = wrong.unwrap_err().to_string();
        assert!(wrong.contains("PATH=VALUE, such as"), "{wrong}");
        assert!(!wrong.contains("possible values"), "{wrong}");
    }
}
