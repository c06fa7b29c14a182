//! `ui`: shows Spark's own pages, of a running job or of a run that is over.

mod emr;
mod pages;
mod tunnel;

use super::flags::TargetArgs;
use super::verb::{Finished, Verb};
use super::{ssh, stopped};
use crate::app::diagnosis::cluster_id;
use crate::app::environment::Environment;
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::reporter::Progress;
use crate::app::session::Session;
use crate::app::summaries;
use crate::cloud::local::history::{Application, HistoryFolder, HistoryServer};
use crate::cloud::yarn::RunningApplication;
use crate::cloud::{Class, Login, Shell};
use crate::model::hint::{Command, CommandContext};
use crate::model::observed::{Observed, StepState};
use crate::model::shown::line;
use pages::Page;
pub(super) use pages::UiDocument;
use std::cell::OnceCell;

#[derive(Debug, clap::Args)]
pub(super) struct UiArgs {
    /// A stack's file or name, or, with --aws, the id of any cluster (j-…)
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Show the last run that has an event log, even while a job runs
    #[arg(long)]
    pub(super) history: bool,
    /// The port of this machine to listen on [default: one that is free]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Show the page that EMR itself serves: it needs neither SSH nor Spark on this machine
    #[arg(long, conflicts_with_all = ["local", "history", "port"])]
    pub(super) aws: bool,
    /// The role of a step, for the page of a cluster whose steps have roles of their own
    #[arg(long, requires = "aws", value_name = "ARN", value_parser = emr::role_arn)]
    pub(super) execution_role: Option<String>,
}

impl Verb for UiArgs {
    fn here(&self) -> CommandContext {
        let is_cluster = cluster_id(&self.stack).is_some();
        self.target.here((!is_cluster).then_some(&*self.stack))
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        if self.aws {
            let request = emr::Request {
                what: &self.stack,
                choice: self.target.choice(),
                role: self.execution_role.as_deref(),
            };
            let prepared = stopped::or(emr::prepare(&request, session)).await;
            let prepared = prepared.ok_or_else(stopped_early)??;
            return Ok(Finished::done(prepared.shown(session)));
        }
        if cluster_id(&self.stack).is_some() {
            return Err(emr::needs_aws());
        }
        let given = GivenStack::open(&self.stack, &self.target.choice(), session).await?;
        let stack = &given.name;
        let observed = given.observe("ui").await?;
        let running = running(&observed, &given).filter(|_| !self.history);
        let shown = Shown::default();
        let work = async {
            match running {
                Some(Live::Here(address)) => {
                    shown.show(vec![Page::of(None, address)], session);
                    Ok(())
                }
                Some(Live::OnCluster) => self.live(&given, &shown).await,
                None => self.past(&observed, &given, &shown).await,
            }
        };
        stopped::or(work).await.transpose()?;
        let Some(pages) = shown.0.into_inner() else {
            return Err(stopped_early());
        };
        Ok(Finished::done(UiDocument {
            stack: Some(stack.clone()),
            cluster: None,
            pages,
        }))
    }
}

fn stopped_early() -> Failure {
    Failure::new(Exit::Interrupted, "stopped before a page was open").hint(Command::again())
}

/// Where the pages of a running job are.
enum Live {
    /// On this machine, at an address with its password.
    Here(String),
    /// On a cluster.
    OnCluster,
}

/// The pages of a job that runs now.
fn running(observed: &Observed, given: &GivenStack<'_>) -> Option<Live> {
    let cluster = observed.live()?;
    let mut steps = cluster.steps.iter();
    let step = steps.find(|step| step.state == StepState::Running)?;
    if !given.target.costs() {
        // A step that has not started Spark, or never does, has no page.
        return step.ui.clone().map(Live::Here);
    }
    Some(Live::OnCluster)
}

/// The pages that were shown, if any.
#[derive(Default)]
struct Shown(OnceCell<Vec<Page>>);

impl Shown {
    /// Shows the addresses of pages.
    fn show(&self, pages: Vec<Page>, session: &Session) {
        for page in self.0.get_or_init(|| pages) {
            let name = page.name().map(|name| line(name, 60));
            let name = name.map(|name| format!("  {name}")).unwrap_or_default();
            let shown = format!("{}{name}", page.address);
            if session.reporter.is_for_machines() {
                // The document follows when the pages are gone.
                session.reporter.say(&shown);
            } else {
                session.reporter.text(&shown);
            }
        }
    }
}

impl UiArgs {
    /// Shows the pages of what runs on a cluster, until the tunnel ends.
    async fn live(&self, given: &GivenStack<'_>, shown: &Shown) -> Result<(), Failure> {
        let session = given.target.session;
        let Some(aws) = given.target.cloud.aws() else {
            return Ok(());
        };
        let login = aws.log_in(&given.name).await;
        let login = login.map_err(|error| match error.class {
            // The cluster lets nobody in, or not yet.
            Class::Input | Class::Failed => tunnel::or_without(error.into()),
            Class::Busy | Class::Missing | Class::Account | Class::Unreachable => error.into(),
        })?;
        if let Login::Ssh(Shell {
            warning: Some(warning),
            ..
        }) = &login
        {
            ssh::warn(warning, session);
        }
        let progress = session.reporter.progress();
        progress.on_wait("asking the cluster what runs".to_owned());
        let applications = tunnel::applications(&login).await?;
        if applications.is_empty() {
            progress.clear();
            let message = "no Spark application runs on the cluster at the moment";
            return Err(Failure::new(Exit::Failed, message)
                .hint("try again when the step has started Spark, or see the last run")
                .hint(Command::clusterup("ui --history").this_stack()));
        }
        progress.on_wait("opening a tunnel to the cluster".to_owned());
        let mut tunnel = tunnel::to_pages(&login, self.port).await?;
        progress.clear();
        let page = |it: RunningApplication| {
            let address = tunnel.address(&it);
            let RunningApplication { id, name } = it;
            Page::of(Some(Application { id, name }), address)
        };
        shown.show(applications.into_iter().map(page).collect(), session);
        session.reporter.say(UNTIL);
        Err(tunnel.wait().await)
    }

    /// Shows the pages of the last run that has an event log, until the server ends.
    async fn past(
        &self,
        observed: &Observed,
        given: &GivenStack<'_>,
        shown: &Shown,
    ) -> Result<(), Failure> {
        let session = given.target.session;
        let folder = HistoryFolder::create()?;
        let progress = session.reporter.progress();
        let copied = copied(observed, given, &folder, &*progress).await?;
        let Some(many) = copied else {
            progress.clear();
            return Err(no_run(given));
        };
        let runtime = session.environment.store()?.runtime(&*progress).await?;
        progress.on_wait("starting Spark's history server".to_owned());
        let program = Environment::program()?;
        let mut server = HistoryServer::start(&runtime, &program, folder, self.port)?;
        let listed = server.applications(many).await?;
        progress.clear();
        let page = |it: Application| {
            let address = server.address(Some(&it));
            Page::of(Some(it), address)
        };
        let pages = if listed.is_empty() {
            vec![Page::of(None, server.address(None))]
        } else {
            listed.into_iter().map(page).collect()
        };
        shown.show(pages, session);
        session.reporter.say(UNTIL);
        Err(server.wait().await.into())
    }
}

const UNTIL: &str = "Press Ctrl-C to close it.";

/// Copies the event logs of the newest run that has any. Returns how many applications they are of.
async fn copied(
    observed: &Observed,
    given: &GivenStack<'_>,
    folder: &HistoryFolder,
    progress: &dyn Progress,
) -> Result<Option<usize>, Failure> {
    for (cluster, job) in observed
        .clusters
        .iter()
        .rev()
        .filter_map(summaries::last_job)
    {
        let Some(run) = cluster.run_of(job) else {
            continue;
        };
        let cloud = &*given.target.cloud;
        let many = cloud
            .copy_event_logs(cluster, &run, &folder.logs(), progress)
            .await?;
        if many > 0 {
            return Ok(Some(many));
        }
    }
    Ok(None)
}

fn no_run(given: &GivenStack<'_>) -> Failure {
    let message = format!("no run of stack {} has an event log", given.name);
    Failure::input(message)
        .hint("Spark writes one while a step runs; see what has run")
        .hint(Command::clusterup("status").this_stack())
}
