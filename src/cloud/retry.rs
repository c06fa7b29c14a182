//! Makes a call again where that is safe: always after a throttle, which says that nothing was
//! done; after a doubt only where making it twice does no harm.

use super::api::{ApiError, Call, Kind, Serve};
use super::dice::Dice;
use std::time::Duration;

/// EMR's buckets refill at about one call in two seconds (AWS General Reference, EMR quotas).
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);
const THROTTLED_MOST: u32 = 8;
const DOUBTED_MOST: u32 = 4;

/// A service whose calls are made again.
pub struct Retrying<A> {
    pub inner: A,
    dice: Dice,
}

impl<A> Retrying<A> {
    pub const fn new(inner: A, seed: u64) -> Self {
        Self {
            inner,
            dice: Dice::new(seed),
        }
    }

    /// Full jitter below a bound that doubles.
    fn pause(&self, tries: u32) -> Duration {
        let bound = FIRST.saturating_mul(1 << tries.min(8)).min(LONGEST);
        self.dice.up_to(bound)
    }
}

impl<C: Call, A: Serve<C>> Serve<C> for Retrying<A> {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let mut tries = 0;
        loop {
            let error = match self.inner.serve(call.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let most = match error.kind {
                // What may be made once needs another look before each try: its caller's.
                Kind::Throttled if !C::REPEATABLE => return Err(error),
                Kind::Throttled => THROTTLED_MOST,
                Kind::Doubt if C::REPEATABLE => DOUBTED_MOST,
                Kind::Doubt
                | Kind::Unauthenticated
                | Kind::Denied
                | Kind::NotFound
                | Kind::Exists
                | Kind::Precondition
                | Kind::InUse
                | Kind::Invalid => return Err(error),
            };
            tries += 1;
            if tries >= most {
                return Err(error);
            }
            tokio::time::sleep(self.pause(tries)).await;
        }
    }
}
