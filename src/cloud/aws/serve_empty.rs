//! Serves the calls whose replies are empty.

/// Serves a call with the request that the expression builds. With a kind of error, an error of
/// that kind counts as success.
macro_rules! serve_empty {
    ($call:ident, |$sdk:ident, $given:ident| $request:expr) => {
        impl $crate::cloud::api::Serve<$call> for $crate::cloud::aws::Sdk {
            async fn serve(&self, $given: $call) -> Result<(), $crate::cloud::api::ApiError> {
                let $sdk = self;
                let reply = $request.send().await.map(|_| ());
                reply.map_err($crate::cloud::aws::error::from_sdk::<$call, _>)
            }
        }
    };
    ($call:ident, $kind:expr, |$sdk:ident, $given:ident| $request:expr) => {
        impl $crate::cloud::api::Serve<$call> for $crate::cloud::aws::Sdk {
            async fn serve(&self, $given: $call) -> Result<(), $crate::cloud::api::ApiError> {
                let $sdk = self;
                let reply = $request.send().await.map(|_| ());
                reply
                    .map_err($crate::cloud::aws::error::from_sdk::<$call, _>)
                    .or_else($crate::cloud::aws::error::unless($kind))
            }
        }
    };
}

pub(super) use serve_empty;
