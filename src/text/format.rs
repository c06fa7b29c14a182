//! The formats of single values: each reads by its model type, has a pattern for editors that
//! says the same, and knows the slips that people make.

use super::mend;
use crate::model::Invalid;
use crate::model::cidr::Cidr;
use crate::model::instance::{InstanceType, Nodes};
use crate::model::memory::Memory;
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
    const fn of<T: FromStr<Err = Invalid>>(pattern: &'static str) -> Self {
        Self::by(reads::<T>, pattern)
    }

    const fn by(read: fn(&str) -> Result<(), Invalid>, pattern: &'static str) -> Self {
        Self {
            read,
            pattern,
            mend: mend::nothing,
            measured: false,
        }
    }

    const fn mended(mut self, mend: fn(&str) -> Option<String>) -> Self {
        self.mend = mend;
        self
    }

    const fn measured(mut self) -> Self {
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

const LABEL: &str = "[a-z]([a-z0-9-]{0,38}[a-z0-9])?";
pub(crate) const STACK: Format = Format::of::<StackName>(LABEL).mended(mend::label);
pub(crate) const TEAM: Format = Format::of::<TeamName>(LABEL).mended(mend::label);
pub(crate) const REGION: Format =
    Format::of::<Region>("[a-z]+(-[a-z]+)+-[0-9]").mended(mend::region);
pub(crate) const KEY_PAIR: Format =
    Format::of::<KeyPairName>("[A-Za-z0-9][A-Za-z0-9._-]{0,254}").mended(mend::label);
pub(crate) const GROUP: Format =
    Format::of::<GroupName>("(?!sg-)[A-Za-z0-9][A-Za-z0-9._-]{0,254}").mended(mend::label);
pub(crate) const DATA: Format =
    Format::of::<DataName>("[A-Za-z0-9][A-Za-z0-9_-]{0,62}").mended(mend::label);
pub(crate) const STEP: Format = Format::of::<StepName>(
    r"[^<>$|`\s\x00-\x1f\x7f-\x9f]([^<>$|`\x00-\x1f\x7f-\x9f]{0,198}[^<>$|`\s\x00-\x1f\x7f-\x9f])?",
)
.mended(mend::label);
pub(crate) const RELEASE: Format =
    Format::of::<Release>(r"emr-(spark-)?[0-9]{1,4}\.(x|[0-9]{1,4}\.[0-9]{1,4})")
        .mended(mend::release);
pub(crate) const INSTANCE_TYPE: Format =
    Format::of::<InstanceType>(r"[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}").mended(mend::lower);
pub(crate) const NODES: Format =
    Format::of::<Nodes>(r"(1000|[1-9][0-9]{0,2}) ?x ?[a-z0-9-]{1,24}\.[a-z0-9-]{1,24}")
        .mended(mend::nodes);
pub(crate) const SPAN: Format = Format::of::<Span>(
    "([1-9][0-9]{0,2}d)?([1-9][0-9]{0,3}h)?([1-9][0-9]{0,4}m)?[1-9][0-9]{0,5}[smhd]",
)
.mended(mend::span)
.measured();
pub(crate) const USD: Format =
    Format::of::<Usd>(r"\$(0\.[0-9]{0,5}[1-9]|[1-9][0-9]{0,8}(\.[0-9]{1,6})?)")
        .mended(mend::usd)
        .measured();
pub(crate) const EXECUTOR_MEMORY: Format =
    Format::by(executor_memory, "auto|[1-9][0-9]{0,4}([mM]|[gG])[bB]?")
        .mended(mend::memory)
        .measured();
pub(crate) const VOLUME_SIZE: Format = Format::by(
    volume_size,
    "[1-9][0-9]{0,3}[gG][bB]?|1[0-6][tT][bB]?|[1-9][tT][bB]?",
)
.mended(mend::memory)
.measured();
pub(crate) const INGRESS: Format = Format::by(
    ingress,
    r"caller|(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])|[0-9a-f:]+::/(12[0-8]|1[01][0-9]|[1-9]?[0-9])",
)
.mended(mend::ingress);
pub(crate) const PATH: Format = Format::by(path, r"[^\x00-\x1f\x7f-\x9f]+");
pub(crate) const MEMBER: Format = Format::by(
    member,
    r"[A-Za-z0-9_-][A-Za-z0-9_. -]*(/[A-Za-z0-9_-][A-Za-z0-9_. -]*)*",
);
pub(crate) const FILE: Format =
    Format::by(file, r"[^/\\\x00-\x1f\x7f-\x9f.][^/\\\x00-\x1f\x7f-\x9f]*");
pub(crate) const URL: Format = Format::by(
    url,
    r"https?://[A-Za-z0-9.:@\[\]-]+/[^\s\x00-\x1f\x7f-\x9f]*[^\s/\x00-\x1f\x7f-\x9f]",
);
pub(crate) const S3: Format = Format::by(
    s3,
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f\x7f-\x9f]+",
)
.mended(mend::s3);
pub(crate) const SHA256: Format = Format::by(sha256, "[0-9a-f]{64}").mended(mend::lower);
pub(crate) const PACKAGE: Format = Format::by(
    package,
    r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\[[A-Za-z0-9]+(,[A-Za-z0-9]+)*\])?((==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!]+(,(==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!]+)*)?",
)
.mended(mend::package);

/// `${…}` is for arguments; elsewhere it would be taken literally.
const HOLE: &str = "${";

fn executor_memory(text: &str) -> Result<(), Invalid> {
    if text == "auto" || text.parse::<Memory>().is_ok() {
        return Ok(());
    }
    Err(Invalid::new(
        "memory with its unit, such as `512m` or `1g`, or `auto`",
    ))
}

/// EBS volumes are whole GiB, from 1 GiB to 16 TiB (EBS user guide, gp2 and gp3).
fn volume_size(text: &str) -> Result<(), Invalid> {
    match text.parse::<Memory>() {
        Ok(size) if size.mib() % 1024 == 0 && size.mib() <= 16 << 20 => Ok(()),
        _ => Err(Invalid::new(
            "a volume of whole gigabytes from `1g` to `16t`, such as `64g`",
        )),
    }
}

fn ingress(text: &str) -> Result<(), Invalid> {
    if text == "caller" || text.parse::<Cidr>().is_ok() {
        return Ok(());
    }
    Err(Invalid::new(
        "`caller` or a range of addresses such as `203.0.113.7/32`",
    ))
}

fn path(text: &str) -> Result<(), Invalid> {
    match text {
        "" => Err(Invalid::new("a path")),
        _ if text.contains(HOLE) => Err(Invalid::new("a path as it is; `${…}` is for `args`")),
        _ if text.chars().any(char::is_control) => Err(Invalid::new("a path on one line")),
        _ => Ok(()),
    }
}

fn member(text: &str) -> Result<(), Invalid> {
    let part = |part: &str| !matches!(part, "" | "." | "..");
    if text.split('/').all(part) && !text.contains('\\') && path(text).is_ok() {
        return Ok(());
    }
    Err(Invalid::new(
        "a file's path inside the archive, such as `ml-1m/ratings.dat`",
    ))
}

fn file(text: &str) -> Result<(), Invalid> {
    if member(text).is_ok() && !text.contains('/') {
        return Ok(());
    }
    Err(Invalid::new(
        "a file's name without folders, such as `movies.dat`",
    ))
}

fn url(text: &str) -> Result<(), Invalid> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let whole = |(host, path): (&str, &str)| {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        !host.is_empty() && !path.is_empty() && !path.ends_with('/') && !text.contains(blank)
    };
    if rest
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(whole)
        && !text.contains(HOLE)
    {
        return Ok(());
    }
    Err(Invalid::new(
        "the address of a file, such as `https://example.com/ratings.zip`",
    ))
}

fn s3(text: &str) -> Result<(), Invalid> {
    let bucket = |name: &str| {
        let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
        let end = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        (3..=63).contains(&name.len())
            && name.bytes().all(byte)
            && end(name.bytes().next())
            && end(name.bytes().last())
    };
    match text
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
    {
        Some((name, key)) if bucket(name) && path(key).is_ok() => Ok(()),
        _ => Err(Invalid::new(
            "an object in S3, such as `s3://bucket/ratings.dat`",
        )),
    }
}

fn sha256(text: &str) -> Result<(), Invalid> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() == 64 && text.bytes().all(digit) {
        return Ok(());
    }
    Err(Invalid::new(
        "64 lower-case hexadecimal digits, as `sha256sum` prints them",
    ))
}

/// A requirement that pip looks up by name: options, addresses and paths would let a stack's
/// file install from anywhere.
fn package(text: &str) -> Result<(), Invalid> {
    let end = text
        .find(['[', '=', '<', '>', '~', '!'])
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (extras, versions) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, versions)) => (Some(extras), versions),
        None => (None, rest),
    };
    let extras = extras.is_none_or(|extras| extras.split(',').all(project));
    let versions = versions.is_empty() || versions.split(',').all(version);
    if project(name) && extras && versions {
        return Ok(());
    }
    Err(Invalid::new(
        "a package that pip knows by name, such as `numpy` or `numpy==2.3.1`",
    ))
}

fn project(name: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.bytes().all(byte) && end(name.chars().next()) && end(name.chars().last())
}

fn version(text: &str) -> bool {
    let number = ["==", ">=", "<=", "~=", "!=", "<", ">"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .unwrap_or_default();
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'*' | b'+' | b'!');
    !number.is_empty() && number.bytes().all(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    const ALL: [&Format; 21] = [
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
        &SPAN,
        &USD,
        &EXECUTOR_MEMORY,
        &VOLUME_SIZE,
        &PATH,
        &MEMBER,
        &FILE,
        &URL,
        &S3,
        &SHA256,
        &PACKAGE,
    ];

    proptest! {
        /// What an editor lets pass, the parser takes.
        #[test]
        fn patterns_say_what_readers_read(
            (which, text) in (0..ALL.len()).prop_flat_map(|which| {
                let pattern = ALL[which].pattern.trim_start_matches("(?!sg-)");
                (Just(which), string_regex(pattern).unwrap())
            })
        ) {
            prop_assume!(!text.contains("${") && !text.starts_with("sg-"));
            prop_assert!((ALL[which].read)(&text).is_ok(), "{} is not read", text);
        }
    }

    #[test]
    fn packages_are_names_and_nothing_else() {
        for good in [
            "numpy",
            "numpy==2.3.1",
            "pandas[parquet,s3]>=2,<3",
            "zope.interface",
        ] {
            assert!(package(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-r",
            "--index-url=http://x",
            "git+https://x/y",
            "numpy @ http://x",
            "./numpy",
            "numpy;true",
            "numpy==",
            "numpy[",
            "a b",
            "numpy==1 ; x",
            "-",
            "numpy>=2,",
        ] {
            assert!(package(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_of_data() {
        for good in ["http://localhost:8000/a.zip", "https://e.com/a/b.dat?x=1"] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "https://e.com",
            "https://e.com/",
            "ftp://e.com/a",
            "https:///a",
            "e.com/a",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
        for bad in ["../a", "/a", "a//b", "a/./b", "a\\b", ""] {
            assert!(member(bad).is_err(), "{bad}");
        }
        for bad in [
            "s3://b/k",
            "s3://bucket",
            "s3://bucket/",
            "s3a://bucket/k",
            "s3://Bucket/k",
        ] {
            assert!(s3(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slip_is_mended_only_into_what_is_right() {
        for (format, text, meant) in [
            (&SPAN, "10", Some("10m")),
            (&SPAN, "10 min", Some("10m")),
            (&SPAN, "1.5h", Some("1h30m")),
            (&SPAN, "2 hours", Some("2h")),
            (&SPAN, "soon", None),
            (&USD, "3", Some("$3")),
            (&USD, "3$", Some("$3")),
            (&USD, "5 USD", Some("$5")),
            (&USD, "$1,000", Some("$1000")),
            (&EXECUTOR_MEMORY, "1", Some("1g")),
            (&EXECUTOR_MEMORY, "2048", Some("2048m")),
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
            (&S3, "s3a://bucket/key", Some("s3://bucket/key")),
            (&PACKAGE, "numpy == 2.3", Some("numpy==2.3")),
        ] {
            assert_eq!(format.meant(text).as_deref(), meant, "{text}");
        }
    }
}
