//! The formats of single values in policies and in files of examples.

use super::format::Format;
use super::{policy_readers as readers, suggestions};
use crate::model::application::Application;
use crate::model::glob::Glob;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, RuleName};
use crate::model::percent::Percent;

/// Characters that text on one line cannot have.
macro_rules! plain {
    ($also:literal) => {
        concat!(r"[^", $also, r"\x00-\x1f\x7f-\x9f]")
    };
}

/// Text of several lines.
macro_rules! lines {
    () => {
        r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]*"
    };
}

pub(crate) const POLICY: Format<PolicyName> =
    Format::of("[a-z]([a-z0-9-]{0,38}[a-z0-9])?").suggest(suggestions::label);
pub(crate) const RULE: Format<RuleName> =
    Format::of("[a-z]([a-z0-9-]{0,78}[a-z0-9])?").suggest(suggestions::label);
pub(crate) const PERCENT: Format<Percent> = Format::of("([1-9][0-9]?|100)%")
    .suggest(suggestions::percent)
    .measured();
pub(crate) const APPLICATION: Format<Application> = Format::of("[A-Za-z0-9._-]{1,64}");
pub(crate) const STACKS: Format<Glob> = Format::by(
    readers::stacks,
    r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?|[a-z0-9-]*[*?][a-z0-9*?-]*",
)
.suggest(suggestions::label);
pub(crate) const INSTANCE_TYPES: Format<Glob> = Format::by(
    readers::instance_types,
    r"[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}|[a-z0-9.-]*[*?][a-z0-9.*?-]*",
)
.suggest(suggestions::instance_types);
pub(crate) const REGIONS: Format<Glob> = Format::by(
    readers::regions,
    "[a-z]+(-[a-z]+)+-[0-9]|[a-z0-9-]*[*?][a-z0-9*?-]*",
)
.suggest(suggestions::regions);
pub(crate) const RELEASES: Format<Glob> = Format::by(
    readers::releases,
    concat!(
        r"emr-(spark-)?[0-9]{1,4}\.(x|[0-9]{1,4}\.[0-9]{1,4})",
        r"|(emr-[a-z0-9.-]*)?[*?][a-z0-9.*?-]*"
    ),
)
.suggest(suggestions::releases);
pub(crate) const CALLER: Format<Glob> = Format::by(
    readers::caller,
    concat!(
        "arn:",
        plain!(r"\s\[\]{}\\"),
        r"+|\*",
        plain!(r"\s\[\]{}\\"),
        "*|",
        plain!(r"\s\[\]{}\\"),
        "*@",
        plain!(r"\s\[\]{}\\"),
        "*"
    ),
)
.suggest(suggestions::caller);
pub(crate) const TAG_VALUES: Format<Glob> =
    Format::by(readers::tag_values, concat!(plain!(r"\s\[\]{}\\"), "+"));
pub(crate) const SUBSCRIBER: Format<String> = Format::by(
    readers::subscriber,
    concat!(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@",
        r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
        r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){1,3}|",
        "arn:aws[a-z-]{0,20}:sns:[a-z]+(-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
    ),
)
.suggest(suggestions::subscriber);
pub(crate) const EXPRESSION: Format<String> = Format::by(readers::expression, r"[\s\S]*\S[\s\S]*");
pub(crate) const MESSAGE: Format<String> =
    Format::by(readers::message, concat!(lines!(), plain!(r"\s"), lines!()));
pub(crate) const TITLE: Format<String> = Format::by(
    readers::title,
    concat!(plain!(r"\s"), "(", plain!(""), "*", plain!(r"\s"), ")?"),
);
pub(crate) const SETTING: Format<String> = Format::by(readers::setting, r"[^=]+=[\s\S]*");
pub(crate) const REASON: Format<String> = Format::by(readers::reason, "[a-z][a-z0-9_.-]*");
pub(crate) const AMOUNT: Format<Usd> = Format::by(
    readers::amount,
    r"\$(0|0\.[0-9]{0,5}[1-9][0-9]{0,3}|[1-9][0-9]{0,8}(\.[0-9]{1,6})?)",
)
.suggest(suggestions::usd)
.measured();

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

    const ALL: [Read; 16] = all![
        POLICY,
        RULE,
        PERCENT,
        STACKS,
        INSTANCE_TYPES,
        REGIONS,
        RELEASES,
        CALLER,
        TAG_VALUES,
        SUBSCRIBER,
        EXPRESSION,
        MESSAGE,
        TITLE,
        SETTING,
        REASON,
        AMOUNT
    ];

    proptest! {
        /// What an editor lets pass, the parser takes.
        #[test]
        fn patterns_match_what_readers_accept(
            (which, text) in (0..ALL.len())
                .prop_flat_map(|which| (Just(which), string_regex(ALL[which].0).unwrap()))
        ) {
            prop_assert!((ALL[which].1)(&text), "{} is not read", text);
        }
    }

    #[test]
    fn suggestions_are_valid_values() {
        let all: [Meant; 17] = [
            (|t| PERCENT.meant(t), "80", Some("80%")),
            (|t| PERCENT.meant(t), "0.8", Some("80%")),
            (|t| PERCENT.meant(t), "80 percent", Some("80%")),
            (|t| PERCENT.meant(t), "120", None),
            (|t| INSTANCE_TYPES.meant(t), "m5", Some("m5.*")),
            (|t| INSTANCE_TYPES.meant(t), "M5.*", Some("m5.*")),
            (|t| REGIONS.meant(t), "us-east", Some("us-east-*")),
            (|t| REGIONS.meant(t), "EU-*", Some("eu-*")),
            (|t| REGIONS.meant(t), "us-east-1a", Some("us-east-1")),
            (|t| RELEASES.meant(t), "7.*", Some("emr-7.*")),
            (|t| RELEASES.meant(t), "emr-7", Some("emr-7.*")),
            (|t| RELEASES.meant(t), "7.12.0", Some("emr-7.12.0")),
            (|t| CALLER.meant(t), "ana", Some("ana@*")),
            (|t| STACKS.meant(t), "Nightly jobs", Some("nightly-jobs")),
            (
                |t| SUBSCRIBER.meant(t),
                "mailto:ana@example.com",
                Some("ana@example.com"),
            ),
            (|t| SUBSCRIBER.meant(t), "ana", None),
            (|t| AMOUNT.meant(t), "0", Some("$0")),
        ];
        for (format, text, meant) in all {
            assert_eq!(format(text).as_deref(), meant, "{text}");
        }
    }
}
