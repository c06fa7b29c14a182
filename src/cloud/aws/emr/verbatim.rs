//! Replies of EMR as they were sent. The SDK's types cannot be written as JSON, and EMR's protocol is
//! JSON in the names of its API, so the body of the response is kept beside what the SDK reads of it.

use crate::cloud::api::emr::{
    DescribeClusterVerbatim, GetAutoTerminationPolicyVerbatim, GetManagedScalingPolicyVerbatim,
    ListBootstrapActionsVerbatim, ListInstanceFleetsVerbatim, ListInstanceGroupsVerbatim,
    ListStepsVerbatim, Verbatim,
};
use crate::cloud::api::{ApiError, Call, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::{Intercept, context};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::{Arc, Mutex};

/// Keeps the body of a response.
#[derive(Clone, Default)]
pub(in crate::cloud::aws) struct Body(Arc<Mutex<Vec<u8>>>);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        reply: &context::AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(bytes), Ok(mut kept)) = (reply.response().body().bytes(), self.0.lock()) {
            *kept = bytes.to_vec();
        }
        Ok(())
    }
}

impl Body {
    /// The body as a JSON object.
    pub(in crate::cloud::aws) fn reply<C: Call>(&self) -> Result<Verbatim, ApiError> {
        let body = self.0.lock().ok();
        let read = body.and_then(|body| serde_json::from_slice(&body).ok());
        read.map(Verbatim)
            .ok_or_else(|| incomplete::<C>("a JSON object"))
    }
}

/// Serves a call with an operation of the SDK, and how it takes the token of a page.
macro_rules! serve_verbatim {
    ($($call:ident, $operation:ident $(, $token:ident)?;)*) => {$(
        impl Serve<$call> for Sdk {
            async fn serve(&self, call: $call) -> Result<Verbatim, ApiError> {
                let body = Body::default();
                let request = self.emr.$operation().cluster_id(call.id);
                $(let request = request.$token(call.next);)?
                let sent = request.customize().interceptor(body.clone()).send().await;
                sent.map_err(from_sdk::<$call, _>)?;
                body.reply::<$call>()
            }
        }
    )*};
}

serve_verbatim! {
    DescribeClusterVerbatim, describe_cluster;
    ListStepsVerbatim, list_steps, set_marker;
    ListInstanceGroupsVerbatim, list_instance_groups, set_marker;
    ListInstanceFleetsVerbatim, list_instance_fleets, set_marker;
    ListBootstrapActionsVerbatim, list_bootstrap_actions, set_marker;
    GetAutoTerminationPolicyVerbatim, get_auto_termination_policy;
    GetManagedScalingPolicyVerbatim, get_managed_scaling_policy;
}
