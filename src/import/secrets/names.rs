//! Names of secrets.

/// Last words of names of what belongs to a secret and is none.
const ABOUT: [&str; 24] = [
    "arn",
    "class",
    "count",
    "enabled",
    "expiration",
    "file",
    "files",
    "interval",
    "length",
    "lifetime",
    "name",
    "path",
    "provider",
    "providers",
    "region",
    "renewer",
    "scope",
    "seconds",
    "size",
    "timeout",
    "ttl",
    "type",
    "url",
    "version",
];

/// Whether the name is that of a secret, such as `fs.s3a.secret.key`, `--db-password` or `authToken`.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    // Names of Secrets Manager are not those of secrets.
    let together = words.concat().replace("secretsmanager", "");
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
        "accountkey",
        "authorization",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "apikey",
        "privatekey",
    ];
    let is_word = |word: &String| word == "pwd" || word == "sig" || word.ends_with("token");
    let is_pass = |word: &String| {
        word.ends_with("pass") && !["bypass", "compass"].contains(&word.as_str())
            || word == "passcode"
            || word == "pw"
    };
    parts.iter().any(|part| together.contains(part))
        || together.ends_with("amzsignature")
        || words.iter().any(is_word)
        || words.last().is_some_and(is_pass)
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
