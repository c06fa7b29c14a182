//! Values that are secrets by their form, and those that are none.

use super::REPLACED;

/// Whether a value can be a secret: it is not empty, no switch or digit, and no reference to a place
/// where the secret is.
pub(super) fn is_filled(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_switch = ["true", "false", "yes", "no", "none", "null", REPLACED]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word));
    let is_digit = value.len() == 1 && value.bytes().all(|b| b.is_ascii_digit());
    !value.is_empty() && !is_switch && !is_digit && !refers(value)
}

/// Whether a value names the place of a secret: a variable, a template, an ARN or an object of S3.
fn refers(value: &str) -> bool {
    if ["{{", "arn:", "s3://"]
        .iter()
        .any(|it| value.starts_with(it))
    {
        return true;
    }
    let Some(name) = value.strip_prefix('$') else {
        return false;
    };
    let braces = name.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    let name = braces.unwrap_or(name);
    let sign = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(sign)
}

/// Whether a word after a flag is the next option, such as `-v` or `--dry-run`, and no value.
pub(super) fn is_option(word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(name) => {
            let name = name.split('=').next().unwrap_or_default();
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        }
        None => word.starts_with('-') && word.chars().count() == 2,
    }
}

/// Whether a word after a flag is a login for a program such as curl: `-u NAME:PASSWORD`.
pub(super) fn is_login(flag: &str, word: &str) -> bool {
    let is_user = ["-u", "-U", "--user", "--proxy-user"].contains(&flag);
    let parts = word.split_once(':').filter(|_| is_user);
    // Two numbers are a user and a group.
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    parts.is_some_and(|(name, password)| {
        is_filled(password)
            && !password.starts_with("//")
            && !(is_number(name) && is_number(password))
    })
}

/// Beginnings of keys and tokens, and how many characters follow at least (AWS, GitHub, Slack, GitLab,
/// Databricks, Stripe, Google, npm).
const FORMS: [(&str, usize); 13] = [
    ("AIza", 30),
    ("AKIA", 16),
    ("ASIA", 16),
    ("dapi", 32),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("npm_", 30),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("sk_live_", 16),
];

/// Whether a value is a secret by its form: an access key, a token, a private key, or an address with a
/// password.
pub(super) fn is_secret_value(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let has = |(start, least): &(&str, usize)| {
        text.match_indices(start).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + start.len()..).unwrap_or_default();
            let long = after.chars().take(*least).filter(|c| sign(*c)).count() == *least;
            let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            let is_key = !start.ends_with("IA") || after.chars().take(*least).all(is_upper);
            long && is_key && !before.is_some_and(|c| c.is_ascii_alphanumeric())
        })
    };
    FORMS.iter().any(has)
        || text.contains("-----BEGIN ")
        || text.contains("hooks.slack.com/services/")
        || text.split(ends).any(has_login)
}

fn ends(c: char) -> bool {
    c.is_whitespace() || "\"'`".contains(c)
}

/// Whether a word has an address such as `jdbc:postgresql://user:password@host/db`,
/// `jdbc:oracle:thin:user/password@//host` or `https://TOKEN@host`.
fn has_login(word: &str) -> bool {
    if let Some((_, rest)) = word.split_once("jdbc:oracle:") {
        let login = rest.rsplit_once('@').map(|(login, _)| login);
        let password = login.and_then(|login| Some(login.split_once('/')?.1));
        return password.is_some_and(is_filled);
    }
    // A password can contain any of the signs that end a host, and several addresses can follow.
    let Some((word, _)) = word.rsplit_once('@') else {
        return false;
    };
    let parts = word
        .match_indices("://")
        .filter_map(|(at, sign)| Some((word.get(..at)?, word.get(at + sign.len()..)?)));
    parts
        .into_iter()
        .any(|(scheme, login)| is_with_login(scheme, login))
}

/// `before`: what ends in the scheme. `login`: what is before the last `@`.
fn is_with_login(before: &str, login: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '+';
    let scheme = before.rsplit(|c| !is_name(c)).next().unwrap_or_default();
    let has_path = ["http", "https", "hdfs", "s3", "s3a", "s3n"].contains(&scheme);
    let first = login.split(['/', '?', '#', ',']).next().unwrap_or_default();
    match first.split_once(':') {
        Some((_, port)) if has_path && port.bytes().all(|b| b.is_ascii_digit()) => {
            // A host and its port, unless the address goes on with `@`.
            first.len() == login.len() && is_filled(port)
        }
        Some(_) => login.split_once(':').is_some_and(|(_, it)| is_filled(it)),
        None => {
            let is_web = scheme == "http" || scheme == "https";
            is_web && first.len() == login.len() && first != "git" && is_filled(first)
        }
    }
}
