//! What is watched, by whom, and how people hear of it.

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ledger;
use crate::cli::policies::{PoliciesArgs, Read};
use crate::cli::screen::Screen;
use crate::cli::target::known_region;
use crate::cloud::notify::{Destination, Stderr, Voice};
use crate::cloud::patrol::Patrol;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::run::clock::SystemClock;
use crate::run::notify::Notifier;
use crate::run::watchdog::Watchdog;
use crate::run::watchdog::desk::{Desk, LedgerDesk};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct WatchArgs {
    /// A region of AWS to look at; again for more [default: the profile's]
    #[arg(long = "region", value_name = "REGION")]
    pub(super) regions: Vec<Region>,
    /// Look at the clusters of this machine; without --region, at these alone
    #[arg(long)]
    pub(super) local: bool,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Who is told, besides standard error: https://… (a webhook as Slack has them), arn:aws:sns:…,
    /// smtps://user:password@host?from=a@b.c&to=d@e.f; several between spaces
    #[arg(
        long,
        value_name = "PLACES",
        env = "CLUSTERUP_NOTIFY",
        hide_env_values = true
    )]
    pub(super) notify: Option<String>,
}

/// All that a sweep needs.
pub(super) struct Watched {
    /// Whose watch is taken: two watchdogs with the same home do not act at once.
    pub(super) home: Rc<dyn Patrol>,
    pub(super) patrols: Vec<Rc<dyn Patrol>>,
    pub(super) desk: Rc<LedgerDesk>,
    pub(super) read: Read,
    pub(super) actor: String,
}

impl WatchArgs {
    pub(super) async fn open(
        &self,
        context: &Context,
        screen: &Screen,
    ) -> Result<Watched, Failure> {
        let read = self.policies.read_here(context, screen).await?;
        let mut patrols: Vec<Rc<dyn Patrol>> = Vec::new();
        for region in self.regions().await? {
            patrols.push(context.patrol(&region).await?);
        }
        if self.local {
            patrols.push(Rc::new(context.local()?));
        }
        let home = patrols.first().cloned();
        let home = home.ok_or_else(|| Failure::input("there is nowhere to look"))?;
        let notifier = Notifier::new(self.voices(context).await?);
        let kept = ledger::open(context, screen)?;
        let desk = LedgerDesk::new(kept, notifier, |trouble| {
            Screen::aside(&format!("warning: {trouble}"));
        });
        let host = context.who.split_once('@').map_or("here", |(_, host)| host);
        Ok(Watched {
            home,
            patrols,
            desk: Rc::new(desk),
            read,
            actor: format!("watchdog@{host}"),
        })
    }

    async fn regions(&self) -> Result<BTreeSet<Region>, Failure> {
        if !self.regions.is_empty() || self.local {
            return Ok(self.regions.iter().cloned().collect());
        }
        let known = known_region().await.ok_or_else(|| {
            Failure::new(Exit::Input, "no region of AWS is named")
                .hint("name each region, or this machine")
                .hint(Command::again().args("--region us-east-1"))
                .hint(Command::again().arg("--local"))
        })?;
        Ok(BTreeSet::from([known]))
    }

    async fn voices(&self, context: &Context) -> Result<Vec<Box<dyn Voice>>, Failure> {
        let mut voices: Vec<Box<dyn Voice>> = vec![Box::new(Stderr)];
        for destination in Destination::parse_all(self.notify.as_deref().unwrap_or_default())? {
            voices.push(match destination {
                Destination::Slack(slack) => Box::new(slack),
                Destination::Mail(mail) => mail,
                Destination::Topic(topic) => context.topic(topic).await?,
                Destination::Stderr => continue,
            });
        }
        Ok(voices)
    }
}

impl Watched {
    pub(super) fn watchdog(&self) -> Watchdog {
        let desk: Rc<dyn Desk> = self.desk.clone();
        Watchdog::new(
            self.patrols.clone(),
            Rc::new(self.read.policies.clone()),
            Arc::new(SystemClock),
            desk,
            self.actor.clone(),
        )
        .under(self.home.clone())
    }
}
