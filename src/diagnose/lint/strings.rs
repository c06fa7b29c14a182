//! Texts that scripts compute: `%`, `format`, `join`, methods of strings and `os.path`.

use super::call::Call;
use super::text::Text;
use super::value::Value;

/// How a value looks within a text. `plain`: without a format of its own.
pub(super) fn shown(value: &Value, plain: bool) -> Text {
    if let (Value::Text(text), true) = (value, plain) {
        return text.clone();
    }
    if let (Value::Int(number), true) = (value, plain) {
        return Text::known(&number.to_string());
    }
    Text::unknown()
}

/// `form % items`.
pub(super) fn percent(form: &Text, items: &[Value]) -> Value {
    let Some(form) = form.constant() else {
        return Value::Text(form.clone().and(&Text::unknown()));
    };
    let mut items = items.iter();
    let mut pieces = form.split('%');
    let mut text = Text::known(pieces.next().unwrap_or_default());
    while let Some(piece) = pieces.next() {
        if piece.is_empty() {
            // `%%`
            let rest = pieces.next().unwrap_or_default();
            text = text.and(&Text::known("%")).and(&Text::known(rest));
            continue;
        }
        let plain = piece.starts_with(['s', 'd']);
        let item = items
            .next()
            .map_or_else(Text::unknown, |item| shown(item, plain));
        text = text.and(&item);
        if !plain {
            return Value::Text(text.and(&Text::unknown()));
        }
        text = text.and(&Text::known(&piece[1..]));
    }
    Value::Text(text)
}

/// `form.format(…)`.
fn format(form: &str, call: &Call<'_>) -> Value {
    let mut text = Text::default();
    let mut next = 0;
    let mut rest = form;
    while let Some(open) = rest.find('{') {
        text = text.and(&Text::known(&rest[..open]));
        rest = &rest[open + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            text = text.and(&Text::known("{"));
            rest = after;
            continue;
        }
        let Some(close) = rest.find('}') else { break };
        let field = &rest[..close];
        rest = &rest[close + 1..];
        let value = if field.is_empty() {
            next += 1;
            call.args.get(next - 1)
        } else if let Ok(index) = field.parse::<usize>() {
            call.args.get(index)
        } else {
            call.named(field)
        };
        text = text.and(&value.map_or_else(Text::unknown, |value| shown(value, true)));
    }
    Value::Text(text.and(&Text::known(&rest.replace("}}", "}"))))
}

/// A method of a text, or of a path.
pub(super) fn method(text: &Text, name: &str, call: &Call<'_>) -> Value {
    match (name, text.constant()) {
        ("format", Some(form)) => format(form, call),
        ("strip" | "rstrip" | "lower" | "upper" | "title", Some(whole)) if call.args.is_empty() => {
            Value::known(&match name {
                "strip" => whole.trim().to_owned(),
                "rstrip" => whole.trim_end().to_owned(),
                "lower" => whole.to_lowercase(),
                "upper" => whole.to_uppercase(),
                _ => return Value::Unknown,
            })
        }
        // What they take off the end does not change where a path begins.
        ("strip" | "rstrip", None) => Value::Text(text.clone()),
        ("replace", Some(whole)) => {
            let part = |n| call.args.get(n).and_then(Value::constant);
            match (part(0), part(1)) {
                (Some(from), Some(to)) if !from.is_empty() => {
                    Value::known(&whole.replace(from, to))
                }
                _ => Value::Unknown,
            }
        }
        ("join", Some(between)) => match call.args.first() {
            Some(Value::Items(items)) => {
                let mut joined = Text::default();
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        joined = joined.and(&Text::known(between));
                    }
                    joined = joined.and(&shown(item, true));
                }
                Value::Text(joined)
            }
            _ => Value::Unknown,
        },
        ("joinpath", _) => joined(text.clone(), &call.args),
        ("startswith", Some(whole)) => match call.args.first().and_then(Value::constant) {
            Some(start) => Value::Bool(whole.starts_with(start)),
            None => Value::Unknown,
        },
        ("expanduser" | "as_posix" | "resolve" | "absolute", _) => Value::Text(text.clone()),
        _ => Value::Unknown,
    }
}

/// Functions of paths and texts that return one; `None` for others.
pub(super) fn function(name: &str, call: &Call<'_>) -> Option<Value> {
    let first = call.args.first();
    Some(match name {
        "os.path.join" | "posixpath.join" => match first {
            Some(Value::Text(text)) => joined(text.clone(), &call.args[1..]),
            Some(_) => joined(Text::unknown(), &call.args[1..]),
            None => Value::Unknown,
        },
        "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" => match first {
            Some(Value::Text(text)) => joined(text.clone(), &call.args[1..]),
            _ => Value::Unknown,
        },
        "os.path.expanduser" | "os.path.normpath" | "os.fspath" | "builtins.str" => match first {
            Some(Value::Text(text)) => Value::Text(text.clone()),
            Some(Value::Int(number)) => Value::known(&number.to_string()),
            _ => Value::Unknown,
        },
        "builtins.len" => match first {
            Some(Value::Items(items)) => {
                i64::try_from(items.len()).map_or(Value::Unknown, Value::Int)
            }
            _ => Value::Unknown,
        },
        "builtins.int" => {
            let number = first
                .and_then(Value::constant)
                .and_then(|text| text.trim().parse().ok());
            number.map_or(Value::Unknown, Value::Int)
        }
        _ => return None,
    })
}

fn joined(start: Text, more: &[Value]) -> Value {
    let more = more.iter().map(|part| shown(part, true));
    Value::Text(more.fold(start, |path, part| path.join(&part)))
}
