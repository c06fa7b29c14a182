//! Chooses the machines and the lifetime of a new stack by the size of its data. Pure.

use crate::model::span::Span;

/// Data per core node of `m5.xlarge`, which has 4 cores and 12 GiB for an executor: 80 tasks of
/// Spark's default partition of 128 MiB, 20 for each core.
const PER_NODE: u64 = 10 * GIB;
const GIB: u64 = 1 << 30;

/// Larger machines are used from this many on.
const MANY: u64 = 10;

/// The machines, why these, and the longest life of the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) nodes: String,
    pub(super) why: String,
    pub(super) lifetime: Span,
}

/// The size for this much data in bytes; `None` if it is not known.
pub(super) fn size(bytes: Option<u64>) -> Size {
    let Some(bytes) = bytes else {
        return Size {
            nodes: "3 x m5.xlarge".to_owned(),
            why: "one primary and two core nodes".to_owned(),
            lifetime: hours(1),
        };
    };
    let needed = bytes.div_ceil(PER_NODE).max(1);
    let (count, machine) = if needed > MANY {
        // Four times the cores and the memory.
        (needed.div_ceil(4).min(20), "m5.4xlarge")
    } else {
        (needed, "m5.xlarge")
    };
    let nodes = format!("{} x {machine}", count + 1);
    let cores = match count {
        1 => "one core node".to_owned(),
        count => format!("{count} core nodes"),
    };
    Size {
        nodes,
        why: format!("one primary and {cores}, for {} of data", amount(bytes)),
        lifetime: match needed {
            0..=2 => hours(1),
            3..=10 => hours(2),
            _ => hours(4),
        },
    }
}

const fn hours(count: u64) -> Span {
    Span::from_secs(count * 3_600)
}

/// Bytes in words, such as `24 MB`.
fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => "less than 1 MB".to_owned(),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_data_gets_more_machines_up_to_a_limit() {
        let of = |bytes| {
            let Size {
                nodes, lifetime, ..
            } = size(bytes);
            (nodes, lifetime.to_string())
        };
        let is = |nodes: &str, lifetime: &str| (nodes.to_owned(), lifetime.to_owned());
        assert_eq!(of(None), is("3 x m5.xlarge", "1h"));
        assert_eq!(of(Some(0)), is("2 x m5.xlarge", "1h"));
        assert_eq!(of(Some(24 << 20)), is("2 x m5.xlarge", "1h"));
        assert_eq!(of(Some(25 * GIB)), is("4 x m5.xlarge", "2h"));
        assert_eq!(of(Some(100 * GIB)), is("11 x m5.xlarge", "2h"));
        assert_eq!(of(Some(101 * GIB)), is("4 x m5.4xlarge", "4h"));
        assert_eq!(of(Some(u64::MAX)), is("21 x m5.4xlarge", "4h"));
        assert_eq!(
            size(Some(24_594_131)).why,
            "one primary and one core node, for 24 MB of data"
        );
    }
}
