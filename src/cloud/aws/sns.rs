//! Amazon SNS through the SDK.

use super::serve_empty::serve_empty;
use crate::cloud::api::sns::Publish;

serve_empty!(Publish, |sdk, call| sdk
    .sns
    .publish()
    .topic_arn(call.topic)
    .subject(call.subject)
    .message(call.message));
