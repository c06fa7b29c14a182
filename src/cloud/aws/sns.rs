//! Amazon SNS through the SDK.

use super::Sdk;
use super::error::from_sdk;
use crate::cloud::api::sns::Publish;
use crate::cloud::api::{ApiError, Serve};

impl Serve<Publish> for Sdk {
    async fn serve(&self, call: Publish) -> Result<(), ApiError> {
        let sent = self
            .sns
            .publish()
            .topic_arn(call.topic)
            .subject(call.subject)
            .message(call.message)
            .send()
            .await;
        sent.map(|_| ()).map_err(from_sdk::<Publish, _>)
    }
}
