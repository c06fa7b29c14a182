//! Shows plans on the screen, and asks on the terminal whether they are to be applied.

use super::prompt::consent;
use super::view;
use super::view::figures::cents;
use crate::app::agreement::{Consent, PlanReader, Proposal};
use crate::app::failure::Failure;
use crate::app::origin::OtherOrigin;
use crate::app::session::Session;
use crate::app::stack_admission::PolicyReport;

/// The person at the terminal.
pub(super) struct Terminal<'a> {
    pub(super) session: &'a Session,
    /// Whether the answer to every question is yes.
    pub(super) yes: bool,
}

impl PlanReader for Terminal<'_> {
    fn show(&self, proposal: &Proposal<'_>) {
        let reporter = &self.session.reporter;
        reporter.text(&view::plan::render(proposal, reporter.here()));
    }

    fn show_policies(&self, report: &PolicyReport) {
        self.session.reporter.text(&view::policy::render(report));
    }

    fn consent(&self, proposal: &Proposal<'_>, to: &Consent<'_>) -> Result<bool, Failure> {
        let question = match to {
            Consent::Removal(actions) => {
                let actions = actions.iter().map(|action| view::words::action(action));
                let removed: Vec<_> = actions.collect();
                format!("This ends or deletes {}. Continue?", removed.join(", "))
            }
            Consent::Account => {
                let place = proposal.target.place.in_words();
                let price = price(proposal);
                format!("This changes your AWS account {place}{price}. Continue?")
            }
            Consent::Origin => "This changes that stack. Continue?".to_owned(),
        };
        let question = OtherOrigin::before(proposal.elsewhere, question);
        consent(&question, self.yes, &self.session.environment)
    }
}

/// The part of the question on the new cluster's price; empty if the price is unknown.
fn price(proposal: &Proposal<'_>) -> String {
    let prices = proposal.prices.as_ref();
    let estimate = prices.and_then(|prices| prices.estimate(proposal.plan));
    estimate.map_or(String::new(), |estimate| {
        format!(" and costs {}/h from then on", cents(estimate.hourly))
    })
}
