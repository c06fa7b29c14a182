//! `click` against the arguments of the step: what a command requires and the step does not give.

use super::argparse::{Argument, Parser};
use super::call::Call;
use super::value::FunctionId;
use super::walk::Walk;
use ruff_python_ast::{Decorator, Expr, StmtFunctionDef};

/// Decorators that require nothing.
const HARMLESS: [&str; 4] = [
    "click.help_option",
    "click.pass_context",
    "click.pass_obj",
    "click.version_option",
];

/// What a command may be declared with. Other settings, such as those of the context, can give values.
const OF_COMMAND: [&str; 5] = ["name", "help", "short_help", "epilog", "no_args_is_help"];

/// What a command may be called with that gives it no arguments.
const OF_CALL: [&str; 3] = ["obj", "prog_name", "standalone_mode"];

impl<'a> Walk<'a> {
    /// Notes what the command requires that the decorators of a function make of it.
    pub(super) fn note_command(&mut self, id: FunctionId, def: &'a StmtFunctionDef) {
        let mut parser = Parser::default();
        let mut is_command = false;
        for decorator in &def.decorator_list {
            let (name, call) = self.decorator(decorator);
            match name.as_deref() {
                Some("click.command") => {
                    is_command = true;
                    let is_plain = |call: &Call<'_>| {
                        let mut names = call.named.iter().map(|(name, _)| name);
                        !call.is_open && names.all(|name| OF_COMMAND.contains(name))
                    };
                    if !call.as_ref().is_none_or(is_plain) {
                        parser.open();
                    }
                }
                Some("click.option") => parser.add(call.as_ref().and_then(Argument::option)),
                Some("click.argument") => parser.add(call.as_ref().and_then(Argument::positional)),
                Some(name) if HARMLESS.contains(&name) => {}
                Some(_) | None => parser.open(),
            }
        }
        if is_command {
            self.parsers.insert(id.0, parser);
        }
    }

    /// The dotted name of a decorator, and its call if it is one.
    fn decorator(&mut self, decorator: &'a Decorator) -> (Option<String>, Option<Call<'a>>) {
        let node = decorator.expression.as_call_expr();
        let function: &Expr = node.map_or(&decorator.expression, |node| &node.func);
        let name = self.peek(function).import_name().map(str::to_owned);
        let call = node.map(|node| Call::of(self, node));
        (name, call)
    }

    /// A call of a function, which may be a command that reads the command line.
    pub(super) fn run_command(&mut self, id: FunctionId, call: &Call<'a>) {
        let mut names = call.named.iter().map(|(name, _)| name);
        let is_plain = call.args.is_empty() && !call.is_open;
        if is_plain && names.all(|name| OF_CALL.contains(name)) && self.parsers.contains_key(&id.0)
        {
            self.parse(id.0);
        }
    }
}
