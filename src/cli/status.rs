//! `status`: stacks and clusters as they are.

use super::args::StatusArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::ledger;
use super::screen::Screen;
use super::stack_file;
use super::target::Target;
use super::unknown_stack;
use super::view;
use super::view::words::wrap;
use crate::cloud::Cloud;
use crate::cost::meter::rate;
use crate::guard;
use crate::model::hint::Command;
use crate::model::money::Usd;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Observed};
use crate::policy::Policies;
use serde_json::{Value, json};

pub(super) async fn run(
    args: &StatusArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let (stack, region) = match &args.stack {
        Some(stack) => {
            let (stack, region) = stack_file::name(stack)?;
            (Some(stack), region)
        }
        None => (None, None),
    };
    let policies = policies(args, context, screen).await;
    let target = Target::open(&args.target, region.as_ref(), context).await?;
    let cloud = &*target.cloud;
    let stacks = match stack {
        Some(stack) => vec![stack],
        None => cloud.stacks().await?,
    };
    let mut shown = Vec::new();
    let mut seen = Vec::new();
    let mut unread = false;
    for stack in &stacks {
        let mut observed = match cloud.observe(stack, None).await {
            Ok(observed) => observed,
            // One stack that cannot be read must not hide the others.
            Err(error) if args.stack.is_none() => {
                screen.say(&format!("stack {stack}: {error}"));
                unread = true;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let named = args.stack.is_some() && region.is_none();
        if named && observed.is_empty() && !unknown_stack::has_been(stack, &target, context, screen)
        {
            return Err(unknown_stack::was("status", stack, &target).await);
        }
        cloud.verify_safeguards(&mut observed).await;
        if observed.is_empty() {
            screen.text(&format!("stack {stack}: nothing of it is there"));
            screen.text(&screen.next(&Command::clusterup("status").target(), 2));
        } else {
            let shown = view::status::render(stack, &observed, &target, &screen.here);
            screen.text(&shown);
            for line in outside(&policies, &observed, screen) {
                screen.text(&line);
            }
            follow_caller(cloud, stack, screen).await;
        }
        shown.push(json!({ "stack": stack, "observed": told(&observed) }));
        seen.extend(observed.clusters);
    }
    ledger::note(&seen, &target, context, screen).await;
    if stacks.is_empty() {
        screen.text(&format!("no stacks {}", target.place()));
    }
    let exit = if unread { Exit::Failed } else { Exit::Done };
    screen.document("status", exit.code(), json!({ "stacks": shown }));
    Ok(exit)
}

/// Moves the rules of a stack's ports to this machine's address.
async fn follow_caller(cloud: &dyn Cloud, stack: &StackName, screen: &Screen) {
    match cloud.follow_caller(stack).await {
        Ok(ports) => ports.into_iter().for_each(|port| {
            screen.say(&format!(
                "port {port} is open to this machine's new address"
            ));
        }),
        // What there is can be told without it.
        Err(error) => screen.say(&format!("its door may be closed to you: {error}")),
    }
}

/// Those of the stack, as far as they can be read: what there is is shown anyway.
async fn policies(args: &StatusArgs, context: &Context, screen: &Screen) -> Policies {
    let stack = args.stack.as_deref();
    match args.policies.read_for(stack, context, screen).await {
        Ok(read) => read.policies,
        Err(failure) => {
            screen.failure_of_many(&failure);
            Policies::default()
        }
    }
}

/// Of each living cluster, what of its guardrails is outside its policies.
fn outside(policies: &Policies, observed: &Observed, screen: &Screen) -> Vec<String> {
    let living = observed.clusters.iter().filter(|it| it.state.is_live());
    let of = |cluster: &Cluster| {
        let own = cluster.guardrails();
        let bound = policies.bound(cluster);
        let dollars = |budget: Option<Usd>| budget.map_or("none".to_owned(), |it| it.to_string());
        let spans = [
            ("max_lifetime", own.max_lifetime, bound.max_lifetime),
            ("idle_timeout", own.idle_timeout, bound.idle_timeout),
        ];
        let mut beyond: Vec<String> = spans
            .into_iter()
            .filter(|(_, own, bound)| own > bound)
            .map(|(name, own, bound)| format!("{name} ({own}, and at most {bound})"))
            .collect();
        if own.budget != bound.budget {
            let own = dollars(own.budget);
            let most = dollars(bound.budget);
            beyond.push(format!("budget ({own}, and at most {most})"));
        }
        if own.off_hours != bound.off_hours {
            beyond.push("off_hours (not those of its policies)".to_owned());
        }
        let text = format!("! outside its policies: {}", beyond.join(", "));
        (!beyond.is_empty()).then(|| {
            let text = wrap(&text, 6);
            let [apply, destroy] = ["apply", "destroy"]
                .map(|verb| screen.next(&Command::clusterup(verb).stack(&cluster.stack), 6));
            format!("    {text}\n{apply}\n{destroy}")
        })
    };
    living.filter_map(of).collect()
}

/// What was seen, and of each living cluster its hard deadline, the dollars that it has `spent` and
/// what it costs `hourly`, null where its prices are not known.
fn told(observed: &Observed) -> Value {
    let mut told = json!(observed);
    let values = told["clusters"].as_array_mut().into_iter().flatten();
    let living = observed.clusters.iter().zip(values);
    for (cluster, value) in living.filter(|(cluster, _)| cluster.state.is_live()) {
        let rates = cluster.spec.rates.as_ref();
        let hourly = rates.map(|rates| rate(rates, &cluster.instance_spans, observed.at));
        let spent = guard::spent(cluster, observed.at);
        value["deadline"] = json!(guard::hard_deadline(cluster));
        value["spent"] = json!(spent.map(|bill| bill.total));
        value["hourly"] = json!(hourly);
    }
    told
}
