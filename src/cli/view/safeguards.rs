//! What ends a cluster, rung by rung, as plan and status say it.

use super::words::wrap;
use crate::model::hint::CommandContext;
use crate::model::safeguard::{Safeguard, SafeguardKind, SafeguardState};

/// A line or two a rung, to stand below a cluster: armed or not, why, and the command that arms it.
pub(in crate::cli) fn lines(safeguards: &[Safeguard], here: &CommandContext) -> Vec<String> {
    safeguards
        .iter()
        .flat_map(|safeguard| lines_of(safeguard, here))
        .collect()
}

fn lines_of(safeguard: &Safeguard, here: &CommandContext) -> Vec<String> {
    let name = safeguard.kind;
    match &safeguard.state {
        SafeguardState::Armed { at, says } => {
            let at = at.map_or(String::new(), |at| {
                format!(" at {}", at.format("%F %H:%M:%S UTC"))
            });
            vec![format!(
                "  {name:12} {}",
                wrap(&format!("armed: {says}{at}"), INDENT)
            )]
        }
        SafeguardState::Asked { at, says } => {
            let asked = format!("asked for {}: {says}", at.format("%F %H:%M:%S UTC"));
            vec![format!("  {name:12} {}", wrap(&asked, INDENT))]
        }
        SafeguardState::Disarmed { why, next } => {
            let why = wrap(&format!("disarmed: {why}"), INDENT);
            let next_is_none = next.is_none();
            let next = next
                .iter()
                .map(|next| format!("{:15}next: {}", "", next.complete(here)));
            // A cluster that is kept is meant to outlive its last step, and one that was left on
            // purpose, by `--detach` or with its job done, is meant to be followed by nobody.
            let chosen = matches!(name, SafeguardKind::LastStep | SafeguardKind::Apply);
            let sign = if chosen && next_is_none { ' ' } else { '!' };
            std::iter::once(format!("{sign} {name:12} {why}"))
                .chain(next)
                .collect()
        }
    }
}

/// Where a rung's words begin in a status, whose clusters are indented by four.
const INDENT: usize = 4 + 15;
