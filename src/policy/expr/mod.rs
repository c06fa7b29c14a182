//! Rules in CEL. A rule is parsed and checked here, so that mistakes are explained at their place
//! and the crate that evaluates rules only receives sound ones.

mod calls;
mod check;
mod flaw;
mod lex;
mod parse;
mod regex;
#[cfg(test)]
mod tests;
mod tree;
mod types;

pub(super) use flaw::Flaw;

use super::names::{self, specimen};
use super::subject::Subject;
use cel::{Context, ExecutionError, Program, Value};
use std::fmt;
use std::sync::Arc;

/// The maximum length of a rule in bytes.
const MAX_BYTES: usize = 4_096;

/// A compiled rule.
#[derive(Clone)]
pub(super) struct Expr {
    text: String,
    program: Arc<Program>,
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.text).finish()
    }
}

impl Expr {
    /// Parses and checks a rule.
    ///
    /// # Errors
    /// Returns every flaw in the rule.
    pub(super) fn compile(text: &str) -> Result<Self, Vec<Flaw>> {
        if text.len() > MAX_BYTES {
            let message = format!("the rule is longer than {MAX_BYTES} bytes");
            let flaw = Flaw::new(0..text.len(), message).help("split it into several rules");
            return Err(vec![flaw]);
        }
        let root = parse::parse(text).map_err(|flaw| vec![flaw])?;
        let whole = root.range.clone();
        let converted = check::check(text, &root)?;
        let wrong = |message: String| vec![Flaw::new(whole.clone(), message)];
        let program = Program::compile(&converted)
            .map_err(|_| wrong("CEL cannot read this expression".to_owned()))?;
        let expr = Self {
            text: text.to_owned(),
            program: Arc::new(program),
        };
        // A rule is sound even if the specimen has no value for a name that the rule reads.
        match expr.evaluate(&specimen()) {
            Err(error) if !is_absence(&error) => Err(wrong(format!(
                "this cannot be evaluated even for an ordinary stack: {}",
                words(&error, true)
            ))),
            _ => Ok(expr),
        }
    }

    /// The rule as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates the rule for a stack.
    ///
    /// # Errors
    /// Returns why the rule cannot be evaluated, such as an unknown price.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> Result<bool, String> {
        self.evaluate(subject)
            .map_err(|error| words(&error, subject.price.is_some()))
    }

    fn evaluate(&self, subject: &Subject<'_>) -> Result<bool, ExecutionError> {
        let mut context = Context::default();
        for (name, value) in names::values(subject) {
            context
                .add_variable(name, value)
                .map_err(|error| ExecutionError::function_error("values", error))?;
        }
        let result = self.program.execute(&context)?;
        if let Value::Bool(holds) = result {
            return Ok(holds);
        }
        Err(result.error_expected_type(cel::objects::ValueType::Bool))
    }
}

fn is_absence(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)
    )
}

/// Explains why a rule cannot be evaluated.
fn words(error: &ExecutionError, priced: bool) -> String {
    if let ExecutionError::NoSuchKey(key) = error {
        let cost = names::ROOT.iter().find(|it| it.name == "cost");
        return match cost.map(|cost| &cost.shape) {
            Some(names::Shape::Group(of)) if !priced && of.iter().any(|it| it.name == **key) => {
                "the cluster's price is not known".to_owned()
            }
            _ => format!("there is no `{key}`; check for it with `has` or `in` first"),
        };
    }
    if let ExecutionError::FunctionError { function, message } = error {
        let last = message.lines().last().unwrap_or_default().trim();
        let last = last.trim_start_matches("error: ");
        return format!("`{function}` fails: {last}");
    }
    if matches!(error, ExecutionError::IndexOutOfBounds(_)) {
        return "a list is shorter than the rule assumes".to_owned();
    }
    if matches!(
        error,
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_)
    ) {
        return "it divides by zero".to_owned();
    }
    if matches!(error, ExecutionError::Overflow(..)) {
        return "a number grows too large".to_owned();
    }
    format!("CEL reports: {error}")
}
