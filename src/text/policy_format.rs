//! The formats of single values in policies and in files of examples.

use super::format::Format;
use super::{policy_readers as readers, suggestions};
use crate::model::application::Application;
use crate::model::name::{PolicyName, RuleName};
use crate::model::percent::Percent;

/// What no text on one line has.
macro_rules! plain {
    ($also:literal) => {
        concat!(r"[^", $also, r"\x00-\x1f\x7f-\x9f]")
    };
}

/// The text of several lines.
macro_rules! lines {
    () => {
        r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]*"
    };
}

pub(crate) const POLICY: Format =
    Format::of::<PolicyName>("[a-z]([a-z0-9-]{0,38}[a-z0-9])?").mended(suggestions::label);
pub(crate) const RULE: Format =
    Format::of::<RuleName>("[a-z]([a-z0-9-]{0,78}[a-z0-9])?").mended(suggestions::label);
pub(crate) const PERCENT: Format = Format::of::<Percent>("([1-9][0-9]?|100)%")
    .mended(suggestions::percent)
    .measured();
pub(crate) const APPLICATION: Format = Format::of::<Application>("[A-Za-z0-9._-]{1,64}");
pub(crate) const STACKS: Format = Format::by(
    readers::stacks,
    r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?|[a-z0-9-]*[*?][a-z0-9*?-]*",
)
.mended(suggestions::label);
pub(crate) const INSTANCE_TYPES: Format = Format::by(
    readers::instance_types,
    r"[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}|[a-z0-9.-]*[*?][a-z0-9.*?-]*",
)
.mended(suggestions::instance_types);
pub(crate) const REGIONS: Format = Format::by(
    readers::regions,
    "[a-z]+(-[a-z]+)+-[0-9]|[a-z0-9-]*[*?][a-z0-9*?-]*",
)
.mended(suggestions::regions);
pub(crate) const RELEASES: Format = Format::by(
    readers::releases,
    concat!(
        r"emr-(spark-)?[0-9]{1,4}\.(x|[0-9]{1,4}\.[0-9]{1,4})",
        r"|(emr-[a-z0-9.-]*)?[*?][a-z0-9.*?-]*"
    ),
)
.mended(suggestions::releases);
pub(crate) const CALLER: Format = Format::by(
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
.mended(suggestions::caller);
pub(crate) const TAG_VALUES: Format =
    Format::by(readers::tag_values, concat!(plain!(r"\s\[\]{}\\"), "+"));
pub(crate) const SUBSCRIBER: Format = Format::by(
    readers::subscriber,
    concat!(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@",
        r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
        r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){1,3}|",
        "arn:aws[a-z-]{0,20}:sns:[a-z]+(-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}"
    ),
)
.mended(suggestions::subscriber);
pub(crate) const EXPRESSION: Format = Format::by(readers::expression, r"[\s\S]*\S[\s\S]*");
pub(crate) const MESSAGE: Format =
    Format::by(readers::message, concat!(lines!(), plain!(r"\s"), lines!()));
pub(crate) const TITLE: Format = Format::by(
    readers::title,
    concat!(plain!(r"\s"), "(", plain!(""), "*", plain!(r"\s"), ")?"),
);
pub(crate) const SETTING: Format = Format::by(readers::setting, r"[^=]+=[\s\S]*");
pub(crate) const REASON: Format = Format::by(readers::reason, "[a-z][a-z0-9_.-]*");
pub(crate) const AMOUNT: Format = Format::by(
    readers::amount,
    r"\$(0|0\.[0-9]{0,5}[1-9][0-9]{0,3}|[1-9][0-9]{0,8}(\.[0-9]{1,6})?)",
)
.mended(suggestions::usd)
.measured();

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    const ALL: [&Format; 16] = [
        &POLICY,
        &RULE,
        &PERCENT,
        &STACKS,
        &INSTANCE_TYPES,
        &REGIONS,
        &RELEASES,
        &CALLER,
        &TAG_VALUES,
        &SUBSCRIBER,
        &EXPRESSION,
        &MESSAGE,
        &TITLE,
        &SETTING,
        &REASON,
        &AMOUNT,
    ];

    proptest! {
        /// What an editor lets pass, the parser takes.
        #[test]
        fn patterns_say_what_readers_read(
            (which, text) in (0..ALL.len())
                .prop_flat_map(|which| (Just(which), string_regex(ALL[which].pattern).unwrap()))
        ) {
            prop_assert!((ALL[which].read)(&text).is_ok(), "{} is not read", text);
        }
    }

    #[test]
    fn a_slip_is_mended_only_into_what_is_right() {
        for (format, text, meant) in [
            (&PERCENT, "80", Some("80%")),
            (&PERCENT, "0.8", Some("80%")),
            (&PERCENT, "80 percent", Some("80%")),
            (&PERCENT, "120", None),
            (&INSTANCE_TYPES, "m5", Some("m5.*")),
            (&INSTANCE_TYPES, "M5.*", Some("m5.*")),
            (&REGIONS, "us-east", Some("us-east-*")),
            (&REGIONS, "EU-*", Some("eu-*")),
            (&REGIONS, "us-east-1a", Some("us-east-1")),
            (&RELEASES, "7.*", Some("emr-7.*")),
            (&RELEASES, "emr-7", Some("emr-7.*")),
            (&RELEASES, "7.12.0", Some("emr-7.12.0")),
            (&CALLER, "ana", Some("ana@*")),
            (&STACKS, "Nightly jobs", Some("nightly-jobs")),
            (
                &SUBSCRIBER,
                "mailto:ana@example.com",
                Some("ana@example.com"),
            ),
            (&SUBSCRIBER, "ana", None),
            (&AMOUNT, "0", Some("$0")),
        ] {
            assert_eq!(format.meant(text).as_deref(), meant, "{text}");
        }
    }
}
