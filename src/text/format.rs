//! The formats of single values: each reads by its model type, has a pattern for editors that
//! says the same, and knows the slips that people make.

use super::{readers, suggestions};
use crate::model::Invalid;
use crate::model::hours::{Week, Zone};
use crate::model::instance::{InstanceType, Nodes};
use crate::model::money::Usd;
use crate::model::name::{DataName, GroupName, KeyPairName, Region, StackName, StepName, TeamName};
use crate::model::release::Release;
use crate::model::span::Span;
use std::str::FromStr;

pub(crate) struct Format {
    pub(crate) read: fn(&str) -> Result<(), Invalid>,
    /// For the whole text, without anchors.
    pub(crate) pattern: &'static str,
    /// What was perhaps meant; `meant` asks whether it is any better.
    mend: fn(&str) -> Option<String>,
    /// A bare number lacks its unit.
    pub(crate) measured: bool,
}

impl Format {
    pub(crate) const fn of<T: FromStr<Err = Invalid>>(pattern: &'static str) -> Self {
        Self::by(reads::<T>, pattern)
    }

    pub(crate) const fn by(read: fn(&str) -> Result<(), Invalid>, pattern: &'static str) -> Self {
        Self {
            read,
            pattern,
            mend: suggestions::nothing,
            measured: false,
        }
    }

    pub(crate) const fn mended(mut self, mend: fn(&str) -> Option<String>) -> Self {
        self.mend = mend;
        self
    }

    pub(crate) const fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// A value that is right and was perhaps meant by a text that is not.
    pub(crate) fn meant(&self, text: &str) -> Option<String> {
        (self.mend)(text).filter(|meant| meant != text && (self.read)(meant).is_ok())
    }
}

fn reads<T: FromStr<Err = Invalid>>(text: &str) -> Result<(), Invalid> {
    text.parse::<T>().map(drop)
}

/// A part of a path that is neither `.` nor `..`.
macro_rules! part {
    () => {
        concat!(
            r"([^./\\\x00-\x1f\x7f-\x9f]|\.[^./\\\x00-\x1f\x7f-\x9f]",
            r"|\.\.[^/\\\x00-\x1f\x7f-\x9f])[^/\\\x00-\x1f\x7f-\x9f]*"
        )
    };
}

/// A name that pip knows.
macro_rules! project {
    () => {
        "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
    };
}

/// Days of a week, and hours.
macro_rules! week_window {
    () => {
        concat!(
            "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))?",
            "( +([01]?[0-9]|2[0-3]):[0-5][0-9]-([01]?[0-9]|2[0-3]):[0-5][0-9])?"
        )
    };
}

const LABEL: &str = "[a-z]([a-z0-9-]{0,38}[a-z0-9])?";
pub(crate) const STACK: Format = Format::of::<StackName>(LABEL).mended(suggestions::label);
pub(crate) const TEAM: Format = Format::of::<TeamName>(LABEL).mended(suggestions::label);
pub(crate) const REGION: Format =
    Format::of::<Region>("[a-z]+(-[a-z]+)+-[0-9]").mended(suggestions::region);
pub(crate) const KEY_PAIR: Format =
    Format::of::<KeyPairName>("[A-Za-z0-9][A-Za-z0-9._-]{0,199}").mended(suggestions::label);
pub(crate) const GROUP: Format =
    Format::of::<GroupName>("(?!sg-)[A-Za-z0-9][A-Za-z0-9._-]{0,199}").mended(suggestions::label);
pub(crate) const DATA: Format =
    Format::of::<DataName>("[A-Za-z0-9][A-Za-z0-9_-]{0,62}").mended(suggestions::label);
pub(crate) const STEP: Format = Format::of::<StepName>(
    r"[^<>$|`\s\x00-\x1f\x7f-\x9f]([^<>$|`\x00-\x1f\x7f-\x9f]{0,198}[^<>$|`\s\x00-\x1f\x7f-\x9f])?",
)
.mended(suggestions::label);
pub(crate) const RELEASE: Format =
    Format::of::<Release>(r"emr-(spark-)?[0-9]{1,4}\.(x|[0-9]{1,4}\.[0-9]{1,4})")
        .mended(suggestions::release);
pub(crate) const INSTANCE_TYPE: Format =
    Format::of::<InstanceType>(r"[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}")
        .mended(suggestions::instance_type);
pub(crate) const NODES: Format =
    Format::of::<Nodes>(r"(1000|[1-9][0-9]{0,2}) *x *[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}")
        .mended(suggestions::nodes);
const SPANS: Format = Format::of::<Span>(concat!(
    "[1-9][0-9]{0,2}d([1-9][0-9]{0,3}h)?([1-9][0-9]{0,4}m)?([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,3}h([1-9][0-9]{0,4}m)?([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,4}m([1-9][0-9]{0,5}s)?",
    "|[1-9][0-9]{0,5}s",
))
.measured();
pub(crate) const IDLE: Format = SPANS.mended(suggestions::minutes);
pub(crate) const LIFETIME: Format = SPANS.mended(suggestions::lifetime);
pub(crate) const USD: Format =
    Format::of::<Usd>(r"\$(0\.[0-9]{0,5}[1-9][0-9]{0,3}|[1-9][0-9]{0,8}(\.[0-9]{1,6})?)")
        .mended(suggestions::usd)
        .measured();
pub(crate) const TIMEZONE: Format = Format::of::<Zone>("[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*");
pub(crate) const WEEK: Format = Format::of::<Week>(concat!(
    " *",
    week_window!(),
    "( *, *",
    week_window!(),
    ")* *"
));
pub(crate) const EXECUTOR_MEMORY: Format = Format::by(
    readers::executor_memory,
    "auto|[1-9][0-9]{0,6}[mM][bB]?|[1-9][0-9]{0,4}[gG][bB]?|[1-9][0-9]?[tT][bB]?",
)
.mended(suggestions::memory)
.measured();
pub(crate) const VOLUME_SIZE: Format = Format::by(
    readers::volume_size,
    "([1-9][0-9]{0,3}|1[0-5][0-9]{3})[gG][bB]?|([1-9]|1[0-6])[tT][bB]?",
)
.mended(suggestions::memory)
.measured();
pub(crate) const INGRESS: Format = Format::by(
    readers::ingress,
    concat!(
        "caller|",
        r"[0-9]{1,3}(\.[0-9]{1,3}){3}/(3[0-2]|[12]?[0-9])|",
        "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
    ),
)
.mended(suggestions::ingress);
pub(crate) const PATH: Format = Format::by(readers::path, r"[^\x00-\x1f\x7f-\x9f]+");
pub(crate) const MEMBER: Format =
    Format::by(readers::member, concat!(part!(), "(/", part!(), ")*"));
pub(crate) const FILE: Format = Format::by(readers::file, part!());
pub(crate) const URL: Format = Format::by(
    readers::url,
    concat!(
        r"https?://[^\s/\x00-\x1f\x7f-\x9f]+/",
        r"([^\s\x00-\x1f\x7f-\x9f]*[^\s/\x00-\x1f\x7f-\x9f])"
    ),
);
pub(crate) const S3: Format = Format::by(
    readers::s3,
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f\x7f-\x9f]+",
)
.mended(suggestions::s3);
pub(crate) const SHA256: Format =
    Format::by(readers::sha256, "[0-9a-f]{64}").mended(suggestions::lower);
pub(crate) const PACKAGE: Format = Format::by(
    readers::package,
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
.mended(suggestions::package);
/// Keys of AWS's own and of ours are not for the user.
pub(crate) const TAG_KEY: Format = Format::by(
    readers::tag_key,
    concat!(
        "(?![aA][wW][sS]:|[cC][lL][uU][sS][tT][eE][rR][uU][pP])",
        r"[\p{L}\p{N} +=._:/@-]{1,128}"
    ),
)
.mended(suggestions::tag_key);
pub(crate) const TAG_VALUE: Format =
    Format::by(readers::tag_value, r"[\p{L}\p{N} +=._:/@-]{0,256}");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    const ALL: [&Format; 24] = [
        &STACK,
        &TEAM,
        &REGION,
        &KEY_PAIR,
        &GROUP,
        &DATA,
        &STEP,
        &RELEASE,
        &INSTANCE_TYPE,
        &NODES,
        &IDLE,
        &USD,
        &WEEK,
        &EXECUTOR_MEMORY,
        &VOLUME_SIZE,
        &PATH,
        &MEMBER,
        &FILE,
        &URL,
        &S3,
        &SHA256,
        &PACKAGE,
        &TAG_KEY,
        &TAG_VALUE,
    ];

    proptest! {
        /// What an editor lets pass, the parser takes.
        #[test]
        fn patterns_say_what_readers_read(
            (which, text) in (0..ALL.len()).prop_flat_map(|which| {
                // What must not come next is none of what the crate makes texts of.
                let pattern = ALL[which].pattern;
                let ahead = pattern.starts_with("(?!");
                let pattern = pattern.split_once(')').filter(|_| ahead).map_or(pattern, |p| p.1);
                (Just(which), string_regex(pattern).unwrap())
            })
        ) {
            prop_assume!(!text.contains("${") && !text.starts_with("sg-"));
            let lower = text.to_lowercase();
            prop_assume!(!lower.starts_with("aws:") && !lower.starts_with("clusterup"));
            prop_assert!((ALL[which].read)(&text).is_ok(), "{} is not read", text);
        }
    }

    #[test]
    fn a_slip_is_mended_only_into_what_is_right() {
        for (format, text, meant) in [
            (&LIFETIME, "2", Some("2h")),
            (&INSTANCE_TYPE, "1 x m5.xlarge", Some("m5.xlarge")),
            (&STACK, "équipe", None),
            (&IDLE, "10", Some("10m")),
            (&IDLE, "10 min", Some("10m")),
            (&IDLE, "1.5h", Some("1h30m")),
            (&IDLE, "2 hours", Some("2h")),
            (&IDLE, "soon", None),
            (&USD, "3", Some("$3")),
            (&USD, "3$", Some("$3")),
            (&USD, "5 USD", Some("$5")),
            (&USD, "$1,000", Some("$1000")),
            (&EXECUTOR_MEMORY, "1", Some("1g")),
            (&EXECUTOR_MEMORY, "2048", Some("2g")),
            (&EXECUTOR_MEMORY, "1.5g", Some("1536m")),
            (&EXECUTOR_MEMORY, "1GiB", Some("1g")),
            (&NODES, "3", Some("3 x m5.xlarge")),
            (&NODES, "m5.xlarge", Some("1 x m5.xlarge")),
            (&NODES, "m5.xlarge x 3", Some("3 x m5.xlarge")),
            (&NODES, "3 * m5.xlarge", Some("3 x m5.xlarge")),
            (&REGION, "us-east", Some("us-east-1")),
            (&REGION, "us-east-1a", Some("us-east-1")),
            (&STACK, "My Stack", Some("my-stack")),
            (&RELEASE, "7.12.0", Some("emr-7.12.0")),
            (&RELEASE, "emr-7", Some("emr-7.x")),
            (&INGRESS, "203.0.113.7", Some("203.0.113.7/32")),
            (&TAG_KEY, "cost#center", Some("cost-center")),
            (&S3, "s3a://bucket/key", Some("s3://bucket/key")),
            (&PACKAGE, "numpy == 2.3", Some("numpy==2.3")),
        ] {
            assert_eq!(format.meant(text).as_deref(), meant, "{text}");
        }
    }
}
