//! Why steps and clusters failed, as far as EMR says it.

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// Reason, such as `Unknown Error.`.
    pub reason: Option<String>,
    /// Message: the text of the error.
    pub message: Option<String>,
    /// LogFile: the location of the step's log, `s3://…`.
    pub log_file: Option<String>,
}

impl Failure {
    /// What it says, unless that is only that the error is unknown; that is what EMR says of most
    /// failed steps.
    pub fn text(&self) -> Option<String> {
        let told = |text: &&String| {
            let plain = text.trim().trim_end_matches('.');
            !plain.is_empty() && !plain.eq_ignore_ascii_case("unknown error")
        };
        let parts = [&self.reason, &self.message].into_iter().flatten();
        let parts: Vec<&str> = parts.filter(told).map(String::as_str).collect();
        Some(parts.join("\n")).filter(|text| !text.is_empty())
    }
}

/// An error that kept a cluster from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDetail {
    /// ErrorCode, such as `INVALID_INSTANCE_PROFILE`.
    pub code: String,
    /// ErrorMessage.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_error_says_nothing() {
        let of = |reason: &str, message: &str| {
            let failure = Failure {
                reason: Some(reason.to_owned()),
                message: Some(message.to_owned()),
                log_file: Some("s3://b/stderr.gz".to_owned()),
            };
            failure.text()
        };
        assert_eq!(of("Unknown Error.", ""), None);
        assert_eq!(of("Unknown error", "boom").as_deref(), Some("boom"));
        let both = of("Main Class not found.", "no A").unwrap();
        assert_eq!(both, "Main Class not found.\nno A");
    }
}
