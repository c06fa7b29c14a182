//! Addresses of pages with a user name and a password: `http://NAME:PASSWORD@HOST:PORT`.

/// The address without name and password, for terminals and logs.
pub fn without_password(address: &str) -> String {
    match parts(address) {
        Some((scheme, _, rest)) => format!("{scheme}://{rest}"),
        None => address.to_owned(),
    }
}

/// `NAME:PASSWORD`, if the address contains them.
pub fn credentials(address: &str) -> Option<&str> {
    parts(address).map(|(_, credentials, _)| credentials)
}

/// The scheme, the credentials and the rest.
fn parts(address: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split('/').next()?;
    let (credentials, _) = authority.rsplit_once('@')?;
    Some((scheme, credentials, &rest[credentials.len() + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out() {
        for (whole, bare, pair) in [
            (
                "http://a:b@127.0.0.1:80",
                "http://127.0.0.1:80",
                Some("a:b"),
            ),
            ("http://a:b@h/c@d", "http://h/c@d", Some("a:b")),
            ("http://a:b@c@h/", "http://h/", Some("a:b@c")),
            ("http://127.0.0.1:80", "http://127.0.0.1:80", None),
            ("http://h/c@d", "http://h/c@d", None),
            ("", "", None),
        ] {
            assert_eq!(without_password(whole), bare);
            assert_eq!(credentials(whole), pair);
        }
    }
}
