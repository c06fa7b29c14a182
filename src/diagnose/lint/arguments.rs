//! `sys.argv` against the arguments of the step.

use super::text::Text;
use super::value::Value;
use super::walk::Walk;
use crate::model::lint::LintCode;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprSubscript, Stmt};
use ruff_text_size::Ranged;

impl<'a> Walk<'a> {
    /// `sys.argv[index]`, where `sys.argv` is known from `from` on.
    pub(super) fn argument(
        &mut self,
        subscript: &'a ExprSubscript,
        from: usize,
        index: i64,
    ) -> Value {
        let Ok(index) = usize::try_from(index) else {
            return Value::Unknown;
        };
        let index = index.saturating_add(from);
        let Some(number) = index.checked_sub(1) else {
            // The script's own name.
            return Value::Text(Text::unknown());
        };
        if let Some(arg) = self.script.step.args.get(number) {
            return Value::Text(Text::given(arg));
        }
        let message = format!("the script reads argument {index}, and {}", self.given());
        self.too_few(subscript, message);
        Value::Unknown
    }

    /// `_, a, b = sys.argv`, with `count` names on the left.
    pub(super) fn unpack_arguments(
        &mut self,
        targets: &'a Expr,
        count: usize,
        from: usize,
    ) -> Vec<Value> {
        let args = &self.script.step.args;
        let there = (args.len() + 1).saturating_sub(from);
        if there < count {
            let message = format!(
                "the script takes {} from its command line, and {}",
                arguments(count - usize::from(from == 0)),
                self.given()
            );
            self.too_few(targets, message);
            return Vec::new();
        }
        let one = |index: usize| match index.checked_sub(1) {
            Some(number) => {
                let arg = args.get(number);
                arg.map_or(Value::Unknown, |arg| Value::Text(Text::given(arg)))
            }
            None => Value::Text(Text::unknown()),
        };
        (from..from + count).map(one).collect()
    }

    /// A test that holds with the step's arguments, whose block ends the script.
    pub(super) fn check_usage(&mut self, test: &'a Expr, body: &'a [Stmt]) {
        let mut search = CountsArguments {
            walk: self,
            found: false,
        };
        search.visit_expr(test);
        let is_exit = match body.last() {
            Some(Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_)) => false,
            Some(Stmt::Expr(last)) => !ends_well(&last.value),
            Some(_) | None => true,
        };
        if search.found && is_exit && self.function.is_none() {
            let message = format!("the script ends here, because {}", self.given());
            self.too_few(test, message);
        }
    }

    fn too_few(&mut self, at: &impl Ranged, message: String) {
        if self.around.index_guards == 0 && !self.changes_argv {
            let help = "add the argument to the step's `args`, or let the script check \
                        `len(sys.argv)` before it reads it";
            self.report(LintCode::TooFewArgs, at, message, help);
        }
    }

    /// As in `step "one" gives it 1 argument`.
    pub(super) fn given(&self) -> String {
        let step = &self.script.step;
        let count = arguments(step.args.len());
        format!("step {:?} gives it {count}", step.name.as_str())
    }
}

/// Whether a call ends the program with the exit code 0: `sys.exit()` or `exit(0)`.
pub(super) fn ends_well(last: &Expr) -> bool {
    let Some(call) = last.as_call_expr() else {
        return false;
    };
    let code = call.arguments.args.first();
    code.is_none_or(|code| {
        let number = code.as_number_literal_expr();
        number.is_some_and(|it| it.value.as_int().and_then(|it| it.as_u8()) == Some(0))
    })
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

/// Searches a test for `len(sys.argv)`.
struct CountsArguments<'w, 'a> {
    walk: &'w Walk<'a>,
    found: bool,
}

impl<'e> Visitor<'e> for CountsArguments<'_, '_> {
    fn visit_expr(&mut self, expression: &'e Expr) {
        if let Value::Argv(_) = self.walk.peek(expression) {
            self.found = true;
        }
        visitor::walk_expr(self, expression);
    }
}
