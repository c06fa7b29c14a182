//! Compiles a policy's text into a policy whose rules can be evaluated, or reports every mistake.

use super::expr::Expr;
use crate::model::policy::Policy;
use crate::text::{self, Diagnostics, Flaw};

/// A policy with its rules compiled.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The policy as written.
    pub policy: Policy,
    /// The condition of each rule, in the order of the rules.
    pub(super) conditions: Vec<Expr>,
}

/// Reads the text of the policy file `name` and compiles its rules, trying each on a stack that has
/// a value for every name.
///
/// # Errors
/// Returns every mistake with its line and column.
pub fn load(name: &str, text: &str) -> Result<Compiled, Diagnostics> {
    let written = text::policy(name, text)?;
    let mut conditions = Vec::new();
    let mut flaws = Vec::new();
    for (rule, condition) in written.policy().rules.iter().enumerate() {
        match Expr::compile(&condition.when) {
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
