//! A topic of SNS: AWS notifies its subscribers.

use super::{Channel, SEND_TIMEOUT, line, plain};
use crate::cloud::api::sns::Publish;
use crate::cloud::api::{Kind, Serve};
use crate::cloud::unserved::unserved;
use crate::cloud::{Class, CloudError};
use crate::model::arn::Arn;
use crate::model::name::Region;
use crate::model::notice::Notice;
use async_trait::async_trait;

/// The longest message in characters: below the 256 KiB that SNS accepts, and readable in e-mail
/// and chats.
const MAX_MESSAGE: usize = 8_000;

/// The longest subject that SNS accepts (SNS API, Publish: less than 100 characters).
const MAX_SUBJECT: usize = 99;

/// A topic by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    arn: String,
    region: Region,
}

impl Topic {
    /// Reads `arn:aws:sns:eu-west-1:123456789012:name`.
    ///
    /// # Errors
    /// Returns an error if the text is no ARN of a standard topic.
    pub fn parse(text: &str) -> Result<Self, CloudError> {
        let invalid = |what: &str| {
            CloudError::new(Class::Input, format!("{what}: {}", line(text, 300)))
                .hint("a topic is written as arn:aws:sns:eu-west-1:123456789012:my-topic")
        };
        match Arn::of_topic(text) {
            // A FIFO topic has no e-mail subscribers; it serves programs.
            Some(topic) if topic.resource.ends_with(".fifo") => {
                Err(invalid("a FIFO topic cannot notify people"))
            }
            Some(topic) => Ok(Self {
                arn: text.to_owned(),
                region: topic.region,
            }),
            None => Err(invalid("this is not the ARN of an SNS topic")),
        }
    }

    /// The topic's region, to which `Publish` has to be sent.
    pub const fn region(&self) -> &Region {
        &self.region
    }
}

/// A topic, and the API of its region.
#[derive(Debug)]
pub struct Sns<A> {
    api: A,
    topic: Topic,
}

impl<A: Serve<Publish>> Sns<A> {
    /// A channel to `topic` by way of `api`, which must be of the topic's region.
    pub const fn new(api: A, topic: Topic) -> Self {
        Self { api, topic }
    }
}

#[async_trait(?Send)]
impl<A: Serve<Publish>> Channel for Sns<A> {
    fn name(&self) -> &'static str {
        "sns"
    }

    async fn send(&self, notice: &Notice) -> Result<(), CloudError> {
        let call = Publish {
            topic: self.topic.arn.clone(),
            subject: subject(&notice.title),
            message: plain(notice).chars().take(MAX_MESSAGE).collect(),
        };
        let arn = &self.topic.arn;
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.api.serve(call)).await;
        let Ok(sent) = sent else {
            let message = format!("no answer in time to a notice for {arn}");
            return Err(CloudError::new(Class::Unreachable, message)
                .hint("check that this machine can reach SNS; the notice is sent again"));
        };
        sent.map_err(|error| {
            let error = match unserved(error) {
                Ok(unserved) => return unserved,
                Err(error) => error,
            };
            let (class, hint) = match error.kind {
                Kind::Denied => (Class::Missing, "ask for the permission sns:Publish on it"),
                Kind::NotFound => (Class::Missing, "create the topic, or use another"),
                Kind::Throttled | Kind::OutcomeUnknown => {
                    (Class::Unreachable, "the notice is sent again")
                }
                Kind::Unauthenticated
                | Kind::Exists
                | Kind::Precondition
                | Kind::InUse
                | Kind::Invalid => (Class::Failed, "check the topic and its policy"),
            };
            CloudError::new(class, format!("cannot publish to {arn}"))
                .hint(hint)
                .caused_by(error)
        })
    }
}

/// A subject as SNS requires it: one line of ASCII that begins with no space.
fn subject(title: &str) -> String {
    let ascii = |c: char| if c.is_ascii() { c } else { '?' };
    let text: String = line(title, MAX_SUBJECT).chars().map(ascii).collect();
    if text.is_empty() {
        "clusterup".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::ApiError;
    use crate::cloud::notify::tests::notice;
    use std::cell::RefCell;

    struct Recorder(RefCell<Vec<Publish>>, Option<Kind>);

    impl Serve<Publish> for &Recorder {
        async fn serve(&self, call: Publish) -> Result<(), ApiError> {
            self.0.borrow_mut().push(call);
            let error = |kind| ApiError {
                call: "sns:Publish",
                kind,
                code: None,
                message: "no".to_owned(),
                cause: None,
            };
            self.1.map_or(Ok(()), |kind| Err(error(kind)))
        }
    }

    const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:ops_1";

    #[tokio::test]
    async fn a_subject_meets_the_rules_of_sns() {
        let recorder = Recorder(RefCell::default(), None);
        let channel = Sns::new(&recorder, Topic::parse(ARN).unwrap());
        let title = format!("\r\n clúster\t{}", "x".repeat(200));
        channel.send(&Notice { title, ..notice() }).await.unwrap();
        let call = recorder.0.borrow()[0].clone();
        assert_eq!(call.topic, ARN);
        assert!(call.subject.starts_with("cl?ster xx"), "{}", call.subject);
        assert_eq!(call.subject.len(), MAX_SUBJECT);
        assert!(call.subject.bytes().all(|b| (b' '..=b'~').contains(&b)));
        assert!(call.message.contains("\ncost so far: $1.20\n"));
        assert_eq!(subject("\n"), "clusterup");
    }

    #[tokio::test]
    async fn a_denial_names_the_permission() {
        let recorder = Recorder(RefCell::default(), Some(Kind::Denied));
        let channel = Sns::new(&recorder, Topic::parse(ARN).unwrap());
        let error = channel.send(&notice()).await.unwrap_err();
        assert!(error.hints[0].to_string().contains("sns:Publish"));
    }

    #[test]
    fn topics_are_read_with_their_region() {
        assert_eq!(Topic::parse(ARN).unwrap().region().as_str(), "eu-west-1");
        for invalid in [
            "arn:aws:sqs:eu-west-1:123456789012:ops",
            "arn:aws:sns:eu-west-1:1234:ops",
            "arn:aws:sns:eu-west-1:123456789012:ops.fifo",
            "arn:aws:sns:eu-west-1:123456789012:ops:00000000-subscription",
            "arn:aws:sns:nowhere:123456789012:ops",
            "arn:aws:sns:eu-west-1:123456789012:",
            "arn:other:sns:eu-west-1:123456789012:ops",
        ] {
            assert!(Topic::parse(invalid).is_err(), "{invalid}");
        }
    }
}
