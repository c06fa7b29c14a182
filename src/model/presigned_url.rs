//! Presigned URLs, which are credentials: nobody needs others to open them.

use std::fmt;

/// The most characters of a URL (EMR API, GetPersistentAppUIPresignedURL).
const MAX_CHARS: usize = 10_280;

/// A presigned URL. Neither `Debug` nor an error shows it, and it is not serialized: it is printed where
/// [`Self::reveal`] is called, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    /// Reads a URL; `None` if it is not `https`, is too long, or has other than visible ASCII
    /// characters, which could be displayed as something else.
    pub fn new(text: String) -> Option<Self> {
        let host = text.strip_prefix("https://")?;
        let is_whole = !host.is_empty() && !host.starts_with('/') && text.len() <= MAX_CHARS;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_whole && is_plain).then_some(Self(text))
    }

    /// The URL itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_it() {
        let text = "https://p-1.emrappui-prod.us-east-1.amazonaws.com/shs?authToken=secret";
        let url = PresignedUrl::new(text.to_owned()).unwrap();
        assert_eq!(url.reveal(), text);
        let shown = format!("{url:?} {:#?}", Some(&url));
        assert!(
            !shown.contains("secret") && !shown.contains("p-1"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let long = format!("https://a/{}", "b".repeat(MAX_CHARS));
        for text in [
            "",
            "https://",
            "https:///shs",
            "http://a/shs",
            "javascript:alert(1)",
            "https://a/\u{1b}[2J",
            "https://a/ b",
            "https://a/\u{202e}b",
            &long,
        ] {
            assert_eq!(PresignedUrl::new(text.to_owned()), None, "{text:?}");
        }
    }
}
