//! Readers of a policy's values that have no type of their own in the model, or may be patterns.

use super::readers::ingress;
use super::set::Setting;
use crate::model::Invalid;
use crate::model::arn::Arn;
use crate::model::glob::Glob;
use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use crate::model::name::{Region, StackName};
use crate::model::policy::SourceLimit;
use crate::model::release::Release;
use crate::model::stack::IngressSource;
use std::str::FromStr;

/// The text, if it is valid.
fn when(valid: bool, text: &str, expected: &str) -> Result<String, Invalid> {
    if valid {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new(expected))
    }
}

fn glob(valid: bool, text: &str, expected: &str) -> Result<Glob, Invalid> {
    let wrong = |_| Invalid::new(expected);
    when(valid, text, expected)?.parse().map_err(wrong)
}

/// A name, or a pattern of names; a pattern that no name can match is invalid.
fn named<T: FromStr>(text: &str, signs: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || signs.contains(c);
    if text.contains(['*', '?']) {
        text.chars().all(|c| allowed(c) || matches!(c, '*' | '?'))
    } else {
        text.parse::<T>().is_ok()
    }
}

pub(crate) fn stacks(text: &str) -> Result<Glob, Invalid> {
    let valid = named::<StackName>(text, "-");
    glob(
        valid,
        text,
        "a stack's name, or a pattern of names such as `nightly-*`",
    )
}

pub(crate) fn instance_types(text: &str) -> Result<Glob, Invalid> {
    let valid = named::<InstanceType>(text, ".-");
    glob(
        valid,
        text,
        "an instance type, or a pattern of them such as `m5.*`",
    )
}

pub(crate) fn regions(text: &str) -> Result<Glob, Invalid> {
    let valid = named::<Region>(text, "-");
    glob(
        valid,
        text,
        "an AWS region such as `us-east-1`, or a pattern such as `eu-*`",
    )
}

pub(crate) fn releases(text: &str) -> Result<Glob, Invalid> {
    let begins = text.starts_with("emr-") || text.starts_with(['*', '?']);
    let valid = begins && named::<Release>(text, ".-");
    glob(
        valid,
        text,
        "an EMR release such as `emr-7.12.0`, or a pattern such as `emr-7.*`",
    )
}

pub(crate) fn caller(text: &str) -> Result<Glob, Invalid> {
    let whole = text
        .strip_prefix("arn:")
        .is_some_and(|rest| !rest.is_empty());
    let valid = whole || text.starts_with('*') || text.contains('@');
    glob(
        valid,
        text,
        "a caller: on AWS an ARN such as `arn:aws:iam::*:user/ana`, here one such as `ana@*`",
    )
}

pub(crate) fn tag_values(text: &str) -> Result<Glob, Invalid> {
    glob(
        true,
        text,
        "a tag's value, or a pattern such as `cc-*`, without spaces",
    )
}

/// The sources of connections, as stacks write them.
pub(crate) fn source(text: &str) -> Result<SourceLimit, Invalid> {
    match ingress(text)? {
        IngressSource::Range(range) => Ok(SourceLimit::Range(range)),
        IngressSource::Caller | IngressSource::Here(_) | IngressSource::Other(_) => {
            Ok(SourceLimit::Caller)
        }
    }
}

/// Common e-mail addresses, not all that the standard allows. AWS Budgets accepts no FIFO topics.
pub(crate) fn subscriber(text: &str) -> Result<String, Invalid> {
    when(
        mail(text) || topic(text),
        text,
        "an e-mail address, or a topic's ARN such as `arn:aws:sns:us-east-1:123456789012:bills`",
    )
}

/// Whether a subscriber is an SNS topic and not an e-mail address.
pub(crate) fn topic(text: &str) -> bool {
    Arn::of_topic(text).is_some_and(|arn| !arn.resource.ends_with(".fifo"))
}

fn mail(text: &str) -> bool {
    let Some((who, host)) = text.split_once('@') else {
        return false;
    };
    let byte = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let label = |part: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let end = |c: char| c.is_ascii_alphanumeric();
        part.bytes().all(inner) && part.starts_with(end) && part.ends_with(end)
    };
    !who.is_empty() && who.bytes().all(byte) && host.contains('.') && host.split('.').all(label)
}

pub(crate) fn expression(text: &str) -> Result<String, Invalid> {
    let valid = !text.trim().is_empty();
    when(
        valid,
        text,
        "a condition in CEL, such as `stack.cluster.nodes > 5`",
    )
}

/// The message without the newline at the end of a YAML block.
pub(crate) fn message(text: &str) -> Result<String, Invalid> {
    let odd = |c: char| c.is_control() && c != '\n';
    let valid = !text.trim().is_empty() && !text.contains(odd);
    when(
        valid,
        text.trim(),
        "a message: what is wrong, and how to pass the rule",
    )
}

pub(crate) fn title(text: &str) -> Result<String, Invalid> {
    let valid = !text.is_empty() && text.trim() == text && !text.contains(char::is_control);
    when(valid, text, "what the example shows, on one line")
}

pub(crate) fn setting(text: &str) -> Result<String, Invalid> {
    text.parse::<Setting>().map(|_| text.to_owned())
}

pub(crate) fn reason(text: &str) -> Result<String, Invalid> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c);
    let valid = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed);
    when(
        valid,
        text,
        "a limit such as `limits.nodes`, or the name of a rule",
    )
}

/// An amount in dollars, which may be zero.
pub(crate) fn amount(text: &str) -> Result<Usd, Invalid> {
    match text {
        "$0" => Ok(Usd::ZERO),
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscribers_are_addresses_that_aws_can_notify() {
        for good in [
            "ana@example.com",
            "ana+bills@mail.example.co.kr",
            "arn:aws:sns:us-east-1:123456789012:bills",
            "arn:aws-us-gov:sns:us-gov-west-1:123456789012:bills_2",
        ] {
            assert!(subscriber(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "ana@example..com",
            "ana @example.com",
            "a@b@example.com",
            "arn:aws:sns:us-east-1:1234:bills",
            "arn:aws:sns:us-east-1:123456789012:bills.fifo",
            "arn:aws:sqs:us-east-1:123456789012:bills",
        ] {
            assert!(subscriber(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_invalid() {
        for bad in ["m5", "m5 *", "M5.*", "", "m5.xlarge.x"] {
            assert!(instance_types(bad).is_err(), "{bad}");
        }
        for bad in ["us-east", "eu.*", "us-east-1a"] {
            assert!(regions(bad).is_err(), "{bad}");
        }
        for bad in ["7.*", "emr-7", "emr 7.*"] {
            assert!(releases(bad).is_err(), "{bad}");
        }
        for bad in ["ana", "arn:", "ana@ *", "user/ana"] {
            assert!(caller(bad).is_err(), "{bad}");
        }
    }
}
