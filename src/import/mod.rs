//! Makes a stack of what other tools made. Whatever form it has, it becomes the request RunJobFlow in
//! the names of EMR's API (`request`), of which the YAML of a stack is made (`yaml`, `emit`). Each field
//! of the request is carried, or it is a loss with a comment at its place (`fates`).

mod at;
mod emit;
mod fates;
mod form;
mod json;
mod known_losses;
mod path;
mod request;
mod secrets;
mod settle;
mod yaml;

pub use fates::{Counts, Fate, Loss};

use crate::cost::catalog::Catalog;
use crate::cost::estimate::Estimate;
use crate::model::Invalid;
use crate::model::desired::InstanceGroups;
use crate::model::name::{Region, StackName};
use crate::model::stack::Stack;
use crate::text::Diagnostics;
use at::At;
use fates::Ledger;
use rust_decimal::Decimal;
use serde::Serialize;
use yaml::Yaml;

/// The largest document that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// What a document was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// RunJobFlow's JSON, as boto3 and Airflow take it.
    RunJobFlow,
    /// A line of `aws emr create-cluster`, as the console exports it.
    Cli,
    /// Terraform's state or plan, as `terraform show -json` prints it.
    Terraform,
    /// A template of CloudFormation, in JSON or YAML.
    #[serde(rename = "cloudformation")]
    CloudFormation,
    /// A cluster as AWS's command line describes it.
    Cluster,
    /// CloudTrail's records of calls of RunJobFlow.
    #[serde(rename = "cloudtrail")]
    CloudTrail,
}

impl Form {
    /// The form in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunJobFlow => "the JSON of RunJobFlow",
            Self::Cli => "a line of `aws emr create-cluster`",
            Self::Terraform => "Terraform's state",
            Self::CloudFormation => "a template of CloudFormation",
            Self::Cluster => "the description of a cluster",
            Self::CloudTrail => "CloudTrail's record of RunJobFlow",
        }
    }
}

/// What a document does not say, or is not to decide.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What the document was written for; `None` to recognise it.
    pub form: Option<Form>,
    /// Which cluster is meant, of a document with several; `None` for the only one.
    pub cluster: Option<String>,
    /// The stack's name; `None` for one after that of the cluster.
    pub name: Option<StackName>,
    /// The region; `None` for the document's.
    pub region: Option<Region>,
    /// The region if the document names none.
    pub default_region: Option<Region>,
    /// Parts of the document that its source did not give: the place, and why.
    pub not_given: Vec<(String, String)>,
}

/// A stack that was made.
#[derive(Debug)]
pub struct Imported {
    /// What the document was written for.
    pub form: Form,
    /// The stack's file, with comments.
    pub text: String,
    /// The stack, as its reader reads the file.
    pub stack: Stack,
    /// How many fields of the document it has.
    pub counts: Counts,
    /// What it does not have, in the order of the document.
    pub losses: Vec<Loss>,
}

/// A document of which no stack can be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The place in the document.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

/// Why no stack was made.
#[derive(Debug)]
pub enum Refused {
    /// The document cannot be read.
    Document(Wrong),
    /// It has several clusters, and none is chosen: their names.
    Clusters(Vec<String>),
    /// It has no cluster of the name that was asked for.
    NoCluster {
        /// That name.
        wanted: String,
        /// The names of the clusters that it has; at least one.
        names: Vec<String>,
    },
    /// Nobody names the region.
    Region,
    /// The stack's own reader does not take what was made of it.
    Stack(Box<Diagnostics>),
}

impl From<Wrong> for Refused {
    fn from(wrong: Wrong) -> Self {
        Self::Document(wrong)
    }
}

/// Makes a stack of a document. `catalog` prices its guardrail.
///
/// # Errors
/// Why no stack can be made of it.
pub fn import(document: &str, options: &Options, catalog: &Catalog) -> Result<Imported, Refused> {
    if document.len() > MAX_BYTES {
        let place = "the document".to_owned();
        let message = format!("it is longer than {} MiB", MAX_BYTES >> 20);
        return Err(Refused::Document(Wrong { place, message }));
    }
    let read = form::read(document, options.form, options.cluster.as_deref())?;
    let (form, mut root) = (read.form, read.request);
    let options = with_region(options, read.region)?;
    let mut ledger = Ledger::of(&root, read.places);
    let not_given = options.not_given.iter();
    let not_given = not_given.map(|(place, why)| (place.clone(), Fate::Lost, why.clone()));
    for (place, fate, reason) in read.losses.into_iter().chain(not_given) {
        ledger.lost_before(place, fate, reason);
    }
    secrets::replace(&mut root, &ledger);
    templates(&root, &path::Path::default(), &ledger);
    let at = At::root(&ledger, &root);
    let mut made = request::stack(&at, &options)?;
    ledger.finish();
    let whole = |found: Diagnostics| Refused::Stack(Box::new(found));
    let stack = settle::settle(&mut made, &ledger).map_err(whole)?;
    guard(&mut made, &stack, catalog);
    head(&mut made, form, ledger.counts());
    let stack = settle::settle(&mut made, &ledger).map_err(whole)?;
    let losses = ledger.losses();
    Ok(Imported {
        form,
        text: emit::written(&made, &losses).text,
        stack,
        counts: ledger.counts(),
        losses,
    })
}

/// The options with the region that the document names, unless they have one.
fn with_region(options: &Options, named: Option<String>) -> Result<Options, Wrong> {
    let mut options = options.clone();
    if let (None, Some(named)) = (&options.region, named) {
        let region = named.parse().map_err(|invalid: Invalid| Wrong {
            place: "the region".to_owned(),
            message: invalid.to_string(),
        })?;
        options.region = Some(region);
    }
    Ok(options)
}

/// Text that Airflow fills in stays as it is, and clusterup does not fill it in. A name with such text is
/// still a name; anything else gets another value than the job expects.
fn templates(value: &serde_json::Value, path: &path::Path, ledger: &Ledger) {
    use serde_json::Value;
    match value {
        Value::String(text) if is_template(text) => {
            let reason = "a template is filled in by Airflow, and clusterup passes it on as it is";
            let is_name = path.pattern().split('.').next_back() == Some("Name");
            let fate = if is_name { Fate::Lost } else { Fate::Fatal };
            ledger.lose(path, fate, reason);
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                templates(item, &path.item(number), ledger);
            }
        }
        Value::Object(entries) => {
            for (name, value) in entries {
                templates(value, &path.name(name), ledger);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether Airflow fills in a text. `{{NAME}}` of capital letters is one of YARN's variables.
fn is_template(text: &str) -> bool {
    let is_variable = |name: &str| {
        let byte = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        !name.is_empty() && name.bytes().all(byte)
    };
    let mut begun = text.split("{{").skip(1);
    let is_filled = |rest: &str| {
        rest.split_once("}}")
            .is_some_and(|(name, _)| !is_variable(name))
    };
    begun.any(is_filled) || text.contains("{%") && text.contains("%}")
}

/// The budget where the price is not known.
const BUDGET: u32 = 10;

/// Adds a budget that the longest life of the cluster keeps within.
fn guard(made: &mut Yaml, stack: &Stack, catalog: &Catalog) {
    let groups = InstanceGroups::of(&stack.cluster);
    let life = stack.guardrails.max_lifetime;
    let estimate = Estimate::of(catalog, &stack.region, &groups).ok();
    let (budget, note) = match estimate {
        Some(estimate) => {
            let whole = estimate.run(life).up_to(0).amount().max(Decimal::ONE);
            let hourly = estimate.hourly.up_to(2);
            let note = format!("added: what {life} cost at {hourly} an hour; set it lower");
            (whole, note)
        }
        None => {
            let note = "added: the price of these machines is not known; set it to what you allow";
            (Decimal::from(BUDGET), note.to_owned())
        }
    };
    if let Some(guardrails) = made.entry_mut("guardrails") {
        guardrails.push(
            "budget",
            Yaml::plain(format!("${budget}")).fixed().note(note),
        );
    }
}

/// Says at the top what the comments mean.
fn head(made: &mut Yaml, form: Form, counts: Counts) {
    let Counts {
        carried,
        lost,
        fatal,
    } = counts;
    let head = format!(
        "Imported from {}: {carried} fields carried, {lost} lost, {fatal} fatal.",
        form.as_str()
    );
    let key = "Comments say what is not in this stack (lost; fatal where the job or the cluster \
               would do something else), and what was added.";
    made.notes.insert(0, head);
    made.notes.insert(1, key.to_owned());
}
