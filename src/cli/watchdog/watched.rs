//! What a watchdog watches, under which policies, and whom it notifies.

use crate::app::environment::region::known_region;
use crate::app::failure::{Exit, Failure};
use crate::app::policies::LoadedPolicies;
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::app::watched_accounts::WatchedAccounts;
use crate::cli::flags::PoliciesArgs;
use crate::cli::notices;
use crate::cli::stderr::aside;
use crate::cloud::fleet::FleetProvider;
use crate::cloud::notify::{Channel, Stderr};
use crate::cloud::remembered::RememberedFile;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::run::clock::SystemClock;
use crate::run::notify::Notifier;
use crate::run::watchdog::Watchdog;
use crate::run::watchdog::audit_sink::{AuditSink, LedgerAuditSink};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct WatchArgs {
    /// An AWS region to watch; repeat for more [default: the profile's]
    #[arg(long = "region", value_name = "REGION")]
    pub(super) regions: Vec<Region>,
    /// Watch this machine's clusters; without --region, no others
    #[arg(long)]
    pub(super) local: bool,
    /// Watch other accounts too, by the roles that this YAML file names
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Where to send notices besides standard error: https://… (a Slack webhook), arn:aws:sns:…, or
    /// smtps://user:password@host?from=a@b.c&to=d@e.f; separate several with spaces
    #[arg(
        long,
        value_name = "PLACES",
        env = "CLUSTERUP_NOTIFY",
        hide_env_values = true
    )]
    pub(super) notify: Option<String>,
}

/// What a sweep needs.
pub(super) struct WatchdogSetup {
    /// Where the watchdog's lease is kept: two watchdogs with the same place never act at once.
    pub(super) lease_place: Rc<dyn FleetProvider>,
    /// The places of the watchdog's own account, and this machine.
    pub(super) own: Vec<Rc<dyn FleetProvider>>,
    pub(super) accounts: Option<WatchedAccounts>,
    pub(super) audit_sink: Rc<LedgerAuditSink>,
    /// What earlier runs have learned.
    remembered: PathBuf,
    pub(super) read: LoadedPolicies,
    pub(super) actor: String,
}

impl WatchArgs {
    pub(super) async fn open(&self, session: &Session) -> Result<WatchdogSetup, Failure> {
        let read = self.policies.place().read_here(session).await?;
        let regions = self.regions(session).await?;
        let mut own: Vec<Rc<dyn FleetProvider>> = Vec::new();
        for region in &regions {
            own.push(session.environment.fleet(region).await?);
        }
        if self.local {
            own.push(Rc::new(session.environment.local()?));
        }
        let accounts = match &self.accounts {
            Some(file) => Some(WatchedAccounts::open(file, regions, session).await?),
            None => None,
        };
        let lease_place = own.first().cloned();
        let lease_place = lease_place.ok_or_else(|| Failure::input("there is nothing to watch"))?;
        let notifier = Notifier::new(self.channels(session).await?);
        let ledger = recorded_costs::open(session)?;
        let audit_sink = LedgerAuditSink::new(ledger, notifier, |problem| {
            aside(&format!("warning: {problem}"));
        });
        let host = session
            .environment
            .who
            .split_once('@')
            .map_or("here", |(_, host)| host);
        Ok(WatchdogSetup {
            lease_place,
            own,
            accounts,
            audit_sink: Rc::new(audit_sink),
            remembered: session.environment.remembered_fleet()?,
            read,
            actor: format!("watchdog@{host}"),
        })
    }

    async fn regions(&self, session: &Session) -> Result<BTreeSet<Region>, Failure> {
        if !self.regions.is_empty() || self.local {
            return Ok(self.regions.iter().cloned().collect());
        }
        let known = known_region(&session.environment).await.ok_or_else(|| {
            Failure::new(Exit::Input, "no AWS region is set")
                .hint("select regions, or this machine")
                .hint(Command::again().args("--region us-east-1"))
                .hint(Command::again().arg("--local"))
        })?;
        Ok(BTreeSet::from([known]))
    }

    async fn channels(&self, session: &Session) -> Result<Vec<Box<dyn Channel>>, Failure> {
        let mut channels: Vec<Box<dyn Channel>> = vec![Box::new(Stderr)];
        let notify = &session.environment.settings.notify.value;
        let notify = self.notify.as_ref().or(notify.as_ref());
        let places = notify.map_or("", String::as_str);
        channels.extend(notices::channels(places, session).await?);
        Ok(channels)
    }
}

impl WatchdogSetup {
    pub(super) fn watchdog(&self) -> Watchdog {
        let audit_sink: Rc<dyn AuditSink> = self.audit_sink.clone();
        let accounts = self.accounts.as_ref();
        let watchdog = Watchdog::new(
            all_places(&self.own, accounts),
            Rc::new(self.read.policies.clone()),
            Arc::new(SystemClock),
            audit_sink,
            self.actor.clone(),
        )
        .under(self.lease_place.clone())
        .remembering(RememberedFile::at(self.remembered.clone()));
        match accounts {
            Some(accounts) => watchdog.with_own_account(accounts.own.clone()),
            None => watchdog,
        }
    }
}

/// The watchdog's own places, and then those of other accounts.
pub(super) fn all_places(
    own: &[Rc<dyn FleetProvider>],
    accounts: Option<&WatchedAccounts>,
) -> Vec<Rc<dyn FleetProvider>> {
    let others = accounts.map(WatchedAccounts::fleets);
    own.iter()
        .cloned()
        .chain(others.unwrap_or_default())
        .collect()
}
