//! Functions of CloudFormation in values. Those whose result the template has are carried out: `Ref` to a
//! parameter with a default, `Fn::Sub` and `Fn::Join` of such. What only CloudFormation knows is fatal.

use super::build::Build;
use crate::import::fates::Fate;
use crate::model::shown::line;
use serde_json::{Map, Value};
use std::cell::Cell;

/// The defaults of a template's parameters.
pub(super) struct Functions {
    defaults: Map<String, Value>,
    /// How many characters and calls are left: short functions can have long results.
    left: Cell<usize>,
}

/// How many characters and calls the results of functions may have.
const MOST: usize = 4 << 20;

impl Functions {
    pub(super) fn of(template: &Value) -> Self {
        let parameters = template.get("Parameters").and_then(Value::as_object);
        let default = |(name, of): (&String, &Value)| Some((name.clone(), default(of)?));
        let defaults = parameters.into_iter().flatten().filter_map(default);
        Self {
            defaults: defaults.collect(),
            left: Cell::new(MOST),
        }
    }

    /// A value without functions. What is not known is `null`, and a loss.
    pub(super) fn resolved(&self, value: Value, place: &str, build: &mut Build) -> Value {
        match value {
            Value::Object(entries) => {
                if let Some((name, argument)) = function(&entries) {
                    return self.call(name, argument, place, build);
                }
                let entry = |(key, value): (String, Value)| {
                    let below = format!("{place}.{}", line(&key, 80));
                    let value = self.resolved(value, &below, build);
                    (key, value)
                };
                Value::Object(entries.into_iter().map(entry).collect())
            }
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let item =
                    |(number, item)| self.resolved(item, &format!("{place}[{number}]"), build);
                items.map(item).collect()
            }
            Value::String(text) if text.contains("{{resolve:") => {
                build.lose(place, Fate::Fatal, RESOLVED);
                Value::Null
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
        }
    }

    fn call(&self, name: &str, argument: &Value, place: &str, build: &mut Build) -> Value {
        if name == "Ref" && argument == "AWS::NoValue" {
            return Value::Null;
        }
        let found = match name {
            "Ref" => argument.as_str().and_then(|name| self.default(name)),
            "Fn::Sub" => self.substituted(argument).map(Value::String),
            "Fn::Join" => self.joined(argument).map(Value::String),
            _ => None,
        };
        if found.as_ref().is_some_and(has_reference) {
            build.lose(place, Fate::Fatal, RESOLVED);
            return Value::Null;
        }
        found.unwrap_or_else(|| {
            let why = match named(name, argument) {
                Some(of) => format!("only CloudFormation knows {name} of {of}; write its value"),
                None => format!(
                    "only CloudFormation knows this {}; write its value",
                    line(name, 40)
                ),
            };
            build.lose(place, Fate::Fatal, why);
            Value::Null
        })
    }

    fn default(&self, name: &str) -> Option<Value> {
        let default = self.defaults.get(name)?;
        self.spend(default.to_string().len())?;
        Some(default.clone())
    }

    /// Counts a call and the characters of its result; `None` if there are too many.
    fn spend(&self, characters: usize) -> Option<()> {
        let left = self.left.get().checked_sub(characters.saturating_add(1));
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    fn text(&self, value: &Value) -> Option<String> {
        let text = self.unbounded(value)?;
        self.spend(text.len())?;
        Some(text)
    }

    fn unbounded(&self, value: &Value) -> Option<String> {
        self.spend(0)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Object(entries) => match function(entries)? {
                ("Ref", name) => self.text(self.defaults.get(name.as_str()?)?),
                ("Fn::Sub", argument) => self.substituted(argument),
                ("Fn::Join", argument) => self.joined(argument),
                _ => None,
            },
            Value::Null | Value::Bool(_) | Value::Array(_) => None,
        }
    }

    /// `Fn::Sub`: a text with `${NAME}`, or a list of it and of names with values.
    fn substituted(&self, argument: &Value) -> Option<String> {
        let (text, own) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(both) => match both.as_slice() {
                [Value::String(text), own] => (text.as_str(), own.as_object()),
                _ => return None,
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
        };
        let mut result = String::new();
        let mut rest = text;
        self.spend(text.len())?;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => {
                    result.push_str("${");
                    result.push_str(literal);
                    result.push('}');
                }
                None => {
                    let value = own.and_then(|own| own.get(name));
                    let value = value.or_else(|| self.defaults.get(name))?;
                    result.push_str(&self.text(value)?);
                }
            }
            rest = after;
        }
        result.push_str(rest);
        Some(result)
    }

    /// `Fn::Join`: what is between the texts, and a list of texts.
    fn joined(&self, argument: &Value) -> Option<String> {
        let [Value::String(between), Value::Array(items)] = argument.as_array()?.as_slice() else {
            return None;
        };
        let texts: Option<Vec<String>> = items.iter().map(|item| self.text(item)).collect();
        let texts = texts?;
        self.spend(between.len().saturating_mul(texts.len()))?;
        Some(texts.join(between))
    }
}

const RESOLVED: &str = "only CloudFormation resolves references to parameters and secrets";

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{resolve:"),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// The default of a parameter, if it is the parameter's value: not that of a parameter of Systems Manager,
/// which is a name, and none that is hidden.
fn default(parameter: &Value) -> Option<Value> {
    let kind = parameter.get("Type").and_then(Value::as_str)?;
    let hidden = parameter
        .get("NoEcho")
        .is_some_and(|is| *is == true || *is == "true");
    if hidden || kind.contains("AWS::SSM::") {
        return None;
    }
    let default = parameter.get("Default")?;
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    match default {
        Value::String(text) if is_list => {
            let items = text.split(',').map(str::trim);
            Some(items.map(Value::from).collect())
        }
        Value::String(_) | Value::Number(_) => Some(default.clone()),
        Value::Bool(is) => Some(Value::from(is.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What a reference names. Other arguments can be secrets, and are not shown.
fn named(function: &str, argument: &Value) -> Option<String> {
    let name = match (function, argument) {
        ("Ref" | "Fn::GetAtt", Value::String(name)) => name.clone(),
        ("Fn::GetAtt", Value::Array(names)) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            names?.join(".")
        }
        _ => return None,
    };
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b".:".contains(&b);
    (name.len() <= 255 && name.bytes().all(is_name)).then(|| line(&name, 80))
}

/// The function that a mapping calls, and its argument.
fn function(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = entries.iter().next().filter(|_| entries.len() == 1)?;
    let is_function = name == "Ref" || name.starts_with("Fn::");
    is_function.then_some((name.as_str(), argument))
}
