//! The log of calls to AWS, that `-v` and RUST_LOG turn on: each attempt with its time and outcome, and
//! with `-vv` also its names and ids. It has neither replies, nor AWS's messages (those of a wrong
//! signature repeat what was signed), nor anything of a call but what its declaration lists.

use super::api::{ApiError, Call, Names};
use crate::model::shown;
use std::time::Duration;
use tracing::{Level, Span, debug, debug_span, enabled, trace};

/// What a filter calls it: `RUST_LOG=clusterup::aws=trace`.
macro_rules! target {
    () => {
        "clusterup::aws"
    };
}

/// So much of AWS's code is shown, in characters.
const LONGEST: usize = 100;

/// What is logged within it says which attempt of a call it was.
pub(super) fn attempt(number: u32) -> Span {
    debug_span!(target: target!(), "call", attempt = number)
}

/// A call, before it is sent.
pub(super) fn asked<C: Call>(call: &C, region: &str) {
    if !enabled!(target: target!(), Level::TRACE) {
        return;
    }
    let mut names = Names::default();
    call.names(&mut names);
    trace!(target: target!(), region, "{} {names}", C::NAME);
}

/// What became of it.
pub(super) fn answered(call: &str, region: &str, took: Duration, error: Option<&ApiError>) {
    let took = took.as_millis();
    let Some(error) = error else {
        debug!(target: target!(), region, "{call}: ok in {took} ms");
        return;
    };
    let kind = error.kind;
    let code = error.code.as_deref().unwrap_or("no code");
    let code = shown::line(code, LONGEST);
    debug!(target: target!(), region, "{call}: {kind:?} ({code}) in {took} ms");
}

/// That it is made again, before the pause.
pub(super) fn again(call: &str, attempt: u32, of: u32, pause: Duration) {
    let pause = pause.as_millis();
    debug!(target: target!(), "{call}: attempt {attempt} of {of} in {pause} ms");
}

#[cfg(test)]
mod tests;
