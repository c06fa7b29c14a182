//! Rules in CEL. A rule is read and checked here, so that its mistakes are told in plain words and
//! at their place, and so that only what is sound reaches the crate that evaluates it.

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

pub use flaw::Flaw;

use super::names::{self, specimen};
use super::subject::Subject;
use cel::{Context, ExecutionError, Program, Value};
use std::fmt;
use std::sync::Arc;

/// A rule that is longer is no rule that people read.
const LONGEST: usize = 4_096;

/// A rule, ready to be asked.
#[derive(Clone)]
pub struct Expr {
    text: String,
    program: Arc<Program>,
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.text).finish()
    }
}

impl Expr {
    /// Reads a rule, or says everything that is wrong with it.
    pub fn compile(text: &str) -> Result<Self, Vec<Flaw>> {
        if text.len() > LONGEST {
            let message = format!("the rule is longer than {LONGEST} bytes");
            let flaw = Flaw::new(0..text.len(), message).help("say it in several rules");
            return Err(vec![flaw]);
        }
        let root = parse::parse(text).map_err(|flaw| vec![flaw])?;
        let whole = root.range.clone();
        let converted = check::check(text, &root)?;
        let wrong = |message: String| vec![Flaw::new(whole.clone(), message)];
        let program = Program::compile(&converted)
            .map_err(|_| wrong("CEL does not take this for an expression".to_owned()))?;
        let made = Self {
            text: text.to_owned(),
            program: Arc::new(program),
        };
        // What a stack happens not to have is no mistake of the rule.
        match made.evaluate(&specimen()) {
            Err(error) if !is_absence(&error) => Err(wrong(format!(
                "this cannot be told even of an ordinary stack: {}",
                words(&error, true)
            ))),
            _ => Ok(made),
        }
    }

    /// The rule as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is true of a stack, or why that cannot be told.
    pub fn holds(&self, subject: &Subject<'_>) -> Result<bool, String> {
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
        let told = self.program.execute(&context)?;
        if let Value::Bool(held) = told {
            return Ok(held);
        }
        Err(told.error_expected_type(cel::objects::ValueType::Bool))
    }
}

fn is_absence(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)
    )
}

/// Why a rule cannot be told, for people.
fn words(error: &ExecutionError, priced: bool) -> String {
    if let ExecutionError::NoSuchKey(key) = error {
        let cost = names::ROOT.iter().find(|it| it.name == "cost");
        return match cost.map(|cost| &cost.shape) {
            Some(names::Shape::Group(of)) if !priced && of.iter().any(|it| it.name == **key) => {
                "the cluster's price is not known".to_owned()
            }
            _ => format!("there is no `{key}`; a rule can ask by `has` or `in` whether there is"),
        };
    }
    if let ExecutionError::FunctionError { function, message } = error {
        let last = message.lines().last().unwrap_or_default().trim();
        let last = last.trim_start_matches("error: ");
        return format!("`{function}` cannot be told: {last}");
    }
    if matches!(error, ExecutionError::IndexOutOfBounds(_)) {
        return "a list is shorter than the rule takes it to be".to_owned();
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
    format!("CEL says: {error}")
}
