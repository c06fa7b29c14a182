//! Suggestions for common mistakes in single values. A format checks whether each is valid.

/// The number at the start, and what follows it, without spaces between.
fn number(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim().to_lowercase()))
}

pub(crate) fn nothing(_: &str) -> Option<String> {
    None
}

pub(crate) fn lower(text: &str) -> Option<String> {
    Some(text.trim().to_lowercase())
}

pub(crate) fn label(text: &str) -> Option<String> {
    if !text.is_ascii() {
        return None;
    }
    let plain = text.trim().to_lowercase();
    let plain = plain.strip_prefix("sg-").unwrap_or(&plain);
    let dashed = plain.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    Some(dashed.trim_matches('-').to_owned())
}

pub(crate) fn region(text: &str) -> Option<String> {
    let plain = text.trim().to_lowercase().replace('_', "-");
    let zone = plain.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if zone.ends_with(|c: char| c.is_ascii_digit()) {
        return Some(zone.to_owned());
    }
    Some(format!("{plain}-1"))
}

pub(crate) fn instance_type(text: &str) -> Option<String> {
    let plain = text.to_lowercase();
    plain
        .split([' ', ','])
        .find(|word| word.contains('.'))
        .map(str::to_owned)
}

pub(crate) fn release(text: &str) -> Option<String> {
    let plain = text.trim().to_lowercase();
    let plain = plain.strip_prefix("emr-").unwrap_or(&plain);
    match plain.bytes().filter(|byte| *byte == b'.').count() {
        0 => Some(format!("emr-{plain}.x")),
        1 if !plain.ends_with(".x") => Some(format!("emr-{plain}.0")),
        _ => Some(format!("emr-{plain}")),
    }
}

pub(crate) fn nodes(text: &str) -> Option<String> {
    let plain = text.trim().to_lowercase().replace(['*', '×', ','], " ");
    let words: Vec<&str> = plain
        .split_whitespace()
        .filter(|word| *word != "x")
        .collect();
    let count = words
        .iter()
        .find(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let instance = words.iter().find(|word| word.contains('.'));
    Some(format!(
        "{} x {}",
        count.unwrap_or(&"1"),
        instance.unwrap_or(&"m5.xlarge")
    ))
}

pub(crate) fn minutes(text: &str) -> Option<String> {
    span(text, 60.0)
}

/// A number this small means hours.
pub(crate) fn lifetime(text: &str) -> Option<String> {
    let few = number(text).is_some_and(|(number, _)| number <= 12.0);
    span(text, if few { 3_600.0 } else { 60.0 })
}

fn span(text: &str, bare: f64) -> Option<String> {
    let (number, unit) = number(text)?;
    let seconds = match unit.as_str() {
        "" => bare,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return Some(text.split_whitespace().collect()),
    };
    let span = number * seconds;
    (span < 1e9).then(|| crate::model::span::Span::from_secs(span as u64).to_string())
}

pub(crate) fn usd(text: &str) -> Option<String> {
    let bare: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let plain = text.to_lowercase().replace(['$', ',', ' ', '_'], "");
    let units = [
        &plain,
        plain.trim_end_matches("usd"),
        plain.trim_end_matches("dollars"),
    ];
    units.contains(&bare.as_str()).then(|| format!("${bare}"))
}

pub(crate) fn memory(text: &str) -> Option<String> {
    let (number, unit) = number(text)?;
    let mib = match unit.as_str() {
        // An executor of 2048 GiB or of 1 MiB is implausible.
        "" if number >= 256.0 => number,
        "" | "g" | "gb" | "gib" => number * 1_024.0,
        "m" | "mb" | "mib" => number,
        "t" | "tb" | "tib" => number * 1_024.0 * 1_024.0,
        _ => return None,
    };
    (mib < 1e9).then(|| crate::model::memory::Memory::from_mib(mib as u64).to_string())
}

pub(crate) fn ingress(text: &str) -> Option<String> {
    let address = text.trim();
    let prefix = if address.contains(':') { 128 } else { 32 };
    match address {
        "me" | "self" | "my-ip" | "Caller" | "myip" => Some("caller".to_owned()),
        _ => Some(format!("{address}/{prefix}")),
    }
}

pub(crate) fn s3(text: &str) -> Option<String> {
    let rest = text.trim().split_once("://").map(|(_, rest)| rest)?;
    Some(format!("s3://{rest}"))
}

pub(crate) fn package(text: &str) -> Option<String> {
    Some(text.split_whitespace().collect())
}

pub(crate) fn percent(text: &str) -> Option<String> {
    let (number, unit) = number(text)?;
    let share = if number < 1.0 { number * 100.0 } else { number };
    matches!(unit.as_str(), "" | "%" | "percent" | "per cent").then(|| format!("{share:.0}%"))
}

pub(crate) fn instance_types(text: &str) -> Option<String> {
    let plain = lower(text)?;
    let whole = plain.contains(['.', '*']);
    Some(if whole { plain } else { plain + ".*" })
}

pub(crate) fn regions(text: &str) -> Option<String> {
    let plain = lower(text)?.replace(['_', '.'], "-").replace("--", "-");
    if plain.ends_with(|c: char| c.is_ascii_digit() || c == '*') {
        Some(plain)
    } else if plain.contains(|c: char| c.is_ascii_digit()) {
        region(text)
    } else {
        Some(plain.trim_end_matches('-').to_owned() + "-*")
    }
}

pub(crate) fn releases(text: &str) -> Option<String> {
    let plain = lower(text)?;
    let line = plain.strip_prefix("emr-").unwrap_or(&plain);
    Some(if line.contains('.') {
        format!("emr-{line}")
    } else {
        format!("emr-{line}.*")
    })
}

pub(crate) fn caller(text: &str) -> Option<String> {
    let plain = text.trim();
    let name = plain.rsplit('/').next().unwrap_or(plain);
    Some(if plain == name {
        format!("{plain}@*")
    } else {
        format!("arn:aws:iam::*:{plain}")
    })
}

pub(crate) fn subscriber(text: &str) -> Option<String> {
    let plain = text.trim();
    Some(plain.strip_prefix("mailto:").unwrap_or(plain).to_owned())
}

pub(crate) fn tag_key(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_alphanumeric() || " +-=._:/@".contains(c);
    Some(text.trim().replace(|c: char| !allowed(c), "-"))
}
