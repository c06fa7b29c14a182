//! ARNs of things in a region of an account, such as `arn:aws:sns:us-east-1:123456789012:bills`
//! (AWS General Reference, "Amazon Resource Names").

use super::name::Region;

/// What an ARN says besides its service and account.
pub struct Arn<'a> {
    /// The region.
    pub region: Region,
    /// What follows the account, such as `key/1234abcd`.
    pub resource: &'a str,
}

/// Whether a text has the form of a partition's name, such as `aws-us-gov`.
pub(super) fn is_partition(text: &str) -> bool {
    let sign = |b: u8| b.is_ascii_lowercase() || b == b'-';
    text.starts_with("aws") && text.bytes().all(sign)
}

/// Whether a text has the form of an account's id: twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

impl<'a> Arn<'a> {
    /// Reads an ARN of a service; `None` if the text is none. The resource has no colon.
    pub fn parse(text: &'a str, service: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, its_service, region, account, resource] = parts[..] else {
            return None;
        };
        let valid = its_service == service && is_partition(partition) && is_account(account);
        let region = region.parse().ok().filter(|_| valid)?;
        Some(Self { region, resource })
    }

    /// Reads the ARN of a topic of SNS; `None` if the text is none. The resource is its name (SNS
    /// API, CreateTopic); that of a FIFO topic ends with `.fifo`.
    pub fn of_topic(text: &'a str) -> Option<Self> {
        let signs = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        Self::parse(text, "sns").filter(|arn| {
            let name = arn.resource.strip_suffix(".fifo").unwrap_or(arn.resource);
            !name.is_empty() && arn.resource.len() <= 256 && name.bytes().all(signs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_of_another_form_is_none() {
        let topic = Arn::of_topic("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a_b-1").unwrap();
        assert_eq!(topic.region.as_str(), "us-gov-west-1");
        assert_eq!(topic.resource, "a_b-1");
        for wrong in [
            "",
            "bills",
            "arn:aws:sqs:us-east-1:123456789012:bills",
            "arn:azure:sns:us-east-1:123456789012:bills",
            "arn:aws/x:sns:us-east-1:123456789012:bills",
            "arn:aws:sns::123456789012:bills",
            "arn:aws:sns:somewhere:123456789012:bills",
            "arn:aws:sns:us-east-1:12345678901:bills",
            "arn:aws:sns:us-east-1:12345678901x:bills",
            "arn:aws:sns:us-east-1:123456789012:",
            "arn:aws:sns:us-east-1:123456789012:.fifo",
            "arn:aws:sns:us-east-1:123456789012:a.b",
            "arn:aws:sns:us-east-1:123456789012:bills:subscription",
            " arn:aws:sns:us-east-1:123456789012:bills",
        ] {
            assert!(Arn::of_topic(wrong).is_none(), "{wrong}");
        }
        let long = format!("arn:aws:sns:us-east-1:123456789012:{}", "a".repeat(257));
        assert!(Arn::of_topic(&long).is_none());
    }
}
