//! `budget`: what a team may spend in a month.

use super::rules;
use crate::model::name::Region;
use crate::model::policy::{MonthlyBudget, WhenSpent};
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format::{REGION, TIMEZONE, USD};
use crate::text::policy_format as format;
use crate::text::types::Words;

/// The default region of a team's account.
const HOME: &str = "us-east-1";

record! {
    /// What each of the policy's teams may spend in a month.
    pub(super) BUDGET: (Option<Region>, MonthlyBudget) = |at| {
        /// Dollars per month.
        monthly: required = USD, "$200";
        /// Shares of the monthly budget at which people are notified: at most nine besides 100%,
        /// because AWS Budgets allows ten.
        notify_at: or_empty =
            list(format::PERCENT, Unique::ByText, "a share of the month's budget", "80%"),
            "[50%, 80%]";
        /// What happens when the month's budget is spent.
        when_spent: default("block") = Words([
            ("block", WhenSpent::Block, "Nothing new is created."),
            ("terminate", WhenSpent::Terminate,
                "Nothing new is created, and running clusters end after a warning."),
            ("notify", WhenSpent::Notify, "People are notified, and nothing else happens."),
        ]), "block";
        /// The timezone in which months begin, by its name in the IANA database.
        timezone: default("UTC") = TIMEZONE, "Asia/Seoul";
        /// Recipients of AWS's notifications: at most ten e-mail addresses, and at most one SNS
        /// topic.
        subscribers: or_empty = list(format::SUBSCRIBER, Unique::ByText,
            "an e-mail address, or the ARN of an SNS topic,", "ana@example.com"),
            "[ana@example.com]";
        /// The region whose bucket keeps the account. By default the only region in
        /// `limits.regions`, or us-east-1.
        home: optional = REGION, "us-east-1";
    } check {
        rules::too_many_subscribers(at, &subscribers);
        rules::too_many_shares(at, &notify_at);
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
