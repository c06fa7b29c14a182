//! Readers of values that have no type of their own in the model, or one of two types.

use crate::model::Invalid;
use crate::model::memory::Memory;
use crate::model::stack::IngressSource;
use crate::text::types::AUTO;

/// `${…}` is replaced in arguments only; elsewhere it is rejected instead of being taken literally.
const HOLE: &str = "${";

/// `None` stands for `auto`.
pub(crate) fn executor_memory(text: &str) -> Result<Option<Memory>, Invalid> {
    if text == AUTO {
        return Ok(None);
    }
    let expected = "memory with its unit, such as `512m` or `1g`, or `auto`";
    text.parse().map(Some).map_err(|_| Invalid::new(expected))
}

/// EBS volumes are whole GiB, from 1 GiB to 16 TiB (EBS user guide, gp2 and gp3).
pub(crate) fn volume_size(text: &str) -> Result<Memory, Invalid> {
    match text.parse::<Memory>() {
        Ok(size) if size.mib() % 1024 == 0 && size.mib() <= 16 << 20 => Ok(size),
        _ => Err(Invalid::new(
            "a volume of whole gigabytes from `1g` to `16t`, such as `64g`",
        )),
    }
}

/// The root volume of a node has up to 100 GiB, and 10 or 15 GiB without a choice (EMR Management
/// Guide, "Customizing the Amazon EBS root device volume").
pub(crate) fn root_volume_size(text: &str) -> Result<Memory, Invalid> {
    match text.parse::<Memory>() {
        Ok(size) if size.mib() % 1024 == 0 && (10..=100).contains(&(size.mib() >> 10)) => Ok(size),
        _ => Err(Invalid::new(
            "a root volume of whole gigabytes from `10g` to `100g`, such as `50g`",
        )),
    }
}

/// An argument of a bootstrap action, which arrives as it is. `${…}` is replaced in steps only; an
/// empty one is refused, because EMR is known to drop those of steps.
pub(crate) fn bootstrap_arg(text: &str) -> Result<String, Invalid> {
    let good = (1..=1_000).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if good {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "an argument of 1 to 1000 characters on one line",
    ))
}

pub(crate) fn ingress(text: &str) -> Result<IngressSource, Invalid> {
    if text == "caller" {
        return Ok(IngressSource::Caller);
    }
    let expected = "`caller` or a range of addresses such as `203.0.113.7/32`";
    let range = text.parse().map(IngressSource::Range);
    range.map_err(|_| Invalid::new(expected))
}

pub(crate) fn path(text: &str) -> Result<String, Invalid> {
    match text {
        "" => Err(Invalid::new("a path")),
        _ if text.contains(HOLE) => Err(Invalid::new(
            "a literal path; only `args` may contain \
            `${…}`",
        )),
        _ if text.chars().any(char::is_control) => Err(Invalid::new("a path on one line")),
        _ => Ok(text.to_owned()),
    }
}

pub(crate) fn member(text: &str) -> Result<String, Invalid> {
    let part = |part: &str| !matches!(part, "" | "." | "..");
    if text.split('/').all(part) && !text.contains('\\') && path(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a file's path inside the archive, such as `ml-1m/ratings.dat`",
    ))
}

pub(crate) fn file(text: &str) -> Result<String, Invalid> {
    if member(text).is_ok() && !text.contains('/') {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a file's name without folders, such as `movies.dat`",
    ))
}

pub(crate) fn url(text: &str) -> Result<String, Invalid> {
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
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "the address of a file, such as `https://example.com/ratings.zip`",
    ))
}

pub(crate) fn s3(text: &str) -> Result<String, Invalid> {
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
        Some((name, key)) if bucket(name) && path(key).is_ok() => Ok(text.to_owned()),
        _ => Err(Invalid::new(
            "an object in S3, such as `s3://bucket/ratings.dat`",
        )),
    }
}

pub(crate) fn sha256(text: &str) -> Result<String, Invalid> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() == 64 && text.bytes().all(digit) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "64 lower-case hexadecimal digits, as `sha256sum` prints them",
    ))
}

/// Characters that AWS accepts in tags of every service.
fn in_tags(c: char) -> bool {
    c.is_alphanumeric() || " +-=._:/@".contains(c)
}

pub(crate) fn tag_key(text: &str) -> Result<String, Invalid> {
    let begins = |start: &str| {
        let head = text.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if begins("aws:") || begins("clusterup") {
        return Err(Invalid::new(
            "a key that begins neither with `aws:` nor with `clusterup`; these are reserved",
        ));
    }
    if (1..=128).contains(&text.chars().count()) && text.chars().all(in_tags) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "1 to 128 letters, digits, spaces and `+-=._:/@`",
    ))
}

pub(crate) fn tag_value(text: &str) -> Result<String, Invalid> {
    if text.chars().count() <= 256 && text.chars().all(in_tags) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "at most 256 letters, digits, spaces and `+-=._:/@`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
