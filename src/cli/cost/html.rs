//! `cost report --html`: the report as one file with charts.

use crate::app::curves::curves;
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::app::target::TargetChoice;
use crate::cli::document::DocumentArgs;
use crate::cli::flags::PoliciesArgs;
use crate::cli::view::ledger::CostView;
use crate::cli::view::report_document;
use crate::model::clock::Clock;
use crate::model::fleet_status::Curve;
use crate::run::clock::SystemClock;
use chrono::{DateTime, Utc};

#[derive(Debug, clap::Args)]
pub(super) struct HtmlArgs {
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
}

impl HtmlArgs {
    /// Writes the document, if that is asked for, and returns its path.
    pub(super) async fn write(
        &self,
        view: &CostView<'_>,
        target: &TargetChoice,
    ) -> Result<Option<String>, Failure> {
        if !self.document.is_asked_for() {
            return Ok(None);
        }
        let now = SystemClock.now();
        let session = view.target.session;
        let curves = self.curves(target, session, now).await?;
        let text = || report_document::render(view, &curves);
        self.document.write(text, session)
    }

    /// The months of the teams that have budgets; none, with a warning, if they cannot be read.
    async fn curves(
        &self,
        target: &TargetChoice,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<Vec<Curve>, Failure> {
        let policies = self.policies.place().read_here(session).await?.policies;
        let read = curves(&policies, target, session, now).await;
        Ok(read.unwrap_or_else(|failure| {
            let why = failure.in_a_line();
            let reporter = &session.reporter;
            reporter.say(&format!(
                "warning: the report has no budgets, because they cannot be read: {why}"
            ));
            Vec::new()
        }))
    }
}
