//! `import`: writes a stack from what other tools made. It changes no cluster.

use super::verb::{Finished, Verb};
use crate::app::failure::Failure;
use crate::app::import::{check, import};
use crate::app::new_file;
use crate::app::session::Session;
use crate::import::{Counts, Form, Loss, Options};
use crate::model::hint::Command;
use crate::model::name::{Region, StackName};
use clap::ValueEnum;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// A file, or - for standard input: RunJobFlow's JSON, as boto3 and Airflow take it; a line of
    /// `aws emr create-cluster`, as the console exports it; what `terraform show -json` prints; a template
    /// of CloudFormation; CloudTrail's record of RunJobFlow; what `aws emr describe-cluster` and `list-steps` print; or the id of a cluster
    /// (j-…) that is alive or ended in the last two months, which is read from EMR
    source: String,
    /// What it was written for [default: recognised]
    #[arg(long, value_enum)]
    from: Option<From>,
    /// Which cluster, if there are several: its address in Terraform, its logical id in a template, its id
    /// in CloudTrail's records
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The file to write, which must not exist [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the stack although the job or the cluster would do something else
    #[arg(long)]
    lossy: bool,
    /// The stack's name [default: the cluster's]
    #[arg(long)]
    name: Option<StackName>,
    /// The AWS region of the stack and of a cluster's id [default: that of the request, or the profile's]
    #[arg(long)]
    region: Option<Region>,
}

/// What a document was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    RunJobFlow,
    Cli,
    Terraform,
    #[value(name = "cloudformation")]
    CloudFormation,
    Cluster,
    #[value(name = "cloudtrail")]
    CloudTrail,
}

impl From {
    const fn form(self) -> Form {
        match self {
            Self::RunJobFlow => Form::RunJobFlow,
            Self::Cli => Form::Cli,
            Self::Terraform => Form::Terraform,
            Self::CloudFormation => Form::CloudFormation,
            Self::Cluster => Form::Cluster,
            Self::CloudTrail => Form::CloudTrail,
        }
    }
}

impl Verb for ImportArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let options = Options {
            form: self.from.map(From::form),
            cluster: self.cluster.clone(),
            name: self.name.clone(),
            region: self.region.clone(),
            default_region: None,
            not_given: Vec::new(),
        };
        let imported = import(&self.source, options, session).await?;
        if !self.lossy {
            check(&imported)?;
        }
        let Counts {
            carried,
            lost,
            fatal,
        } = imported.counts;
        match &self.out {
            Some(path) => new_file::write(path, &imported.text)?,
            None if reporter.is_for_machines() => {}
            None => reporter.raw(&imported.text),
        }
        reporter.say(&format!(
            "{carried} fields carried, {lost} lost, {fatal} fatal"
        ));
        if let Some(path) = &self.out {
            let file = path.display().to_string();
            reporter.say(&reporter.next(&Command::clusterup("validate").arg(file), 2));
        }
        Ok(Finished::done(ImportDocument {
            file: self.out.clone(),
            stack: imported.stack.name,
            form: imported.form,
            fields: imported.counts,
            losses: imported.losses,
            text: imported.text,
        }))
    }
}

/// What `import` has read and written.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ImportDocument {
    /// The file that was written; null if none was asked for.
    file: Option<PathBuf>,
    /// The name of the stack.
    stack: StackName,
    /// What the document was written for.
    form: Form,
    /// How many of its fields the stack has.
    fields: Counts,
    /// The fields that the stack does not have.
    losses: Vec<Loss>,
    /// The stack, as YAML.
    text: String,
}
