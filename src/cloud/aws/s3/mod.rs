//! Amazon S3 through the SDK.

mod buckets;
mod keys;
mod objects;
mod uploads;

use super::{ATTEMPT, patience};
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

/// 128 kbit/s, in bytes per second: a slower upload is aborted.
const MIN_RATE: u64 = 16 * 1024;

/// A slow connection drains megabytes of the kernel's send buffer before it asks for more. Until
/// then the SDK sees no progress.
const STALL: Duration = Duration::from_secs(120);

/// How much of a file is read at a time. The SDK reads 4 KiB unless it is set, each read on another
/// thread, which costs more than sending it.
const READ: usize = 256 << 10;

/// S3 responds to a completion once it has assembled the parts, which takes minutes if there are
/// many.
const ASSEMBLY: Duration = Duration::from_secs(15 * 60);

/// A CRC-32 as S3 takes it: Base64 of its bytes, the highest first.
fn checksum(crc32: u32) -> String {
    STANDARD.encode(crc32.to_be_bytes())
}

/// Allows enough time to send these bytes and to wait for the response.
fn sending(bytes: u64) -> Builder {
    within(ATTEMPT + Duration::from_secs(bytes / MIN_RATE))
}

fn within(time: Duration) -> Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(time);
    Builder::new()
        .timeout_config(timeouts.build())
        .stalled_stream_protection(patience(STALL))
}
