//! `budget`: what a team may spend in a month.

use crate::model::name::Region;
use crate::model::policy::{MonthlyBudget, WhenSpent};
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format::{REGION, TIMEZONE, USD};
use crate::text::policy_format as format;
use crate::text::types::Words;

/// Where a month's account is kept, where neither the policy nor its limits say.
const HOME: &str = "us-east-1";

record! {
    /// What each of the policy's teams may spend in a month.
    pub(super) BUDGET: (Option<Region>, MonthlyBudget) = |at| {
        /// Dollars of a month.
        monthly: required = USD, "$200";
        /// Shares of the month's dollars that are reported when they are reached: at most nine
        /// besides 100%, as many as AWS Budgets has.
        notify_at: or_empty =
            list(format::PERCENT, Unique::ByText, "a share of the month's budget", "80%"),
            "[50%, 80%]";
        /// What becomes of a month that is spent.
        when_spent: default("block") = Words([
            ("block", WhenSpent::Block, "Nothing new is made."),
            ("terminate", WhenSpent::Terminate,
                "Nothing new is made, and what runs ends after a warning."),
            ("notify", WhenSpent::Notify, "It is told of, and nothing else."),
        ]), "block";
        /// Where months begin at midnight, by its name in the IANA database.
        timezone: default("UTC") = TIMEZONE, "Asia/Seoul";
        /// Whom AWS tells: at most ten addresses of e-mail, and at most one topic of SNS.
        subscribers: or_empty = list(format::SUBSCRIBER, Unique::ByText,
            "an address of e-mail, or the ARN of an SNS topic,", "ana@example.com"),
            "[ana@example.com]";
        /// The region in whose bucket the account is kept. When nothing is said, the region that
        /// `limits.regions` names, if it is one, else us-east-1.
        home: optional = REGION, "us-east-1";
    } => {
        let mut notify_at = notify_at;
        notify_at.sort_unstable();
        notify_at.dedup();
        let budget = MonthlyBudget {
            monthly,
            notify_at,
            when_spent,
            timezone,
            subscribers,
            home: HOME.parse().ok()?,
        };
        (home, budget)
    };
}
