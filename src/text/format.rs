//! The formats of single values: each has a reader that returns the model's type, an equivalent
//! pattern for editors, and a suggestion for common mistakes.

use super::{readers, step_readers, suggestions};
use crate::model::Invalid;
use crate::model::hours::{Week, Zone};
use crate::model::instance::{InstanceType, Nodes};
use crate::model::memory::Memory;
use crate::model::money::Usd;
use crate::model::name::{
    DataName, GroupName, KeyPairName, Region, SecurityConfigurationName, StackName, StepName,
    TeamName,
};
use crate::model::release::Release;
use crate::model::requirements;
use crate::model::span::Span;
use crate::model::stack::IngressSource;
use std::str::FromStr;

pub(crate) struct Format<T> {
    pub(crate) read: fn(&str) -> Result<T, Invalid>,
    /// The pattern of the whole text, without anchors.
    pub(crate) pattern: &'static str,
    /// Suggests a correction, which `meant` checks.
    suggestion: fn(&str) -> Option<String>,
    /// Whether a bare number is missing its unit.
    pub(crate) measured: bool,
}

impl<T: FromStr<Err = Invalid>> Format<T> {
    pub(crate) const fn of(pattern: &'static str) -> Self {
        Self::by(T::from_str, pattern)
    }
}

impl<T> Format<T> {
    pub(crate) const fn by(read: fn(&str) -> Result<T, Invalid>, pattern: &'static str) -> Self {
        Self {
            read,
            pattern,
            suggestion: suggestions::nothing,
            measured: false,
        }
    }

    pub(crate) const fn suggest(mut self, suggestion: fn(&str) -> Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }

    pub(crate) const fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// A valid value that was perhaps meant by an invalid text.
    pub(crate) fn meant(&self, text: &str) -> Option<String> {
        (self.suggestion)(text).filter(|meant| meant != text && (self.read)(meant).is_ok())
    }
}

/// A path segment other than `.` and `..`.
macro_rules! part {
    () => {
        concat!(
            r"([^./\\\x00-\x1f\x7f-\x9f]|\.[^./\\\x00-\x1f\x7f-\x9f]",
            r"|\.\.[^/\\\x00-\x1f\x7f-\x9f])[^/\\\x00-\x1f\x7f-\x9f]*"
        )
    };
}

/// A package name of pip.
macro_rules! project {
    () => {
        "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
    };
}

/// Days of the week, and hours.
macro_rules! week_window {
    () => {
        concat!(
            "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?",
            "( +([01]?[0-9]|2[0-3]):[0-5][0-9]-([01]?[0-9]|2[0-3]):[0-5][0-9])?"
        )
    };
}

const LABEL: &str = "[a-z]([a-z0-9-]{0,38}[a-z0-9])?";
pub(crate) const STACK: Format<StackName> = Format::of(LABEL).suggest(suggestions::label);
pub(crate) const TEAM: Format<TeamName> = Format::of(LABEL).suggest(suggestions::label);
pub(crate) const REGION: Format<Region> =
    Format::of("[a-z]+(-[a-z]+)+-[0-9]").suggest(suggestions::region);
pub(crate) const KEY_PAIR: Format<KeyPairName> =
    Format::of("[A-Za-z0-9][A-Za-z0-9._-]{0,199}").suggest(suggestions::label);
pub(crate) const GROUP: Format<GroupName> =
    Format::of("(?!sg-)[A-Za-z0-9][A-Za-z0-9._-]{0,199}").suggest(suggestions::label);
pub(crate) const SECURITY_CONFIGURATION: Format<SecurityConfigurationName> =
    Format::of(r"[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,254}[^\s\x00-\x1f\x7f-\x9f])?");
pub(crate) const DATA: Format<DataName> =
    Format::of("[A-Za-z0-9][A-Za-z0-9_-]{0,62}").suggest(suggestions::label);
pub(crate) const STEP: Format<StepName> = Format::of(
    r"[^<>$|`\s\x00-\x1f\x7f-\x9f]([^<>$|`\x00-\x1f\x7f-\x9f]{0,198}[^<>$|`\s\x00-\x1f\x7f-\x9f])?",
)
.suggest(suggestions::label);
pub(crate) const RELEASE: Format<Release> =
    Format::of(r"emr-(spark-)?[0-9]{1,4}\.(x|[0-9]{1,4}\.[0-9]{1,4})")
        .suggest(suggestions::release);
pub(crate) const INSTANCE_TYPE: Format<InstanceType> =
    Format::of(r"[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}").suggest(suggestions::instance_type);
pub(crate) const NODES: Format<Nodes> =
    Format::of(r"(1000|[1-9][0-9]{0,2}) *x *[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}")
        .suggest(suggestions::nodes);
const SPANS: Format<Span> = Format::of(concat!(
    "[1-9][0-9]{0,2}d([1-9][0-9]{0,3}h)?([1-9][0-9]{0,4}m)?([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,3}h([1-9][0-9]{0,4}m)?([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,4}m([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,5}s",
))
.measured();
pub(crate) const IDLE: Format<Span> = SPANS.suggest(suggestions::minutes);
pub(crate) const LIFETIME: Format<Span> = SPANS.suggest(suggestions::lifetime);
pub(crate) const USD: Format<Usd> =
    Format::of(r"\$(0\.[0-9]{0,5}[1-9][0-9]{0,3}|[1-9][0-9]{0,8}(\.[0-9]{1,6})?)")
        .suggest(suggestions::usd)
        .measured();
pub(crate) const TIMEZONE: Format<Zone> = Format::of("[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*");
pub(crate) const WEEK: Format<Week> = Format::of(concat!(
    " *",
    week_window!(),
    "( *, *",
    week_window!(),
    ")* *"
));
pub(crate) const EXECUTOR_MEMORY: Format<Option<Memory>> = Format::by(
    readers::executor_memory,
    "auto|[1-9][0-9]{0,6}[mM][bB]?|[1-9][0-9]{0,4}[gG][bB]?|[1-9][0-9]?[tT][bB]?",
)
.suggest(suggestions::memory)
.measured();
pub(crate) const DRIVER_MEMORY: Format<Memory> =
    Format::of("[1-9][0-9]{0,6}[mM][bB]?|[1-9][0-9]{0,4}[gG][bB]?|[1-9][0-9]?[tT][bB]?")
        .suggest(suggestions::memory)
        .measured();
pub(crate) const CLASS: Format<String> = Format::by(
    step_readers::class,
    r"[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*",
);
pub(crate) const MAVEN: Format<String> = Format::by(
    step_readers::maven,
    "[A-Za-z0-9._-]+:[A-Za-z0-9._-]+:[A-Za-z0-9._-]+",
);
pub(crate) const VARIABLE: Format<String> =
    Format::by(step_readers::variable, "[A-Za-z_][A-Za-z0-9_]{0,127}");
pub(crate) const VARIABLE_VALUE: Format<String> =
    Format::by(step_readers::variable_value, r"[^\x00-\x1f\x7f-\x9f]*");
pub(crate) const VOLUME_SIZE: Format<Memory> = Format::by(
    readers::volume_size,
    "([1-9][0-9]{0,3}|1[0-5][0-9]{3})[gG][bB]?|([1-9]|1[0-6])[tT][bB]?",
)
.suggest(suggestions::memory)
.measured();
pub(crate) const ROOT_VOLUME_SIZE: Format<Memory> =
    Format::by(readers::root_volume_size, "([1-9][0-9]|100)[gG][bB]?")
        .suggest(suggestions::memory)
        .measured();
pub(crate) const BOOTSTRAP_ARG: Format<String> =
    Format::by(readers::bootstrap_arg, r"[^\x00-\x1f\x7f-\x9f]{1,1000}");
pub(crate) const INGRESS: Format<IngressSource> = Format::by(
    readers::ingress,
    concat!(
        "caller|",
        r"[0-9]{1,3}(\.[0-9]{1,3}){3}/(3[0-2]|[12]?[0-9])|",
        "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
    ),
)
.suggest(suggestions::ingress);
pub(crate) const PATH: Format<String> = Format::by(readers::path, r"[^\x00-\x1f\x7f-\x9f]+");
pub(crate) const MEMBER: Format<String> =
    Format::by(readers::member, concat!(part!(), "(/", part!(), ")*"));
pub(crate) const FILE: Format<String> = Format::by(readers::file, part!());
pub(crate) const URL: Format<String> = Format::by(
    readers::url,
    concat!(
        r"https?://[^\s/\x00-\x1f\x7f-\x9f]+/",
        r"([^\s\x00-\x1f\x7f-\x9f]*[^\s/\x00-\x1f\x7f-\x9f])"
    ),
);
pub(crate) const S3: Format<String> = Format::by(
    readers::s3,
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f\x7f-\x9f]+",
)
.suggest(suggestions::s3);
pub(crate) const SHA256: Format<String> =
    Format::by(readers::sha256, "[0-9a-f]{64}").suggest(suggestions::lower);
pub(crate) const PACKAGE: Format<String> = Format::by(
    requirements::package,
    concat!(
        project!(),
        r"(\[",
        project!(),
        "(,",
        project!(),
        r")*\])?((==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!]+",
        "(,(==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!]+)*)?"
    ),
)
.suggest(suggestions::package);
/// Keys that AWS or clusterup reserves cannot be used.
pub(crate) const TAG_KEY: Format<String> = Format::by(
    readers::tag_key,
    concat!(
        "(?![aA][wW][sS]:|[cC][lL][uU][sS][tT][eE][rR][uU][pP])",
        r"[\p{L}\p{N} +=._:/@-]{1,128}"
    ),
)
.suggest(suggestions::tag_key);
pub(crate) const TAG_VALUE: Format<String> =
    Format::by(readers::tag_value, r"[\p{L}\p{N} +=._:/@-]{0,256}");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    macro_rules! all {
        ($($format:ident),*) => {
            [$(($format.pattern, |text| ($format.read)(text).is_ok())),*]
        };
    }

    type Read = (&'static str, fn(&str) -> bool);
    type Meant = (
        fn(&str) -> Option<String>,
        &'static str,
        Option<&'static str>,
    );

    const ALL: [Read; 31] = all![
        STACK,
        SECURITY_CONFIGURATION,
        TEAM,
        REGION,
        KEY_PAIR,
        GROUP,
        DATA,
        STEP,
        RELEASE,
        INSTANCE_TYPE,
        NODES,
        IDLE,
        USD,
        WEEK,
        EXECUTOR_MEMORY,
        VOLUME_SIZE,
        ROOT_VOLUME_SIZE,
        PATH,
        MEMBER,
        FILE,
        URL,
        S3,
        SHA256,
        PACKAGE,
        DRIVER_MEMORY,
        CLASS,
        MAVEN,
        VARIABLE,
        VARIABLE_VALUE,
        TAG_KEY,
        TAG_VALUE
    ];

    proptest! {
        /// What an editor lets pass, the parser takes.
        #[test]
        fn patterns_match_what_readers_accept(
            (which, text) in (0..ALL.len()).prop_flat_map(|which| {
                // What must not come next is none of what the crate makes texts of.
                let pattern = ALL[which].0;
                let ahead = pattern.starts_with("(?!");
                let pattern = pattern.split_once(')').filter(|_| ahead).map_or(pattern, |p| p.1);
                (Just(which), string_regex(pattern).unwrap())
            })
        ) {
            prop_assume!(!text.contains("${") && !text.starts_with("sg-"));
            let lower = text.to_lowercase();
            prop_assume!(!lower.starts_with("aws:") && !lower.starts_with("clusterup"));
            prop_assert!((ALL[which].1)(&text), "{} is not read", text);
        }
    }

    #[test]
    fn suggestions_are_valid_values() {
        let all: [Meant; 29] = [
            (|t| LIFETIME.meant(t), "2", Some("2h")),
            (
                |t| INSTANCE_TYPE.meant(t),
                "1 x m5.xlarge",
                Some("m5.xlarge"),
            ),
            (|t| STACK.meant(t), "équipe", None),
            (|t| IDLE.meant(t), "10", Some("10m")),
            (|t| IDLE.meant(t), "10 min", Some("10m")),
            (|t| IDLE.meant(t), "1.5h", Some("1h30m")),
            (|t| IDLE.meant(t), "2 hours", Some("2h")),
            (|t| IDLE.meant(t), "soon", None),
            (|t| USD.meant(t), "3", Some("$3")),
            (|t| USD.meant(t), "3$", Some("$3")),
            (|t| USD.meant(t), "5 USD", Some("$5")),
            (|t| USD.meant(t), "$1,000", Some("$1000")),
            (|t| EXECUTOR_MEMORY.meant(t), "1", Some("1g")),
            (|t| EXECUTOR_MEMORY.meant(t), "2048", Some("2g")),
            (|t| EXECUTOR_MEMORY.meant(t), "1.5g", Some("1536m")),
            (|t| EXECUTOR_MEMORY.meant(t), "1GiB", Some("1g")),
            (|t| NODES.meant(t), "3", Some("3 x m5.xlarge")),
            (|t| NODES.meant(t), "m5.xlarge", Some("1 x m5.xlarge")),
            (|t| NODES.meant(t), "m5.xlarge x 3", Some("3 x m5.xlarge")),
            (|t| NODES.meant(t), "3 * m5.xlarge", Some("3 x m5.xlarge")),
            (|t| REGION.meant(t), "us-east", Some("us-east-1")),
            (|t| REGION.meant(t), "us-east-1a", Some("us-east-1")),
            (|t| STACK.meant(t), "My Stack", Some("my-stack")),
            (|t| RELEASE.meant(t), "7.12.0", Some("emr-7.12.0")),
            (|t| RELEASE.meant(t), "emr-7", Some("emr-7.x")),
            (|t| INGRESS.meant(t), "203.0.113.7", Some("203.0.113.7/32")),
            (|t| TAG_KEY.meant(t), "cost#center", Some("cost-center")),
            (|t| S3.meant(t), "s3a://bucket/key", Some("s3://bucket/key")),
            (|t| PACKAGE.meant(t), "numpy == 2.3", Some("numpy==2.3")),
        ];
        for (format, text, meant) in all {
            assert_eq!(format(text).as_deref(), meant, "{text}");
        }
    }
}
