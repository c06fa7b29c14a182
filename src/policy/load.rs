//! From a policy's text to a policy whose rules can be asked, or to all that is wrong with it.

use super::expr::Expr;
use crate::model::policy::Policy;
use crate::text::{self, Diagnostics, Flaw};

/// A policy with its rules ready to be asked.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub policy: Policy,
    /// One for each rule, in their order.
    pub(super) conditions: Vec<Expr>,
}

/// Reads the text of the file called `name`; each rule is tried once on a stack that has
/// everything.
///
/// # Errors
/// Every mistake, each at its line and column.
pub fn load(name: &str, text: &str) -> Result<Compiled, Diagnostics> {
    let written = text::policy(name, text)?;
    let mut conditions = Vec::new();
    let mut flaws = Vec::new();
    for (rule, said) in written.policy().rules.iter().enumerate() {
        match Expr::compile(&said.when) {
            Ok(condition) => conditions.push(condition),
            Err(found) => flaws.extend(found.into_iter().map(|flaw| Flaw {
                rule,
                range: flaw.range,
                message: flaw.message,
                expected: flaw.expected,
                help: flaw.help,
            })),
        }
    }
    let policy = written.checked(flaws)?;
    Ok(Compiled { policy, conditions })
}
