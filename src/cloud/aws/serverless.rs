//! Amazon EMR Serverless. Three calls that read do not justify the time that its SDK takes to compile:
//! a call of EMR's SDK is sent to EMR Serverless instead, with the method, the path and the signature of
//! its API, which is REST with JSON (EMR Serverless API Reference).

use super::Sdk;
use super::emr::verbatim::Body;
use super::error::{from_sdk, incomplete};
use crate::cloud::api::serverless::{
    Application, GetApplication, HasActiveJob, ListStartedApplications,
};
use crate::cloud::api::{ApiError, Call, Serve};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::{Intercept, context};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SigningName;
use serde_json::{Map, Value};

/// The service in signatures and in the names of its servers.
const SERVICE: &str = "emr-serverless";
/// EMR's in the names of its servers.
const EMR: &str = "elasticmapreduce";

/// Sends a request to a path of EMR Serverless.
#[derive(Debug)]
struct To(String);

impl Intercept for To {
    fn name(&self) -> &'static str {
        "To"
    }

    fn modify_before_signing(
        &self,
        sent: &mut context::BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = sent.request_mut();
        let server = request
            .uri()
            .trim_end_matches('/')
            .replacen(EMR, SERVICE, 1);
        request.set_uri(format!("{server}{}", self.0))?;
        request.set_method("GET")?;
        for header in ["x-amz-target", "content-type", "content-length"] {
            request.headers_mut().remove(header);
        }
        *request.body_mut() = SdkBody::empty();
        let signed_for = SigningName::from_static(SERVICE);
        config.interceptor_state().store_put(signed_for);
        Ok(())
    }
}

async fn get<C: Call>(sdk: &Sdk, path: String) -> Result<Map<String, Value>, ApiError> {
    let body = Body::default();
    let request = sdk.emr.list_release_labels().customize();
    let request = request.interceptor(To(path)).interceptor(body.clone());
    request.send().await.map_err(from_sdk::<C, _>)?;
    Ok(body.reply::<C>()?.0)
}

fn list<'r>(reply: &'r Map<String, Value>, key: &str) -> Option<&'r Vec<Value>> {
    reply.get(key)?.as_array()
}

impl Serve<ListStartedApplications> for Sdk {
    async fn serve(&self, _: ListStartedApplications) -> Result<Vec<String>, ApiError> {
        let path = "/applications?maxResults=50&states=STARTED".to_owned();
        let reply = get::<ListStartedApplications>(self, path).await?;
        let missing = || incomplete::<ListStartedApplications>("its applications");
        let all = list(&reply, "applications").ok_or_else(missing)?.iter();
        // Ids become parts of paths.
        let is_id = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let ids = all.filter_map(|one| one.get("id")?.as_str().filter(is_id));
        Ok(ids.map(str::to_owned).collect())
    }
}

impl Serve<GetApplication> for Sdk {
    async fn serve(&self, call: GetApplication) -> Result<Application, ApiError> {
        let path = format!("/applications/{}", call.id);
        let reply = get::<GetApplication>(self, path).await?;
        let found = reply.get("application").and_then(application);
        found.ok_or_else(|| incomplete::<GetApplication>("the application"))
    }
}

fn application(theirs: &Value) -> Option<Application> {
    let capacity = theirs.get("initialCapacity").and_then(Value::as_object);
    let workers = capacity.into_iter().flatten().filter_map(|(_, of)| {
        let each = of.get("workerConfiguration")?;
        let text = |key: &str| each.get(key)?.as_str();
        let words = [text("cpu"), text("memory")].into_iter().flatten();
        let words: Vec<&str> = words.collect();
        Some((of.get("workerCount")?.as_u64()?, words.join(" ")))
    });
    let stop = theirs.get("autoStopConfiguration");
    let stop = stop.filter(|of| of.get("enabled").and_then(Value::as_bool) != Some(false));
    Some(Application {
        name: theirs
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        workers: workers.collect(),
        stops_after: stop.and_then(|of| of.get("idleTimeoutMinutes")?.as_u64()),
    })
}

impl Serve<HasActiveJob> for Sdk {
    async fn serve(&self, call: HasActiveJob) -> Result<bool, ApiError> {
        let states = ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING"];
        let states = states.map(|state| format!("&states={state}")).concat();
        let path = format!("/applications/{}/jobruns?maxResults=1{states}", call.id);
        let reply = get::<HasActiveJob>(self, path).await?;
        let jobs = list(&reply, "jobRuns");
        let jobs = jobs.ok_or_else(|| incomplete::<HasActiveJob>("its jobs"))?;
        Ok(!jobs.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_application_has_its_workers_and_when_it_stops() {
        let of = |stop: Value| {
            let worker = json!({ "cpu": "4vCPU", "memory": "16GB", "disk": "20GB" });
            let capacity =
                json!({ "EXECUTOR": { "workerCount": 8, "workerConfiguration": worker } });
            let theirs = json!({ "name": "etl", "initialCapacity": capacity,
                "autoStopConfiguration": stop });
            application(&theirs).unwrap()
        };
        let stops = of(json!({ "enabled": true, "idleTimeoutMinutes": 15 }));
        assert_eq!(stops.workers, [(8, "4vCPU 16GB".to_owned())]);
        assert_eq!(stops.stops_after, Some(15));
        assert_eq!(
            of(json!({ "enabled": false, "idleTimeoutMinutes": 15 })).stops_after,
            None
        );
        assert_eq!(application(&json!({})).unwrap().workers, []);
    }
}
