//! What happens when a step fails, checked against how many steps run at the same time.

use super::job::JOB;
use super::launch::LAUNCH;
use super::step::STEP;
use crate::model::work::OnFailure;
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::At;
use crate::text::node::Node;

const CONCURRENCY: &str = LAUNCH.key("step_concurrency");
const STEPS: &str = JOB.key("steps");
const ON_FAILURE: &str = STEP.key("on_failure");

/// Refuses a step that has to stop others which do not wait for it: with a concurrency of more than
/// one, EMR accepts no action on failure but CONTINUE (EMR API, RunJobFlow). A step that does not
/// state what happens is sent with that.
pub(super) fn check(at: &mut At<'_, '_>, cluster: &Node, job: &Node) {
    let Some(level) = cluster.entry(CONCURRENCY) else {
        return;
    };
    let several = level.value.text().and_then(|text| text.parse::<u16>().ok());
    let Some(several) = several.filter(|several| *several > 1) else {
        return;
    };
    let steps = job.get(STEPS).map_or(&[][..], Node::items);
    let stopping = steps.iter().filter_map(|step| step.get(ON_FAILURE));
    let stop = OnFailure::Stop.as_str();
    for node in stopping.filter(|node| node.text() == Some(stop)) {
        let message = format!("a step cannot stop the others while {several} run at the same time");
        at.wrong(
            Diagnostic::new(Code::Conflict, node.mark, message)
                .related(level.key.mark, "they do not wait for each other")
                .help(format!(
                    "write `{ON_FAILURE}: {}`, or remove `{CONCURRENCY}`",
                    OnFailure::Continue.as_str()
                )),
        );
    }
}
