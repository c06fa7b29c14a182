//! The sizes of a job's steps, each with its arithmetic.

use super::words::wrap;
use crate::plan::sizing::StepSizes;
use std::fmt::Write;

/// The column at which a reason begins, and goes on.
const REASON: usize = 24;

pub(in crate::cli) fn render(steps: &[StepSizes]) -> String {
    let mut text = String::new();
    for StepSizes { step, sizes } in steps {
        let _ = writeln!(text, "sizes of step {step}");
        for size in sizes {
            let (what, value) = (size.what, &size.value);
            let reason = wrap(&size.because, REASON);
            let _ = writeln!(text, "  {what:<11} {value:<9} {reason}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sizing::Size;

    #[test]
    fn reasons_stay_in_their_column() {
        let size = Size {
            what: "executors",
            value: "up to 2".to_owned(),
            because: "2 nodes x 1 each: 8 slots, added by EMR while there is work for them"
                .to_owned(),
        };
        let steps = [StepSizes {
            step: "s".parse().unwrap(),
            sizes: vec![size],
        }];
        let expected = "sizes of step s\n  executors   up to 2   2 nodes x 1 each: 8 slots, added by EMR \
                        while there is\n                        work for them\n";
        assert_eq!(render(&steps), expected);
    }
}
