//! Amazon S3 by the SDK.

mod buckets;
mod keys;
mod objects;
mod uploads;

use super::{ATTEMPT, patience};
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use std::time::Duration;

/// 128 kbit/s: an upload slower than this is given up.
const SLOWEST: u64 = 16 * 1024;

/// A slow line empties the kernel's send buffer, megabytes, before it asks for more, and until
/// then the SDK sees nothing move.
const STALL: Duration = Duration::from_secs(120);

/// S3 answers once it has put the parts together, after minutes where there are many.
const PUT_TOGETHER: Duration = Duration::from_secs(15 * 60);

/// Time enough to send so many bytes; it also bounds the wait for an answer once all is sent.
fn sending(bytes: u64) -> Builder {
    within(ATTEMPT + Duration::from_secs(bytes / SLOWEST))
}

fn within(time: Duration) -> Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(time);
    Builder::new()
        .timeout_config(timeouts.build())
        .stalled_stream_protection(patience(STALL))
}
