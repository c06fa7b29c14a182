//! `cost`: estimates of stacks, and reports of what clusters have cost.

mod estimate;
mod html;
mod report;

use super::verb::verbs;
pub(super) use estimate::EstimateDocument;
pub(super) use report::ReportDocument;

verbs! {
    pub(in crate::cli) enum CostVerb {
        /// Estimate what a stack's cluster costs; needs no credentials
        Estimate(estimate::EstimateArgs),
        /// Report spending by team, stack, owner, day or month, and how much of it was waste
        Report(report::ReportArgs),
    }
}
