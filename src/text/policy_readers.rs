//! Readers of a policy's values that have no type of their own in the model, or may be patterns.

use super::set::Setting;
use crate::model::Invalid;
use crate::model::glob::Glob;
use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use crate::model::name::{Region, StackName};
use crate::model::release::Release;
use std::str::FromStr;

type Reading = Result<(), Invalid>;

fn when(right: bool, expected: &str) -> Reading {
    if right {
        Ok(())
    } else {
        Err(Invalid::new(expected))
    }
}

/// A name, or a pattern of such names: one that could fit none of them is a slip.
fn named<T: FromStr>(text: &str, signs: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || signs.contains(c);
    if text.contains(['*', '?']) {
        text.chars().all(|c| known(c) || matches!(c, '*' | '?'))
    } else {
        text.parse::<T>().is_ok()
    }
}

pub(crate) fn stacks(text: &str) -> Reading {
    let right = named::<StackName>(text, "-");
    when(
        right,
        "a stack's name, or a pattern of names such as `nightly-*`",
    )
}

pub(crate) fn instance_types(text: &str) -> Reading {
    let right = named::<InstanceType>(text, ".-");
    when(
        right,
        "an instance type, or a pattern of them such as `m5.*`",
    )
}

pub(crate) fn regions(text: &str) -> Reading {
    let right = named::<Region>(text, "-");
    when(
        right,
        "an AWS region such as `us-east-1`, or a pattern such as `eu-*`",
    )
}

pub(crate) fn releases(text: &str) -> Reading {
    let begins = text.starts_with("emr-") || text.starts_with(['*', '?']);
    let right = begins && named::<Release>(text, ".-");
    when(
        right,
        "an EMR release such as `emr-7.12.0`, or a pattern such as `emr-7.*`",
    )
}

pub(crate) fn caller(text: &str) -> Reading {
    let whole = text
        .strip_prefix("arn:")
        .is_some_and(|rest| !rest.is_empty());
    let right = whole || text.starts_with('*') || text.contains('@');
    when(
        right && text.parse::<Glob>().is_ok(),
        "a caller: on AWS an ARN such as `arn:aws:iam::*:user/ana`, here one such as `ana@*`",
    )
}

pub(crate) fn tag_values(text: &str) -> Reading {
    when(
        text.parse::<Glob>().is_ok(),
        "a tag's value, or a pattern such as `cc-*`, without spaces",
    )
}

/// Addresses as people have them, not all that mail could carry. AWS Budgets takes no FIFO topics.
pub(crate) fn subscriber(text: &str) -> Reading {
    when(
        mail(text) || topic(text),
        "an address of e-mail, or a topic's ARN such as `arn:aws:sns:us-east-1:123456789012:bills`",
    )
}

/// Whether a subscriber is a topic of SNS and not an address.
pub(crate) fn topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
        return false;
    };
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    partition.starts_with("aws")
        && partition
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'-')
        && region.parse::<Region>().is_ok()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (1..=256).contains(&name.len())
        && name.bytes().all(named)
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

pub(crate) fn expression(text: &str) -> Reading {
    let right = !text.trim().is_empty();
    when(
        right,
        "a condition in CEL, such as `stack.cluster.nodes > 5`",
    )
}

pub(crate) fn message(text: &str) -> Reading {
    let odd = |c: char| c.is_control() && c != '\n';
    let right = !text.trim().is_empty() && !text.contains(odd);
    when(
        right,
        "what a person is told, and how the rule can be passed",
    )
}

pub(crate) fn title(text: &str) -> Reading {
    let right = !text.is_empty() && text.trim() == text && !text.contains(char::is_control);
    when(right, "what the example shows, on one line")
}

pub(crate) fn setting(text: &str) -> Reading {
    text.parse::<Setting>().map(drop)
}

pub(crate) fn reason(text: &str) -> Reading {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c);
    let right = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(known);
    when(
        right,
        "a limit such as `limits.nodes`, or the name of a rule",
    )
}

pub(crate) fn amount(text: &str) -> Reading {
    dollars(text).map(drop)
}

/// Dollars of which there may be none.
pub(crate) fn dollars(text: &str) -> Result<Usd, Invalid> {
    match text {
        "$0" => Ok(Usd::ZERO),
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_told_can_be_told() {
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
    fn a_pattern_that_fits_nothing_is_refused() {
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
