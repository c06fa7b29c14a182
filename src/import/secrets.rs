//! Secrets in a document: replaced before anything else is read, so that none is written anywhere. What
//! looks like one by its name or its form counts, because a stack is a file that people share.

use super::fates::{Fate, Ledger};
use super::path::Path;
use serde_json::Value;

/// What stands for a secret.
const REPLACED: &str = "REPLACED";

/// Replaces the secrets of a document; each is a fatal loss.
pub(super) fn replace(value: &mut Value, ledger: &Ledger) {
    walk(value, &Path::default(), None, ledger);
}

fn walk(value: &mut Value, path: &Path, name: Option<&str>, ledger: &Ledger) {
    match value {
        Value::Object(entries) => {
            let pair = entries.get("Key").or_else(|| entries.get("key"));
            let pair = pair.and_then(Value::as_str).map(str::to_owned);
            for (key, value) in entries.iter_mut() {
                let is_value = key.eq_ignore_ascii_case("value");
                let name = pair.as_deref().filter(|_| is_value).unwrap_or(key);
                walk(value, &path.name(key), Some(name), ledger);
            }
        }
        Value::Array(items) => {
            let mut before = None;
            for (number, item) in items.iter_mut().enumerate() {
                let word = item.as_str().map(str::to_owned);
                let flag = before.as_deref().filter(|word| is_flag(word));
                walk(item, &path.item(number), flag.or(name), ledger);
                before = word;
            }
        }
        Value::String(text) => {
            if let Some(found) = found(name, text) {
                *text = found.replaced;
                ledger.lose(path, Fate::Fatal, reason(&found.name));
            }
        }
        Value::Number(number) => {
            // Long numbers can be passwords.
            if name.is_some_and(is_secret_name) && number.to_string().len() > 6 {
                *value = Value::from(REPLACED);
                ledger.lose(path, Fate::Fatal, reason(name.unwrap_or_default()));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn reason(name: &str) -> String {
    let what = match name {
        "" => "a secret".to_owned(),
        name => format!("the secret {}", crate::model::shown::line(name, 60)),
    };
    format!(
        "{what} is not written into a stack; let the job read it from AWS Secrets Manager instead"
    )
}

/// The words of a command in which secrets are replaced, and whether there were any.
pub(super) fn without_secrets(words: &[String]) -> (Vec<String>, bool) {
    let mut any = false;
    let mut before: Option<&String> = None;
    let mut clean = Vec::new();
    for word in words {
        let flag = before.filter(|word| is_flag(word));
        let found = found(flag.map(String::as_str), word);
        any |= found.is_some();
        clean.push(found.map_or_else(|| word.clone(), |found| found.replaced));
        before = Some(word);
    }
    (clean, any)
}

struct Found {
    name: String,
    replaced: String,
}

fn found(name: Option<&str>, text: &str) -> Option<Found> {
    let whole = |name: &str| Found {
        name: name.to_owned(),
        replaced: REPLACED.to_owned(),
    };
    if let Some(name) = name.filter(|name| is_secret_name(name) && is_filled(text)) {
        return Some(whole(name.trim_start_matches('-')));
    }
    if is_secret_value(text) {
        return Some(whole(""));
    }
    if let Some((key, value)) = text.split_once('=')
        && !key.contains(char::is_whitespace)
        && is_secret_name(key)
        && is_filled(value)
    {
        return Some(Found {
            name: key.trim_start_matches('-').to_owned(),
            replaced: format!("{key}={REPLACED}"),
        });
    }
    in_json(text)
        .or_else(|| in_script(text))
        .map(|name| whole(&name))
}

/// The name of a secret in a text of JSON.
fn in_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    fn first(value: &Value) -> Option<String> {
        match value {
            Value::Object(entries) => entries.iter().find_map(|(key, value)| {
                let text = value.as_str().unwrap_or_default();
                let is_one = is_secret_name(key) && is_filled(text);
                is_one.then(|| key.clone()).or_else(|| first(value))
            }),
            Value::Array(items) => items.iter().find_map(first),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    first(&super::json::read(text).ok()?)
}

/// The name of a secret in a line for a shell, or in an address with parameters.
fn in_script(text: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || ";&|'\"`(),?".contains(c);
    let mut before = "";
    for word in text.split(ends).filter(|word| !word.is_empty()) {
        let after_flag = is_flag(before) && is_secret_name(before) && is_filled(word);
        if after_flag && before != text {
            return Some(before.trim_start_matches('-').to_owned());
        }
        if let Some((key, value)) = word.split_once('=')
            && is_secret_name(key)
            && is_filled(value)
        {
            return Some(key.trim_start_matches('-').to_owned());
        }
        before = word;
    }
    None
}

fn is_flag(word: &str) -> bool {
    word.starts_with('-') && !word.contains(['=', ' '])
}

/// Whether a value can be a secret: it is not empty, no switch or short number, and no reference to a
/// place where the secret is.
fn is_filled(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_switch = ["true", "false", "yes", "no", "none", "null", REPLACED]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word));
    let is_number = value.len() <= 6 && value.bytes().all(|b| b.is_ascii_digit());
    let refers = ["$", "{{", "arn:", "s3://", "-"]
        .iter()
        .any(|start| value.starts_with(start));
    !value.is_empty() && !is_switch && !is_number && !refers
}

/// Last words of names of what belongs to a secret and is none.
const ABOUT: [&str; 19] = [
    "arn",
    "class",
    "enabled",
    "expiration",
    "file",
    "files",
    "interval",
    "lifetime",
    "name",
    "path",
    "provider",
    "providers",
    "region",
    "renewer",
    "scope",
    "seconds",
    "timeout",
    "ttl",
    "type",
];

/// Whether the name is that of a secret, such as `fs.s3a.secret.key`, `--db-password` or `authToken`.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let together = words.concat();
    if ["accesskeyid", "accesskey", "secretkey"]
        .iter()
        .any(|it| together.ends_with(it))
    {
        return true;
    }
    if words
        .last()
        .is_some_and(|last| ABOUT.contains(&last.as_str()))
    {
        return false;
    }
    let parts = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "apikey",
        "privatekey",
    ];
    let is_token = |word: &String| word.ends_with("token");
    parts.iter().any(|part| together.contains(part))
        || words.iter().any(|word| word == "pwd" || is_token(word))
}

/// The words of a name in lower case: `authToken` and `auth.token` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars().take(200) {
        let begins = !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && was_lower;
        if begins && words.last().is_some_and(|last| !last.is_empty()) {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            last.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Beginnings of keys and tokens, and how many characters follow at least (AWS, GitHub, Slack, GitLab).
const FORMS: [(&str, usize); 9] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 20),
    ("github_pat_", 20),
    ("glpat-", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("dapi", 32),
    ("sk_live_", 16),
];

/// Whether a value is a secret by its form: an access key, a token, a private key, or an address with a
/// password.
fn is_secret_value(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let has = |(start, least): &(&str, usize)| {
        text.match_indices(start).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(at + start.len()..).unwrap_or_default();
            let long = after.chars().take_while(|c| sign(*c)).count() >= *least;
            let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            let is_key = !start.ends_with("IA") || after.chars().take(*least).all(is_upper);
            long && is_key && !before.is_some_and(|c| c.is_ascii_alphanumeric())
        })
    };
    FORMS.iter().any(has) || text.contains("-----BEGIN ") || has_password(text)
}

/// Whether it is an address such as `jdbc:postgresql://user:password@host/db`.
fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = text.get(at + 3..).unwrap_or_default();
        let host = rest.split(['/', '?', ' ']).next().unwrap_or_default();
        let login = host.rsplit_once('@').map(|(login, _)| login);
        let password = login.and_then(|login| Some(login.split_once(':')?.1));
        password.is_some_and(is_filled)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::form::Places;
    use serde_json::json;

    #[test]
    fn names_of_secrets_are_known_and_names_about_them_are_not() {
        for name in [
            "fs.s3a.secret.key",
            "fs.s3a.access.key",
            "spark.hadoop.fs.s3.awsAccessKeyId",
            "AWS_SECRET_ACCESS_KEY",
            "javax.jdo.option.ConnectionPassword",
            "--db-password",
            "authToken",
            "AWS_SESSION_TOKEN",
            "KdcAdminPassword",
            "api-key",
            "PGPASSWORD",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "spark.hadoop.fs.s3a.aws.credentials.provider",
            "spark.yarn.tokens.hive.enabled",
            "--secret-arn",
            "--secret-name",
            "Ec2KeyName",
            "--key",
            "spark.sql.shuffle.partitions",
            "hadoop.security.credential.provider.path",
            "tokenizer",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    /// The marker of each secret must be nowhere in what is left.
    const MARKER: &str = "Sup3rHidden";

    #[test]
    fn secrets_are_replaced_wherever_they_are() {
        let key = "AKIAABCDEFGHIJKLMNOP";
        let all = json!({
            "Configurations": [{ "Classification": "core-site", "Properties": {
                "fs.s3a.secret.key": MARKER, "plain": "kept",
                "jdbc": format!("jdbc:postgresql://ana:{MARKER}@db.example.com/x"),
                "url": format!("https://h/x?a=1&token={MARKER}"),
            } }],
            "Tags": [{ "Key": "db-password", "Value": MARKER }],
            "KerberosAttributes": { "KdcAdminPassword": MARKER },
            "Args": ["--password", MARKER, format!("--token={MARKER}"), key,
                format!("export DB_PASSWORD={MARKER}; run"), format!("run --api-key {MARKER}"),
                format!("{{\"auth\":{{\"password\":\"{MARKER}\"}}}}"),
                "--conf", format!("spark.hadoop.fs.s3a.secret.key={MARKER}"),
                format!("-----BEGIN RSA PRIVATE KEY-----\n{MARKER}")],
        });
        let ledger = Ledger::of(&all, Places::default());
        let mut clean = all;
        replace(&mut clean, &ledger);
        ledger.carry(&Path::default());
        let text = clean.to_string();
        assert!(!text.contains(MARKER) && !text.contains(key), "{text}");
        assert!(text.contains("kept"));
        assert_eq!(ledger.counts().fatal, 13, "{:?}", ledger.losses());
        for loss in ledger.losses() {
            assert!(!loss.reason.contains(MARKER), "{loss:?}");
        }
    }

    #[test]
    fn references_to_secrets_and_ordinary_arguments_stay() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db";
        let words = [
            "--password",
            "$DB_PASSWORD",
            "--secret",
            arn,
            "--token={{ var.value.token }}",
            "--tokens",
            "4096",
            "s3://bucket/secret/x=1",
            "--password-file",
            "s3://b/p",
            "select * from t where a=1",
            "AKIAlower",
            "hdfs://namenode:8020/x",
        ];
        let words = words.map(str::to_owned);
        assert_eq!(without_secrets(&words), (words.to_vec(), false));
        let (clean, any) = without_secrets(&["--password".to_owned(), MARKER.to_owned()]);
        assert_eq!(clean, ["--password", REPLACED]);
        assert!(any);
    }
}
