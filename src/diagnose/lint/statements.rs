//! Follows statements.

use super::arguments::ends_well;
use super::around::Around;
use super::value::Value;
use super::walk::Walk;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, ExceptHandler, Expr, ExprContext, MatchCase, Stmt, StmtFor, StmtIf, StmtImportFrom,
    StmtTry, StmtWhile, StmtWith, WithItem,
};

/// Functions that end the program.
const EXITS: [&str; 4] = ["sys.exit", "builtins.exit", "builtins.quit", "os._exit"];

impl<'a> Walk<'a> {
    /// Follows statements in order; returns whether they leave the block: what follows them does
    /// not run.
    pub(super) fn body(&mut self, body: &'a [Stmt]) -> bool {
        body.iter().any(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &'a Stmt) -> bool {
        match statement {
            Stmt::FunctionDef(def) => self.define(def),
            Stmt::ClassDef(def) => self.class(def),
            Stmt::Return(result) => {
                self.returns(result.value.as_deref());
                return true;
            }
            Stmt::Assign(assign) => {
                let value = self.eval(&assign.value);
                for target in &assign.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AugAssign(assign) => {
                let before = self.eval(&assign.target);
                let more = self.eval(&assign.value);
                let value = self.operation(before, assign.op, more);
                self.assign(&assign.target, value);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.eval(value);
                    self.assign(&assign.target, value);
                }
            }
            Stmt::For(each) => self.each(each),
            Stmt::While(again) => self.again(again),
            Stmt::If(test) => return self.test(test),
            Stmt::With(with) => return self.with(with),
            Stmt::Match(one_of) => {
                self.eval(&one_of.subject);
                self.cases(&one_of.cases);
            }
            Stmt::Raise(raise) => {
                if let Some(exception) = &raise.exc {
                    self.eval(exception);
                }
                return true;
            }
            Stmt::Try(attempt) => return self.attempt(attempt),
            Stmt::Assert(assert) => {
                self.eval(&assert.test);
            }
            Stmt::Import(import) => import.names.iter().for_each(|alias| self.import(alias)),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.scopes.global(name.as_str());
                }
            }
            Stmt::Expr(expression) => {
                self.eval(&expression.value);
                return self.ends(&expression.value);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.assign(target, Value::Unknown);
                }
            }
            Stmt::Break(_) | Stmt::Continue(_) => return true,
            Stmt::TypeAlias(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        false
    }

    fn returns(&mut self, value: Option<&'a Expr>) {
        let value = value.map_or(Value::Nothing, |value| self.eval(value));
        self.leaves();
        if let Some(function) = self.function {
            self.now.result(function, value);
        }
    }

    fn again(&mut self, again: &'a StmtWhile) {
        self.forget(&again.body);
        let truth = self.eval(&again.test).truth();
        if truth != Some(false) {
            self.rounds(&again.body, truth.is_some());
        }
        self.body(&again.orelse);
    }

    /// Binds the names of a target.
    pub(super) fn assign(&mut self, target: &'a Expr, value: Value) {
        if let Expr::Name(name) = target {
            self.scopes.set(name.id.as_str(), value);
        } else if let Expr::Attribute(attribute) = target {
            let object = self.eval(&attribute.value);
            if attribute.attr.as_str() == "argv" {
                self.changes_argv = true;
            }
            if let Value::Instance(class) | Value::Class(class) = object {
                self.now.attribute(class, attribute.attr.as_str(), value);
            }
        } else if let Expr::Tuple(tuple) = target {
            self.unpack(target, &tuple.elts, value);
        } else if let Expr::List(list) = target {
            self.unpack(target, &list.elts, value);
        } else if let Expr::Starred(starred) = target {
            self.assign(&starred.value, Value::Unknown);
        } else if let Expr::Subscript(subscript) = target {
            self.eval(&subscript.slice);
            // The list or `sys.argv` has other items now.
            self.changed(&subscript.value);
        }
    }

    /// Forgets what is known of a list that is changed in place.
    pub(super) fn changed(&mut self, list: &'a Expr) {
        if let Expr::Name(name) = list
            && let Some(Value::Items(_) | Value::Argv(_)) = self.scopes.get(name.id.as_str())
        {
            self.scopes.set(name.id.as_str(), Value::Unknown);
        } else if let Value::Argv(_) = self.peek(list) {
            // From here on, the script's arguments are not those of the step.
            self.changes_argv = true;
        }
    }

    fn unpack(&mut self, all: &'a Expr, targets: &'a [Expr], value: Value) {
        let has_rest = targets.iter().any(Expr::is_starred_expr);
        let mut values = Vec::new();
        if let Value::Argv(from) = value {
            if !has_rest {
                values = self.unpack_arguments(all, targets.len(), from);
            }
        } else if let Value::Items(items) = value
            && items.len() == targets.len()
            && !has_rest
        {
            values = items;
        }
        let mut values = values.into_iter();
        for target in targets {
            let value = values.next().unwrap_or_default();
            self.assign(target, value);
        }
    }

    fn each(&mut self, each: &'a StmtFor) {
        let (mut item, mut has_rounds) = (Value::Unknown, false);
        if let Value::Items(items) = self.eval(&each.iter) {
            has_rounds = !items.is_empty();
            item = items.into_iter().reduce(Value::or).unwrap_or_default();
        }
        self.forget(&each.body);
        self.assign(&each.target, item);
        self.rounds(&each.body, has_rounds);
        self.body(&each.orelse);
    }

    /// Follows the block of a loop. `surely`: whether it has a round.
    fn rounds(&mut self, body: &'a [Stmt], surely: bool) {
        let doubt = usize::from(!surely);
        self.around.loops += doubt;
        self.aside(body);
        self.around.loops -= doubt;
    }

    /// Forgets the values of all names that a loop assigns.
    fn forget(&mut self, body: &'a [Stmt]) {
        let mut assigned = Assigned(Vec::new());
        assigned.visit_body(body);
        for name in assigned.0 {
            let value = match self.scopes.get(name) {
                // A DataFrame that a loop changes is still one.
                Some(value @ Value::Spark(_)) => value.clone(),
                Some(_) => Value::Unknown,
                None => continue,
            };
            self.scopes.set(name, value);
        }
    }

    /// Follows a block that may run or not, and may run again.
    fn aside(&mut self, body: &'a [Stmt]) {
        let start = self.scopes.mark();
        self.body(body);
        let branch = self.scopes.undo(start);
        self.scopes.join(vec![branch, super::scope::Branch::new()]);
    }

    fn test(&mut self, test: &'a StmtIf) -> bool {
        let more = test.elif_else_clauses.iter();
        let more = more.map(|clause| (clause.test.as_ref(), clause.body.as_slice()));
        let clauses = std::iter::once((Some(&*test.test), test.body.as_slice())).chain(more);
        let was_sure = self.is_sure;
        let mut branches = Vec::new();
        let mut is_complete = false;
        for (test, body) in clauses {
            let truth = match test {
                Some(test) => self.eval(test).truth(),
                None => Some(true),
            };
            if truth == Some(false) {
                continue;
            }
            self.is_sure &= truth.is_some();
            let start = self.scopes.mark();
            let ends = self.body(body);
            let branch = self.scopes.undo(start);
            if !ends {
                branches.push(branch);
            } else if truth == Some(true)
                && let (true, Some(test)) = (self.is_sure, test)
            {
                self.check_usage(test, body);
            }
            if truth == Some(true) {
                is_complete = true;
                break;
            }
        }
        self.is_sure = was_sure;
        if !is_complete {
            branches.push(super::scope::Branch::new());
        }
        !self.scopes.join(branches)
    }

    fn with(&mut self, with: &'a StmtWith) -> bool {
        let around = self.around;
        for item in &with.items {
            let call = item.context_expr.as_call_expr();
            let name = call.map(|call| self.peek(&call.func)).unwrap_or_default();
            if name.import_name() == Some("contextlib.suppress") {
                self.around.guards += 1;
                self.around.index_guards += 1;
                self.around.file_guards += 1;
            }
            self.bind(item);
        }
        let ends = self.body(&with.body);
        self.around = Around {
            may_have_left: self.around.may_have_left,
            ..around
        };
        ends
    }

    fn bind(&mut self, item: &'a WithItem) {
        let value = self.eval(&item.context_expr);
        if let Some(target) = &item.optional_vars {
            let is_itself = matches!(value, Value::Spark(_) | Value::Instance(_));
            let value = if is_itself { value } else { Value::Unknown };
            self.assign(target, value);
        }
    }

    fn cases(&mut self, cases: &'a [MatchCase]) {
        let mut branches = vec![super::scope::Branch::new()];
        for case in cases {
            let start = self.scopes.mark();
            let mut assigned = Assigned(Vec::new());
            assigned.visit_pattern(&case.pattern);
            let ends = self.unsure(|walk| walk.body(&case.body));
            let branch = self.scopes.undo(start);
            if !ends {
                branches.push(branch);
            }
        }
        self.scopes.join(branches);
    }

    fn attempt(&mut self, attempt: &'a StmtTry) -> bool {
        let handlers = attempt.handlers.iter();
        let handlers = handlers.map(|ExceptHandler::ExceptHandler(handler)| handler);
        let catches = |classes: &[&str]| {
            let mut types = handlers.clone().map(|handler| handler.type_.as_deref());
            types.any(|of| of.is_none_or(|of| names_one_of(of, classes)))
        };
        let guards = usize::from(catches(&[
            "IndexError",
            "ValueError",
            "Exception",
            "SystemExit",
        ]));
        let for_files = usize::from(catches(&[
            "OSError",
            "IOError",
            "FileNotFoundError",
            "Exception",
            "BaseException",
        ]));
        let around = self.around;
        self.around.index_guards += guards;
        self.around.file_guards += for_files;
        let goes_on = handlers.clone().any(|handler| !self.fails(&handler.body));
        self.around.guards += usize::from(goes_on);
        let start = self.scopes.mark();
        let mut ends = self.body(&attempt.body);
        self.around = Around {
            may_have_left: self.around.may_have_left,
            ..around
        };
        if !ends {
            ends = self.body(&attempt.orelse);
        }
        let tried = self.scopes.undo(start);
        let mut branches: Vec<_> = (!ends).then_some(tried).into_iter().collect();
        for handler in handlers {
            let start = self.scopes.mark();
            if let Some(name) = &handler.name {
                self.scopes.set(name.as_str(), Value::Unknown);
            }
            let ends = self.unsure(|walk| walk.body(&handler.body));
            let branch = self.scopes.undo(start);
            if !ends {
                branches.push(branch);
            }
        }
        let goes_on = self.scopes.join(branches);
        self.body(&attempt.finalbody) || !goes_on
    }

    fn import(&mut self, alias: &'a Alias) {
        let whole = alias.name.as_str();
        let (name, value) = match &alias.asname {
            Some(name) => (name.as_str(), whole),
            None => {
                let first = whole.split('.').next().unwrap_or_default();
                (first, first)
            }
        };
        self.scopes.set(name, Value::import(value));
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        for alias in import
            .names
            .iter()
            .filter(|alias| alias.name.as_str() != "*")
        {
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            let value = if import.level > 0 {
                Value::Unknown
            } else {
                super::names::imported(format!("{module}.{}", alias.name.as_str()))
            };
            self.scopes.set(name.as_str(), value);
        }
    }

    /// Follows an expression that may end the program; returns whether it does.
    fn ends(&mut self, expression: &'a Expr) -> bool {
        let ends = self.exits(expression);
        if ends && ends_well(expression) {
            self.leaves();
        }
        ends
    }

    /// Whether a block ends the script with an error.
    fn fails(&self, body: &[Stmt]) -> bool {
        match body.last() {
            Some(Stmt::Raise(_)) => true,
            Some(Stmt::Expr(last)) => self.exits(&last.value) && !ends_well(&last.value),
            Some(_) | None => false,
        }
    }

    /// Whether an expression ends the program.
    fn exits(&self, expression: &Expr) -> bool {
        let Expr::Call(call) = expression else {
            return false;
        };
        let callee = self.peek(&call.func);
        callee
            .import_name()
            .is_some_and(|name| EXITS.contains(&name))
    }
}

/// Whether the expression after `except` names one of these classes.
pub(super) fn names_one_of(of: &Expr, classes: &[&str]) -> bool {
    let one = |of: &Expr| {
        let name = of.as_name_expr().map(|name| name.id.as_str());
        let attribute = || of.as_attribute_expr().map(|it| it.attr.as_str());
        name.or_else(attribute)
            .is_some_and(|name| classes.contains(&name))
    };
    match of.as_tuple_expr() {
        Some(tuple) => tuple.elts.iter().any(one),
        None => one(of),
    }
}

/// The names that statements assign, not in functions of their own.
pub(super) struct Assigned<'a>(pub(super) Vec<&'a str>);

impl<'a> Visitor<'a> for Assigned<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let name = |alias: &'a Alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        if let Stmt::FunctionDef(def) = statement {
            self.0.push(def.name.as_str());
        } else if let Stmt::ClassDef(def) = statement {
            self.0.push(def.name.as_str());
        } else if let Stmt::Import(import) = statement {
            self.0.extend(import.names.iter().map(name));
        } else if let Stmt::ImportFrom(import) = statement {
            self.0.extend(import.names.iter().map(name));
        } else {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx == ExprContext::Store
        {
            self.0.push(name.id.as_str());
        }
        if !expression.is_lambda_expr() {
            visitor::walk_expr(self, expression);
        }
    }
}
