//! The safeguards of a cluster, as plan and status show them.

use super::tone::Tone;
use super::words::wrap;
use crate::model::hint::CommandContext;
use crate::model::safeguard::{Safeguard, SafeguardKind, SafeguardState};

/// The lines of each safeguard below its cluster: armed or not, why, and the command that arms it.
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
            let asked = format!("requested for {}: {says}", at.format("%F %H:%M:%S UTC"));
            vec![format!("  {name:12} {}", wrap(&asked, INDENT))]
        }
        SafeguardState::Disarmed { why, next } => {
            let why = wrap(&format!("disarmed: {why}"), INDENT);
            let next_is_none = next.is_none();
            let next = next
                .iter()
                .map(|next| format!("{:15}next: {}", "", next.complete(here)));
            // No alarm for what the user chose: a cluster that is kept outlives its last step, and
            // after `--detach` or the end of the job no `apply` follows it.
            let chosen = matches!(name, SafeguardKind::LastStep | SafeguardKind::Apply);
            let sign = if chosen && next_is_none {
                " ".to_owned()
            } else {
                Tone::Caution.mark("!")
            };
            std::iter::once(format!("{sign} {name:12} {why}"))
                .chain(next)
                .collect()
        }
    }
}

/// The column where a safeguard's text begins in a status, which indents clusters by four.
const INDENT: usize = 4 + 15;
