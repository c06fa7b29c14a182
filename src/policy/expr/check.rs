//! Checks every part of a rule, also branches that would not be evaluated, for known names and
//! matching types.

use super::flaw::Flaw;
use super::tree::{Kind, Node, Word};
use super::types::Type;
use crate::policy::names::{Name, ROOT, Shape};
use crate::text::nearest;
use std::ops::Range;

pub(super) struct Checker<'t> {
    pub(super) text: &'t str,
    /// The variables of enclosing macros, innermost last.
    pub(super) scope: Vec<(String, Type)>,
    pub(super) flaws: Vec<Flaw>,
    /// Whole numbers among doubles, which CEL must read as doubles.
    doubles: Vec<Range<usize>>,
}

/// Returns the rule's text for CEL, or every flaw in it.
pub(super) fn check(text: &str, root: &Node) -> Result<String, Vec<Flaw>> {
    let mut checker = Checker {
        text,
        scope: Vec::new(),
        flaws: Vec::new(),
        doubles: Vec::new(),
    };
    checker.want(root, &Type::Bool);
    if checker.flaws.is_empty() {
        return Ok(converted(text, &checker.doubles));
    }
    checker.flaws.sort_by_key(|flaw| flaw.range.start);
    Err(checker.flaws)
}

fn converted(text: &str, doubles: &[Range<usize>]) -> String {
    let mut edits: Vec<(usize, &str)> = doubles
        .iter()
        .flat_map(|range| [(range.start, "double("), (range.end, ")")])
        .collect();
    edits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut text = text.to_owned();
    for (at, what) in edits {
        text.insert_str(at, what);
    }
    text
}

impl<'t> Checker<'t> {
    pub(super) fn flaw(&mut self, flaw: Flaw) -> Type {
        self.flaws.push(flaw);
        Type::Any
    }

    pub(super) fn written(&self, node: &Node) -> &'t str {
        &self.text[node.range.clone()]
    }

    /// Checks that a part has the type that its place requires.
    pub(super) fn want(&mut self, node: &Node, expected_type: &Type) {
        let found = self.of(node);
        if !found.same(expected_type) {
            let message = format!("this is {}", found.word());
            let flaw = Flaw::new(node.range.clone(), message).expected(expected_type.word());
            self.flaw(match (&found, expected_type) {
                (Type::Int | Type::Double, Type::Bool) => flaw.help("compare it: `… > 0`"),
                (Type::Text, Type::Bool) => flaw.help("compare it: `… == \"\"`"),
                _ => flaw,
            });
        }
    }

    pub(super) fn of(&mut self, node: &Node) -> Type {
        match &node.kind {
            Kind::Bool => Type::Bool,
            Kind::Int => Type::Int,
            Kind::Double => Type::Double,
            Kind::Text => Type::Text,
            Kind::List(all) => {
                let elements = all.iter().map(|node| (node, self.of(node))).collect();
                Type::List(Box::new(self.joined(elements)))
            }
            Kind::Name(name) => self.name(name, &node.range),
            Kind::Field(of, field) => {
                let of_type = self.of(of);
                self.field(of, &of_type, field)
            }
            Kind::Index(of, key) => self.index(of, key),
            Kind::Call(None, name, args) => self.function(node, name, args),
            Kind::Call(Some(on), name, args) => self.method(on, name, args),
            Kind::Not(inner) => {
                self.want(inner, &Type::Bool);
                Type::Bool
            }
            Kind::Negate(inner) => {
                let found = self.of(inner);
                if found.is_number() {
                    return found;
                }
                let message = format!("{} cannot be negated", found.word());
                self.flaw(Flaw::new(node.range.clone(), message).expected("a number"))
            }
            Kind::Logic(all) => {
                for node in all {
                    self.want(node, &Type::Bool);
                }
                Type::Bool
            }
            Kind::Binary(left, mark, right) => self.binary(node, left, mark, right),
            Kind::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                self.want(condition, &Type::Bool);
                let parts = vec![(yes, self.of(yes)), (no, self.of(no))];
                self.joined(parts)
            }
        }
    }

    /// The common type of parts that must have the same type.
    fn joined(&mut self, all: Vec<(&Node, Type)>) -> Type {
        if all.iter().any(|(_, it)| matches!(it, Type::Double))
            && all.iter().all(|(_, it)| it.is_number())
        {
            let whole = all.iter().filter(|(_, it)| matches!(it, Type::Int));
            self.doubles
                .extend(whole.map(|(node, _)| node.range.clone()));
            return Type::Double;
        }
        let mut joined = Type::Any;
        for (node, it) in all {
            if matches!(joined, Type::Any) {
                joined = it;
            } else if !joined.same(&it) {
                let message = format!("this is {}", it.word());
                let flaw = Flaw::new(node.range.clone(), message);
                return self.flaw(flaw.expected(format!("{}, as before it", joined.word())));
            }
        }
        joined
    }

    fn name(&mut self, name: &str, range: &Range<usize>) -> Type {
        let bound = self.scope.iter().rev().find(|(bound, _)| bound == name);
        if let Some((_, found)) = bound {
            return found.clone();
        }
        if let Some(found) = ROOT.iter().find(|it| it.name == name) {
            return Type::from(&found.shape);
        }
        let known = || ROOT.iter().map(|it| it.name);
        let bound = self.scope.iter().map(|(bound, _)| bound.as_str());
        let near = || nearest(name, bound.chain(known())).map(str::to_owned);
        let meant = full_path(name).or_else(near);
        let flaw = Flaw::new(range.clone(), format!("rules have no `{name}`"));
        self.flaw(asking(flaw.expected(any_of(known())), meant))
    }

    pub(super) fn field(&mut self, of: &Node, of_type: &Type, field: &Word) -> Type {
        let name = field.text.as_str();
        let written = self.written(of);
        let flaw = |message: String| Flaw::new(field.range.clone(), message);
        match of_type {
            Type::Any => Type::Any,
            Type::Map(of) => (**of).clone(),
            Type::Group(names) => {
                if let Some(found) = names.iter().find(|it| it.name == name) {
                    return Type::from(&found.shape);
                }
                let known = || names.iter().map(|it| it.name);
                let meant = nearest(name, known()).map(str::to_owned);
                let flaw = flaw(format!("`{written}` has no `{name}`"));
                let flaw = flaw.expected(any_of(known()));
                self.flaw(asking(flaw, meant.or_else(|| full_path(name))))
            }
            Type::List(_) => {
                let flaw = flaw(format!("`{written}` is a list and has no `{name}`"));
                let help = format!("check its elements: `{written}.exists(it, it.{name} …)`");
                self.flaw(flaw.help(help))
            }
            Type::Bool | Type::Int | Type::Double | Type::Text => {
                let word = of_type.word();
                self.flaw(flaw(format!("`{written}` is {word} and has no `{name}`")))
            }
        }
    }

    fn index(&mut self, of: &Node, key: &Node) -> Type {
        match self.of(of) {
            Type::List(element) => {
                self.want(key, &Type::Int);
                *element
            }
            Type::Map(value) => {
                self.want(key, &Type::Text);
                *value
            }
            Type::Any => {
                self.of(key);
                Type::Any
            }
            found @ (Type::Bool | Type::Int | Type::Double | Type::Text | Type::Group(_)) => {
                let written = self.written(of);
                let message = format!("`{written}` is {} and has no `[…]`", found.word());
                let flaw = Flaw::new(key.range.clone(), message);
                self.flaw(if matches!(found, Type::Group(_)) {
                    flaw.help(format!("write `{written}.NAME`"))
                } else {
                    flaw
                })
            }
        }
    }

    fn binary(&mut self, node: &Node, left: &Node, mark: &Word, right: &Node) -> Type {
        let one = self.of(left);
        let other = self.of(right);
        let wrong = |message: String| Flaw::new(node.range.clone(), message);
        let a = one.word();
        let b = other.word();
        match mark.text.as_str() {
            "in" => self.within(node, &one, &other),
            "==" | "!=" if one.compares(&other) => Type::Bool,
            "<" | "<=" | ">" | ">=" if one.is_number() && other.is_number() => Type::Bool,
            "<" | "<=" | ">" | ">=" if ordered(&one) && one.same(&other) => Type::Bool,
            "==" | "!=" | "<" | "<=" | ">" | ">=" => {
                let flaw = wrong(format!("{a} cannot be compared with {b}"));
                let quoted = matches!(right.kind, Kind::Text) && one.is_number();
                let number = self.written(right).trim_matches(['"', '\'']);
                self.flaw(match number.parse::<f64>() {
                    Ok(_) if quoted => flaw.help(format!("without quotes: `{number}`")),
                    _ => flaw,
                });
                Type::Bool
            }
            "%" if one.same(&Type::Int) && other.same(&Type::Int) => Type::Int,
            "+" if ordered(&one) && one.same(&other) => Type::Text,
            "+" if matches!(one, Type::List(_)) && one.same(&other) => one,
            "+" | "-" | "*" | "/" if one.is_number() && other.is_number() => {
                self.joined(vec![(left, one), (right, other)])
            }
            "%" if one.is_number() && other.is_number() => {
                self.flaw(wrong("`%` takes whole numbers".to_owned()))
            }
            mark => self.flaw(wrong(format!("`{mark}` cannot be applied to {a} and {b}"))),
        }
    }

    fn within(&mut self, node: &Node, one: &Type, all: &Type) -> Type {
        let wrong = |message: String| Flaw::new(node.range.clone(), message);
        let word = one.word();
        let flaw = match all {
            Type::Any => return Type::Bool,
            Type::List(of) if one.compares(of) => return Type::Bool,
            Type::Map(_) if one.same(&Type::Text) => return Type::Bool,
            Type::List(_) | Type::Map(_) => wrong(format!("{word} cannot be in {}", all.word())),
            Type::Text => wrong("`in` looks into lists and maps, not into text".to_owned())
                .help("write `TEXT.contains(…)`"),
            Type::Bool | Type::Int | Type::Double | Type::Group(_) => wrong(format!(
                "`in` looks into lists and maps, not into {}",
                all.word()
            )),
        };
        self.flaw(flaw);
        Type::Bool
    }
}

/// Whether values of this type are text, which can be ordered as numbers can.
fn ordered(it: &Type) -> bool {
    matches!(it, Type::Text)
}

pub(super) fn asking(flaw: Flaw, meant: Option<String>) -> Flaw {
    match meant {
        Some(meant) => flaw.help(format!("did you mean `{meant}`?")),
        None => flaw,
    }
}

fn any_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    format!("one of {}", names.join(", "))
}

/// The full path of the only name whose last part is `name`.
fn full_path(name: &str) -> Option<String> {
    let mut found = Vec::new();
    find(ROOT, "", name, &mut found);
    found.pop().filter(|_| found.is_empty())
}

fn find(names: &[Name], above: &str, name: &str, found: &mut Vec<String>) {
    for it in names {
        let path = format!("{above}{}", it.name);
        if it.name == name {
            found.push(path.clone());
        }
        if let Shape::Group(names) = it.shape {
            find(names, &format!("{path}."), name, found);
        }
    }
}
