//! Functions, methods and macros of CEL: the types they take and return.

use super::check::{Checker, asking};
use super::flaw::Flaw;
use super::regex;
use super::tree::{Kind, Node, Word};
use super::types::Type;
use crate::policy::names::ROOT;
use crate::text::nearest;

const FUNCTIONS: [&str; 5] = ["has", "size", "int", "double", "string"];
const TEXTUAL: [&str; 4] = ["contains", "startsWith", "endsWith", "matches"];
const MACROS: [&str; 6] = ["all", "exists", "exists_one", "existsOne", "filter", "map"];

/// Names that are types in CEL.
const TYPES: [&str; 10] = [
    "bool", "bytes", "double", "dyn", "int", "list", "map", "string", "type", "uint",
];

/// The run time of nested macros is the product of their lists' lengths.
const MAX_LOOPS: usize = 3;

impl Checker<'_> {
    pub(super) fn function(&mut self, node: &Node, name: &Word, args: &[Node]) -> Type {
        let known = name.text.as_str();
        if !FUNCTIONS.contains(&known) {
            self.all(args);
            return self.unknown(name);
        }
        let [arg] = args else {
            self.all(args);
            return self.count(name, "1 argument", args.len());
        };
        if known == "has" {
            return self.has(arg);
        }
        let found = self.of(arg);
        let (fits, result) = match known {
            "size" => (sized(&found), Type::Int),
            "int" => (found.is_number() || found.same(&Type::Text), Type::Int),
            "double" => (found.is_number() || found.same(&Type::Text), Type::Double),
            _ => (scalar(&found), Type::Text),
        };
        if !fits {
            let message = format!("`{known}` cannot be applied to {}", found.word());
            self.flaw(Flaw::new(node.range.clone(), message));
        }
        result
    }

    fn has(&mut self, arg: &Node) -> Type {
        if let Kind::Field(of, field) = &arg.kind {
            let found = self.of(of);
            self.field(of, &found, field);
        } else {
            self.of(arg);
            let flaw = Flaw::new(arg.range.clone(), "`has` needs a name with a dot in it");
            self.flaw(flaw.expected("such as `has(stack.tags.owner)`"));
        }
        Type::Bool
    }

    pub(super) fn method(&mut self, on: &Node, name: &Word, args: &[Node]) -> Type {
        let known = name.text.as_str();
        if MACROS.contains(&known) {
            return self.looped(on, name, args);
        }
        let found = self.of(on);
        if known == "size" {
            self.all(args);
            if !args.is_empty() {
                return self.count(name, "no argument", args.len());
            }
            if !sized(&found) {
                let message = format!("`size` cannot be applied to {}", found.word());
                self.flaw(Flaw::new(name.range.clone(), message));
            }
            return Type::Int;
        }
        if !TEXTUAL.contains(&known) {
            self.all(args);
            return self.unknown(name);
        }
        if !found.same(&Type::Text) {
            self.all(args);
            let message = format!("`{known}` takes text, and this is {}", found.word());
            let flaw = Flaw::new(name.range.clone(), message);
            let list = matches!(found, Type::List(_) | Type::Map(_));
            return self.flaw(if list && known == "contains" {
                flaw.help(format!("write `… in {}`", self.written(on)))
            } else {
                flaw
            });
        }
        let [arg] = args else {
            self.all(args);
            return self.count(name, "1 argument", args.len());
        };
        self.want(arg, &Type::Text);
        if known == "matches"
            && matches!(arg.kind, Kind::Text)
            && let Some(why) = regex::flaw(self.written(arg))
        {
            let flaw = Flaw::new(arg.range.clone(), "this is not a regular expression");
            self.flaw(flaw.help(why));
        }
        Type::Bool
    }

    /// Checks a macro; its variable is bound to each element in turn.
    fn looped(&mut self, on: &Node, name: &Word, args: &[Node]) -> Type {
        let found = self.of(on);
        let max_args = if name.text == "map" { 3 } else { 2 };
        if !(2..=max_args).contains(&args.len()) {
            return self.count(name, "a variable and an expression", args.len());
        }
        let Some(element) = found.element() else {
            let message = format!("`{}` takes lists, and this is {}", name.text, found.word());
            return self.flaw(Flaw::new(name.range.clone(), message));
        };
        let Kind::Name(variable) = &args[0].kind else {
            let flaw = Flaw::new(args[0].range.clone(), "this cannot be a variable");
            return self.flaw(flaw.expected("a name for each element, such as `it`"));
        };
        let taken = ROOT.iter().any(|it| it.name == variable);
        if taken || TYPES.contains(&variable.as_str()) {
            let message = format!("`{variable}` is already defined");
            let flaw = Flaw::new(args[0].range.clone(), message);
            return self.flaw(flaw.expected("a name for each element, such as `it`"));
        }
        if self.scope.len() == MAX_LOOPS {
            let message = format!("more than {MAX_LOOPS} macros nested in each other");
            return self.flaw(Flaw::new(name.range.clone(), message));
        }
        self.scope.push((variable.clone(), element.clone()));
        let result = self.body(&name.text, &args[1..], element);
        self.scope.pop();
        result
    }

    fn body(&mut self, name: &str, args: &[Node], element: Type) -> Type {
        match (name, args) {
            ("map", [body]) => Type::List(Box::new(self.of(body))),
            ("map", [only, body]) => {
                self.want(only, &Type::Bool);
                Type::List(Box::new(self.of(body)))
            }
            _ => {
                for body in args {
                    self.want(body, &Type::Bool);
                }
                match name {
                    "filter" => Type::List(Box::new(element)),
                    _ => Type::Bool,
                }
            }
        }
    }

    fn all(&mut self, args: &[Node]) {
        for arg in args {
            self.of(arg);
        }
    }

    fn count(&mut self, name: &Word, expected: &str, found: usize) -> Type {
        let message = format!("`{}` takes {expected}, not {found}", name.text);
        self.flaw(Flaw::new(name.range.clone(), message))
    }

    fn unknown(&mut self, name: &Word) -> Type {
        let known = name.text.as_str();
        let message = format!("rules have no function `{known}`");
        let flaw = Flaw::new(name.range.clone(), message);
        if MACROS.contains(&known) || TEXTUAL.contains(&known) {
            return self.flaw(flaw.help(format!("write `….{known}(…)`")));
        }
        if FUNCTIONS.contains(&known) {
            return self.flaw(flaw.help(format!("write `{known}(…)`")));
        }
        let all = FUNCTIONS.iter().chain(&TEXTUAL).chain(&MACROS);
        let meant = nearest(known, all.copied()).map(str::to_owned);
        self.flaw(asking(flaw, meant))
    }
}

fn sized(it: &Type) -> bool {
    matches!(it, Type::Any | Type::Text | Type::List(_) | Type::Map(_))
}

fn scalar(it: &Type) -> bool {
    it.is_number() || matches!(it, Type::Bool | Type::Text)
}
