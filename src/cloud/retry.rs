//! Repeats failed calls where that is safe: always after a throttle, because the call was not
//! carried out; after an unknown outcome only if the call may be carried out twice.

use super::api::{ApiError, Call, Kind, Serve};
use super::call_log;
use super::rng::Rng;
use crate::model::event::{Event, Listener, NoListener};
use std::rc::Rc;
use std::time::Duration;
use tracing::Instrument as _;

/// EMR's buckets refill at about one call in two seconds (AWS General Reference, EMR quotas).
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const MAX_PAUSE: Duration = Duration::from_secs(30);
const MAX_THROTTLED: u32 = 8;
const MAX_UNKNOWN: u32 = 5;

/// How long a call may take before it is reported as unanswered.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Calls that transfer large files. They have their own progress bars.
const SLOW: &[&str] = &["s3:PutObject", "s3:GetObject"];

/// Repeats the calls that it passes on.
pub struct Retrying<A> {
    /// Serves the calls.
    pub inner: A,
    rng: Rng,
    listener: Rc<dyn Listener>,
}

impl<A> Retrying<A> {
    /// Repeats calls with pauses that are random by `seed`, and reports nothing.
    pub fn new(inner: A, seed: u64) -> Self {
        Self {
            inner,
            rng: Rng::new(seed),
            listener: Rc::new(NoListener),
        }
    }

    /// Sets a listener for unanswered and repeated calls.
    #[must_use]
    pub fn with_listener(mut self, listener: Rc<dyn Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// A random pause below a bound that doubles with each try (full jitter).
    fn pause(&self, tries: u32) -> Duration {
        let bound = FIRST_PAUSE.saturating_mul(1 << tries.min(8)).min(MAX_PAUSE);
        self.rng.up_to(bound)
    }

    /// Makes one attempt, and reports it if it is not answered in time.
    async fn attempt<C: Call>(&self, call: C, attempt: u32) -> Result<C::Reply, ApiError>
    where
        A: Serve<C>,
    {
        let answer = self
            .inner
            .serve(call)
            .instrument(call_log::attempt(attempt));
        let mut answer = std::pin::pin!(answer);
        if !SLOW.contains(&C::NAME) {
            if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut answer).await {
                return answer;
            }
            let of = if C::REPEATABLE { MAX_UNKNOWN } else { 1 };
            let call = C::NAME.to_owned();
            self.listener.on_event(&Event::Silent { call, attempt, of });
        }
        answer.await
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Retrying<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let mut tries = 0;
        loop {
            let error = match self.attempt(call.clone(), tries + 1).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let max = match error.kind {
                // The caller must check the state before it repeats a call that is not repeatable.
                Kind::Throttled if !C::REPEATABLE => return Err(error),
                Kind::Throttled => MAX_THROTTLED,
                Kind::OutcomeUnknown if C::REPEATABLE => MAX_UNKNOWN,
                Kind::OutcomeUnknown
                | Kind::Unauthenticated
                | Kind::Denied
                | Kind::NotFound
                | Kind::Exists
                | Kind::Precondition
                | Kind::InUse
                | Kind::Invalid => return Err(error),
            };
            tries += 1;
            if tries >= max {
                return Err(error);
            }
            self.listener.on_event(&Event::Retrying {
                call: C::NAME.to_owned(),
                attempt: tries + 1,
                of: max,
                why: error.message,
            });
            let pause = self.pause(tries);
            call_log::again(C::NAME, tries + 1, max, pause);
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::emr::RunJobFlow;
    use crate::cloud::api::sts::{GetCallerIdentity, Identity};
    use std::cell::RefCell;
    use tokio::time::Instant;

    /// Never answers, or fails after some time.
    struct Far(Option<(Duration, Kind)>);

    impl Serve<GetCallerIdentity> for Far {
        async fn serve(&self, _: GetCallerIdentity) -> Result<Identity, ApiError> {
            let Some((after, kind)) = self.0 else {
                return std::future::pending().await;
            };
            tokio::time::sleep(after).await;
            Err(ApiError {
                call: GetCallerIdentity::NAME,
                kind,
                code: None,
                message: "no".to_owned(),
                cause: None,
            })
        }
    }

    #[derive(Default)]
    struct Heard(RefCell<Vec<(Duration, Event)>>, RefCell<Option<Instant>>);

    impl Listener for Heard {
        fn on_event(&self, event: &Event) {
            let begun = *self.1.borrow_mut().get_or_insert_with(Instant::now);
            let heard = (begun.elapsed(), event.clone());
            self.0.borrow_mut().push(heard);
        }
    }

    async fn heard(far: Far, within: Duration) -> Vec<(Duration, Event)> {
        let heard = Rc::new(Heard::default());
        *heard.1.borrow_mut() = Some(Instant::now());
        let retrying = Retrying::new(far, 3).with_listener(heard.clone());
        let _ = tokio::time::timeout(within, retrying.serve(GetCallerIdentity)).await;
        heard.0.take()
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_is_reported_within_two_seconds() {
        let all = heard(Far(None), Duration::from_secs(60)).await;
        let [
            (
                after,
                Event::Silent {
                    attempt: 1, of: 5, ..
                },
            ),
        ] = all.as_slice()
        else {
            panic!("{all:?}");
        };
        assert!(*after < Duration::from_secs(2), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_new_try_is_reported_before_its_pause() {
        for (kind, most) in [(Kind::OutcomeUnknown, 5), (Kind::Throttled, 8)] {
            let far = Far(Some((Duration::from_millis(10), kind)));
            let all = heard(far, Duration::from_secs(600)).await;
            let tries = all.iter().filter_map(|(_, event)| {
                let Event::Retrying { attempt, of, .. } = event else {
                    return None;
                };
                Some((*attempt, *of))
            });
            let due: Vec<_> = (2..=most).map(|attempt| (attempt, most)).collect();
            assert_eq!(tries.collect::<Vec<_>>(), due);
            assert!(all[0].0 < Duration::from_millis(100));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_not_repeated_in_vain() {
        for kind in [Kind::Denied, Kind::Unauthenticated, Kind::Invalid] {
            let far = Far(Some((Duration::from_millis(10), kind)));
            assert_eq!(heard(far, Duration::from_secs(60)).await, []);
        }
        const { assert!(!RunJobFlow::REPEATABLE) };
    }
}
