//! Secrets in a document: replaced before anything else is read, so that none is written anywhere. What
//! looks like one by its name or its form counts, because a stack is a file that people share.

mod names;
mod script;
mod values;

use super::fates::{Fate, Ledger};
use super::path::Path;
use names::is_secret_name;
use serde_json::Value;
use values::{is_filled, is_login, is_option, is_secret_value};

/// What stands for a secret.
const REPLACED: &str = "REPLACED";

/// Replaces the secrets of a document; each is a fatal loss.
pub(super) fn replace(value: &mut Value, ledger: &Ledger) {
    walk(value, &Path::default(), None, &mut |path, name| {
        ledger.lose(path, Fate::Fatal, reason(name));
    });
}

fn walk(value: &mut Value, path: &Path, name: Option<&str>, note: &mut dyn FnMut(&Path, &str)) {
    match value {
        Value::Object(entries) => {
            let pair = entries.get("Key").or_else(|| entries.get("key"));
            let pair = pair.and_then(Value::as_str).map(str::to_owned);
            for (key, value) in entries.iter_mut() {
                let is_value = key.eq_ignore_ascii_case("value");
                let name = pair.as_deref().filter(|_| is_value).unwrap_or(key);
                walk(value, &path.name(key), Some(name), note);
            }
        }
        Value::Array(items) => {
            let mut before = None;
            for (number, item) in items.iter_mut().enumerate() {
                let word = item.as_str().map(str::to_owned);
                let named = before.as_deref().and_then(named);
                walk(item, &path.item(number), named.or(name), note);
                before = word;
            }
        }
        Value::String(text) => {
            if let Some(found) = found(name, text) {
                *text = found.replaced;
                note(path, &found.name);
            }
        }
        Value::Number(number) => {
            if let Some(name) = name.filter(|name| is_secret_name(name))
                && is_filled(&number.to_string())
            {
                *value = Value::from(REPLACED);
                note(path, name);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

pub(super) fn reason(name: &str) -> String {
    let what = match name {
        "" => "a secret".to_owned(),
        name => format!("the secret {}", crate::model::shown::line(name, 60)),
    };
    format!(
        "{what} is not written into a stack; let the job read it from AWS Secrets Manager instead"
    )
}

/// Replaces the parts of a value that another tool marks as secret, with `true` at the place of each;
/// `note` gets their places.
pub(super) fn replace_marked(
    value: &mut Value,
    marks: &Value,
    place: &str,
    note: &mut dyn FnMut(String),
) {
    match (value, marks) {
        (value, Value::Bool(true)) => replace_all(value, place, note),
        (Value::Object(entries), Value::Object(marks)) => {
            for (key, value) in entries {
                if let Some(marks) = marks.get(key) {
                    let below = format!("{place}.{}", crate::model::shown::line(key, 80));
                    replace_marked(value, marks, &below, note);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            for (number, (item, marks)) in items.iter_mut().zip(marks).enumerate() {
                replace_marked(item, marks, &format!("{place}[{number}]"), note);
            }
        }
        _ => {}
    }
}

fn replace_all(value: &mut Value, place: &str, note: &mut dyn FnMut(String)) {
    match value {
        Value::Null => {}
        Value::Object(entries) if entries.is_empty() => {}
        // Its keys can be secret too.
        Value::Object(_) => {
            *value = Value::Null;
            note(place.to_owned());
        }
        Value::Array(items) => {
            for (number, item) in items.iter_mut().enumerate() {
                replace_all(item, &format!("{place}[{number}]"), note);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            *value = Value::from(REPLACED);
            note(place.to_owned());
        }
    }
}

/// The words of a command in which secrets are replaced, and whether there were any.
pub(super) fn without_secrets(words: &[String]) -> (Vec<String>, bool) {
    let mut any = false;
    let mut before: Option<&String> = None;
    let mut clean = Vec::new();
    for word in words {
        let found = found(before.and_then(|word| named(word)), word);
        any |= found.is_some();
        clean.push(found.map_or_else(|| word.clone(), |found| found.replaced));
        before = Some(word);
    }
    (clean, any)
}

/// The name that a word gives the next one: a flag, or a name that ends in `=` or `:`.
fn named(word: &str) -> Option<&str> {
    if is_flag(word) {
        return Some(word);
    }
    let name = word.strip_suffix(['=', ':'])?;
    (!name.contains(char::is_whitespace)).then_some(name)
}

fn is_flag(word: &str) -> bool {
    word.starts_with('-') && !word.contains(['=', ' '])
}

struct Found {
    name: String,
    replaced: String,
}

fn found(name: Option<&str>, text: &str) -> Option<Found> {
    let whole = |name: &str| Found {
        name: name.trim_start_matches('-').to_owned(),
        replaced: REPLACED.to_owned(),
    };
    if let Some(name) = name {
        let is_next = is_flag(name) && is_option(text);
        if is_secret_name(name) && is_filled(text) && !is_next || is_login(name, text) {
            return Some(whole(name));
        }
    }
    if is_secret_value(text) {
        return Some(whole(""));
    }
    let name = in_json(text).or_else(|| script::secret(text))?;
    let key = text.split_once('=').map(|(key, _)| key);
    let is_key = |key: &&str| {
        let byte = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        key.len() <= 100 && key.bytes().all(byte)
    };
    Some(match key.filter(is_key) {
        Some(key) => Found {
            replaced: format!("{key}={REPLACED}"),
            ..whole(&name)
        },
        None => whole(&name),
    })
}

/// The name of a secret in a text of JSON.
fn in_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut value = super::json::read(text).ok()?;
    let mut first = None;
    walk(&mut value, &Path::default(), None, &mut |_, name| {
        first.get_or_insert_with(|| name.to_owned());
    });
    first
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
    fn secrets_are_found_however_they_are_written() {
        for text in [
            "DB_PASSWORD=\"Sup3rHidden\" run",
            "password='Sup3rHidden'",
            "{\"password\":\"Sup3rHidden\"",
            "{\\\"password\\\": \\\"Sup3rHidden\\\"}",
            "{\"a\": \"{\\\"pin_token\\\": 123456}\", \"x\": \"Sup3rHidden\"}",
            "{\"args\": [\"--password\", \"Sup3rHidden\"]}",
            "X-Api-Key: Sup3rHidden",
            "X-Api-Key:Sup3rHidden",
            "spark.driver.extraJavaOptions=-Djavax.net.ssl.keyStorePassword=Sup3rHidden",
            "-Da=b -Dx.password=Sup3rHidden",
            "DB_PASS=Sup3rHidden",
            "run --pass Sup3rHidden",
            "-storepass Sup3rHidden",
            "curl -u ana:Sup3rHidden https://h/x",
            "curl --user=ana:Sup3rHidden https://h/x",
            "curl -H 'Authorization: Bearer Sup3rHidden' h",
            "Authorization:Basic Sup3rHidden",
            "Bearer Sup3rHidden",
            "jdbc:oracle:thin:scott/Sup3rHidden@//h:1521/x",
            "jdbc:oracle:thin:scott/Sup3rHidden@h:1521:x",
            "https://Sup3rHidden@h/x",
            "https://Sup3rHidden:x-oauth-basic@h/x",
            "postgres://u:p/Sup3rHidden@h/d",
            "postgres://u:p?#Sup3rHidden@h/d",
            "redis://:Sup3rHidden@h:6379",
            "password=$Sup3rHidden!",
            "password=${Sup3rHidden:-x}",
            "password=$(echo Sup3rHidden)",
            "--password=-Sup3rHidden",
            "run --password -Sup3rHidden",
            "db.password = Sup3rHidden",
            "https://h/x?X-Amz-Signature=Sup3rHidden",
            "AccountName=a;AccountKey=Sup3rHidden==",
            "https://h/x?to=postgres://u:Sup3rHidden@h",
            "read https://hooks.slack.com/services/T/B/Sup3rHidden",
        ] {
            let (clean, any) = without_secrets(&[text.to_owned()]);
            assert!(any && !clean.concat().contains(MARKER), "{text}: {clean:?}");
        }
        for words in [
            ["--pass", "Sup3rHidden"],
            ["--password", "-Sup3rHidden"],
            ["--password", "1234"],
            ["-u", "ana:Sup3rHidden"],
            ["Authorization:", "Sup3rHidden"],
            ["PASSWORD=", "Sup3rHidden"],
        ] {
            let (clean, any) = without_secrets(&words.map(str::to_owned));
            let hidden = !clean.concat().contains([words[1]].concat().as_str());
            assert!(any && hidden, "{words:?}: {clean:?}");
        }
        let conf = "spark.executor.extraJavaOptions=-Dtoken=Sup3rHidden";
        let (clean, _) = without_secrets(&[conf.to_owned()]);
        assert_eq!(clean, ["spark.executor.extraJavaOptions=REPLACED"]);
    }

    #[test]
    fn what_another_tool_marks_is_replaced_at_its_place() {
        let mut value = json!({ "a": "x", "b": [1, { "c": true }], "d": { "e": "y" }, "f": null });
        let marks = json!({ "a": true, "b": [true, {}], "d": true, "f": true, "g": true });
        let mut places = Vec::new();
        replace_marked(&mut value, &marks, "it", &mut |place| places.push(place));
        assert_eq!(
            value,
            json!({ "a": REPLACED, "b": [REPLACED, { "c": true }], "d": null, "f": null })
        );
        assert_eq!(places, ["it.a", "it.b[0]", "it.d"]);
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
            "https://registry:4873/@scope/x",
            "https://git@github.com/x",
            "abfss://container@account.dfs.example.com/x",
            "s3://bucket/a:b@c",
            "--password",
            "--verbose",
            "--password",
            "${DB_PASSWORD}",
            "-u",
            "1000:1000",
            "com.amazonaws:aws-secretsmanager-jdbc:1.0.2",
            "org.example:credential-provider:1.0",
            "export DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-arn x)",
            "--x=arn:aws:secretsmanager:us-east-1:123456789012:secret:db",
            "DB_PASSWORD=\"\" run",
            "/x/secret.jar:/x/password.jar",
            "run --password \"$DB_PASSWORD\" --force",
            "password.min.length=12",
            "{\"passwordFile\": \"x\", \"max_tokens\": 4096}",
            "curl -u \"$USER:$PASSWORD\" h",
        ];
        let words = words.map(str::to_owned);
        assert_eq!(without_secrets(&words), (words.to_vec(), false));
        let (clean, any) = without_secrets(&["--password".to_owned(), MARKER.to_owned()]);
        assert_eq!(clean, ["--password", REPLACED]);
        assert!(any);
    }
}
