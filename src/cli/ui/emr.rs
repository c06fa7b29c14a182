//! `ui --aws`: the page that EMR itself serves, which needs neither a way to log in to the cluster nor
//! Spark on this machine.

use super::pages::{Page, PageApplication, UiDocument};
use crate::app::diagnosis::cluster_id;
use crate::app::failure::{Exit, Failure};
use crate::app::given_stack::GivenStack;
use crate::app::session::Session;
use crate::app::summaries;
use crate::app::target::{Target, TargetChoice};
use crate::cloud::AwsAccount;
use crate::model::app_ui::{AppUi, AppUiCluster, EventLogPlace, NoAppUi, OnClusterUi};
use crate::model::aws_names::RoleName;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, StepState};
use crate::model::presigned_url::PresignedUrl;
use crate::model::shown::line;
use crate::run::clock::SystemClock;

/// What the command line asks for.
pub(super) struct Request<'a> {
    /// A stack's file or name, or a cluster's id.
    pub(super) what: &'a str,
    pub(super) choice: TargetChoice,
    /// The ARN of a step's role.
    pub(super) role: Option<&'a str>,
}

/// A page that EMR has prepared.
pub(super) struct Prepared {
    stack: Option<StackName>,
    cluster: ClusterId,
    ui: AppUi,
    url: PresignedUrl,
}

/// The error for a cluster's id without `--aws`.
pub(super) fn needs_aws() -> Failure {
    Failure::input("without --aws, ui takes a stack and no cluster's id")
        .hint("a cluster of anybody is shown on the page that EMR serves")
        .hint(with_aws())
}

/// The same with `--aws`, and without what does not go with it.
fn with_aws() -> Command {
    Command::again_with("--aws")
        .without("--history", 0)
        .without("--port", 1)
        .without("--local", 0)
}

/// The role that a word of the command line names by its ARN.
pub(super) fn role_arn(text: &str) -> Result<String, String> {
    let is_arn = text.starts_with("arn:") && text.parse::<RoleName>().is_ok();
    is_arn.then(|| text.to_owned()).ok_or_else(|| {
        "expected the ARN of a role, such as arn:aws:iam::123456789012:role/Analysts".to_owned()
    })
}

/// Chooses the page and waits until EMR has prepared it.
pub(super) async fn prepare(request: &Request<'_>, session: &Session) -> Result<Prepared, Failure> {
    let Request { what, choice, role } = request;
    if let Some(id) = cluster_id(what) {
        let target = Target::open(choice, None, session).await?;
        let aws = account(&target)?;
        let Some(cluster) = aws.app_ui_cluster(&id).await? else {
            let place = target.place.in_words();
            return Err(Failure::input(format!("there is no cluster {id} {place}"))
                .hint("list the stacks and their clusters")
                .hint(Command::clusterup("status").target()));
        };
        // A name can be given to any cluster: only an observation finds the stack's own.
        let own = match &cluster.stack {
            Some(stack) => target.cloud.observe(stack, None).await?.clusters,
            None => Vec::new(),
        };
        let own = own.into_iter().find(|own| own.id == id);
        return show(*role, &target, &cluster, own.as_ref()).await;
    }
    let given = GivenStack::open(what, choice, session).await?;
    let aws = account(&given.target)?;
    let observed = given.observe("ui").await?;
    let none = || {
        Failure::input(format!("stack {} has no cluster", given.name))
            .hint("see what exists")
            .hint(Command::clusterup("status").this_stack())
    };
    let own = observed.live().or_else(|| observed.latest());
    let own = own.ok_or_else(none)?;
    let cluster = aws.app_ui_cluster(&own.id).await?.ok_or_else(none)?;
    show(*role, &given.target, &cluster, Some(own)).await
}

fn account<'a>(target: &'a Target<'_>) -> Result<&'a dyn AwsAccount, Failure> {
    target.cloud.aws().ok_or_else(|| {
        Failure::input("--aws shows clusters of AWS, and none of this machine")
            .hint(Command::clusterup("ui").this_stack())
    })
}

/// Gets the page of a cluster; `own` is what was observed of it, if it is a stack's.
async fn show(
    role: Option<&str>,
    target: &Target<'_>,
    cluster: &AppUiCluster,
    own: Option<&Cluster>,
) -> Result<Prepared, Failure> {
    let aws = account(target)?;
    let job = own.and_then(summaries::last_job);
    let run = job.and_then(|(own, job)| Some((own, own.run_of(job)?)));
    let log = match &run {
        Some((own, run)) => aws.event_log_place(own, run).await?,
        None => EventLogPlace::Elsewhere,
    };
    let runs = own.is_some_and(|own| {
        let mut steps = own.steps.iter();
        steps.any(|step| step.state == StepState::Running)
    });
    let stack = own.map(|own| own.stack.clone());
    let chosen = cluster.choose(&log, runs, SystemClock.now());
    let ui = chosen.map_err(|reason| no_page(reason, cluster, stack.as_ref()))?;
    let progress = target.session.reporter.progress();
    let url = aws.app_ui(&cluster.id, &ui, role, &*progress).await;
    progress.clear();
    Ok(Prepared {
        stack,
        cluster: cluster.id.clone(),
        ui,
        url: url?,
    })
}

/// The error for a cluster whose applications no page of EMR shows.
fn no_page(reason: NoAppUi, cluster: &AppUiCluster, stack: Option<&StackName>) -> Failure {
    let id = &cluster.id;
    match reason {
        NoAppUi::NotReady => {
            Failure::new(Exit::Failed, format!("cluster {id} has not started yet"))
                .hint("try again when a step runs on it")
                .hint(Command::again())
        }
        NoAppUi::NoSpark => Failure::input(format!("cluster {id} does not have Spark")),
        NoAppUi::InBucket => {
            let message = format!(
                "EMR's pages have nothing to show of the last run of cluster {id}: they read event \
                 logs in HDFS, and clusterup writes them to its bucket"
            );
            let ui = Command::clusterup("ui");
            Failure::new(Exit::Failed, message)
                .hint("Spark's history server on this machine shows the run")
                .hint(stack.map_or_else(|| ui.clone().this_stack(), |it| ui.clone().stack(it)))
        }
        NoAppUi::OldRelease(releases) => Failure::input(format!(
            "cluster {id} has release {}, and EMR has this page for {releases}",
            line(&cluster.release, 40)
        )),
        NoAppUi::Expired => Failure::input(format!(
            "cluster {id} ended more than 30 days ago, and EMR no longer shows its applications"
        )),
    }
}

impl Prepared {
    /// Shows the address, once: in the text, or else in the document that is returned.
    pub(super) fn shown(self, session: &Session) -> UiDocument {
        let reporter = &session.reporter;
        reporter.text(self.url.reveal());
        reporter.say(
            "The address is a credential: it opens the page without a login. Do not share it.",
        );
        reporter.say(match self.ui {
            AppUi::Persistent => {
                "It shows applications whose event log is in HDFS, EMR's default: from about two \
                 minutes after they wrote it until 30 days after they ended."
            }
            AppUi::OnCluster(OnClusterUi::History) => {
                "It shows applications whose event log is in HDFS, EMR's default. While it is open, \
                 EMR's idle policy does not count the cluster as idle."
            }
            AppUi::OnCluster(OnClusterUi::Manager | OnClusterUi::Application(_)) => {
                "While it is open, EMR's idle policy does not count the cluster as idle."
            }
        });
        let application = self.ui.application();
        let page = Page {
            application: application.map(|id| PageApplication {
                id: id.to_string(),
                name: None,
            }),
            kind: Some(self.ui.as_str().to_owned()),
            address: self.url.reveal().to_owned(),
        };
        UiDocument {
            stack: self.stack,
            cluster: Some(self.cluster),
            pages: vec![page],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use crate::model::hint::CommandContext;
    use clap::Parser;

    #[test]
    fn an_id_of_emr_is_a_cluster() {
        for (word, is_cluster) in [
            ("j-2AB3CD4EF5GH6", true),
            ("movies", false),
            ("j-movies", false),
            ("j-2AB3CD4EF5GH6.yaml", false),
            ("local-3f9c2a71", false),
        ] {
            assert_eq!(cluster_id(word).is_some(), is_cluster, "{word}");
        }
    }

    #[test]
    fn a_page_of_emr_is_advised_in_a_command_that_is_accepted() {
        for flags in [
            &["--history"][..],
            &["--port", "18080"],
            &["--port=18080", "--history"],
            &["--local"],
            &["--region", "us-east-1"],
        ] {
            let again = [&["ui", "j-2AB3CD4EF5GH6"], flags].concat();
            let here = CommandContext {
                again: again.iter().map(|word| (*word).to_owned()).collect(),
                ..CommandContext::default()
            };
            let advised = with_aws().complete(&here);
            let words = shlex::split(&advised).unwrap();
            assert!(Args::try_parse_from(words).is_ok(), "{advised}");
            assert!(advised.contains("--aws"), "{advised}");
        }
    }

    #[test]
    fn a_role_is_named_by_its_arn() {
        let good = "arn:aws:iam::123456789012:role/a/Analysts";
        assert_eq!(role_arn(good).unwrap(), good);
        for bad in ["Analysts", "arn:aws:iam::123456789012:user/ann", ""] {
            assert!(role_arn(bad).is_err(), "{bad}");
        }
    }
}
