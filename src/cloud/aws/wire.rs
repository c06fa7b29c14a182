//! The HTTP client: its errors name the server that did not answer or answered with a web page, and
//! it measures how far this machine's clock differs from the server's.

use crate::model::clock::Clock;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use chrono::DateTime;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The server that responded: `https://sts.us-east-1.amazonaws.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint(pub(super) String);

/// There was no response, or it is not from AWS.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnexpectedResponse {
    /// The server did not respond.
    #[error("no answer from {0}")]
    NoAnswer(String, #[source] BoxError),
    /// A proxy or a login page responded.
    #[error(
        "{endpoint} answered with a web page (HTTP status {status}), not with AWS's API: it may \
         be a proxy, a gateway or the network's login page"
    )]
    Page { endpoint: String, status: u16 },
}

/// How far this machine's clock is ahead of the last responding server's.
#[derive(Clone, Default)]
pub(super) struct Watch {
    clock: Option<Arc<dyn Clock>>,
    seconds: Arc<AtomicI64>,
}

/// The SDK's default client with this measurement.
pub(super) fn client(watch: Watch) -> SharedHttpClient {
    let inner = Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder = ConnectorBuilder::default().tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::AwsLc,
        ));
        builder.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder.set_proxy_config(Some(ProxyConfig::from_env()));
        builder.build()
    });
    SharedHttpClient::new(Watched { inner, watch })
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

#[derive(Debug)]
struct Watched<T> {
    inner: T,
    watch: Watch,
}

impl HttpClient for Watched<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        let watch = self.watch.clone();
        SharedHttpConnector::new(Watched { inner, watch })
    }
}

impl HttpConnector for Watched<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let endpoint = endpoint(request.uri());
        let watch = self.watch.clone();
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = match answer.await {
                Ok(response) => response,
                Err(error) => return Err(no_answer(error, endpoint)),
            };
            watch.measure(&response);
            if is_page(&response) {
                let status = response.status().as_u16();
                let page = UnexpectedResponse::Page { endpoint, status };
                return Err(ConnectorError::other(page.into(), None));
            }
            response.add_extension(Endpoint(endpoint));
            Ok(response)
        })
    }
}

impl Watch {
    pub(super) fn of(clock: Arc<dyn Clock>) -> Self {
        let clock = Some(clock);
        let seconds = Arc::default();
        Self { clock, seconds }
    }

    /// In seconds; 0 before the first response.
    pub(super) fn ahead(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    fn measure(&self, response: &HttpResponse) {
        let date = response.headers().get("date");
        let theirs = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let (Some(theirs), Some(clock)) = (theirs, &self.clock) {
            let ahead = clock.now().signed_duration_since(theirs);
            self.seconds.store(ahead.num_seconds(), Ordering::Relaxed);
        }
    }
}

fn no_answer(error: ConnectorError, endpoint: String) -> ConnectorError {
    let timeout = error.is_timeout();
    let io = error.is_io();
    let user = error.is_user();
    let source: BoxError = UnexpectedResponse::NoAnswer(endpoint, error.into_source()).into();
    match (timeout, io, user) {
        (true, ..) => ConnectorError::timeout(source),
        (_, true, _) => ConnectorError::io(source),
        (_, _, true) => ConnectorError::user(source),
        _ => ConnectorError::other(source, None),
    }
}

/// Whether a response is a web page that AWS did not send. Objects of S3 may be pages too, with
/// AWS's own request ids.
fn is_page(response: &HttpResponse) -> bool {
    let headers = response.headers();
    let from_aws = ["x-amzn-requestid", "x-amz-request-id"];
    let is_html = |kind: &str| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    };
    headers.get("content-type").is_some_and(is_html)
        && !from_aws.iter().any(|id| headers.contains_key(id))
}

/// Scheme, host and port: the rest may contain names of objects, or a signature.
fn endpoint(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("https", uri));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_without_path_and_query() {
        for (uri, named) in [
            (
                "https://sts.us-east-1.amazonaws.com/?X-Amz-Signature=a",
                "https://sts.us-east-1.amazonaws.com",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            (
                "https://b.s3.amazonaws.com/a/b?c",
                "https://b.s3.amazonaws.com",
            ),
        ] {
            assert_eq!(endpoint(uri), named);
        }
    }
}
