//! Evaluates a policy document of IAM or S3 for a request (IAM User Guide, policy evaluation
//! logic), as far as our documents and AWS's managed policies for EMR use the language. Anything
//! unsupported counts against us: an `Allow` applies, a `Deny` does not.

use serde_json::Value;

/// A request to evaluate.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The ARN of the role that sends the request.
    pub who: &'a str,
    /// `s3:PutObject`.
    pub action: &'a str,
    /// An ARN.
    pub resource: &'a str,
}

/// The effect of a policy on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// An `Allow` applies, and no `Deny`.
    Allow,
    /// A `Deny` applies.
    Deny,
    /// No statement applies.
    Neither,
}

/// Evaluates a document. One that cannot be parsed has no effect.
pub fn evaluate(document: &str, request: &Request<'_>) -> Decision {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let mut says = Decision::Neither;
    for statement in many(&document["Statement"]) {
        match effect(statement, request) {
            Decision::Deny => return Decision::Deny,
            Decision::Allow => says = Decision::Allow,
            Decision::Neither => {}
        }
    }
    says
}

fn effect(statement: &Value, request: &Request<'_>) -> Decision {
    let denies = statement["Effect"] == "Deny";
    let names = |key: &str, word: &str, case: bool| {
        many(&statement[key])
            .filter_map(Value::as_str)
            .any(|pattern| is_like(pattern, word, case))
    };
    let of = |key: &str, word: &str, case: bool| match statement.get(key) {
        Some(_) => names(key, word, case),
        None => {
            let besides = format!("Not{key}");
            statement.get(&besides).is_some() && !names(&besides, word, case)
        }
    };
    let applies = of("Action", request.action, false)
        && of("Resource", request.resource, true)
        && principal(&statement["Principal"], request.who)
        && condition(&statement["Condition"], request.who).unwrap_or(!denies);
    match (applies, denies) {
        (false, _) => Decision::Neither,
        (true, true) => Decision::Deny,
        (true, false) => Decision::Allow,
    }
}

/// Policies of roles have no `Principal`: it is the role.
fn principal(principal: &Value, who: &str) -> bool {
    let named = |value: &Value| many(value).any(|it| it == "*" || it == who);
    principal.is_null() || named(principal) || named(&principal["AWS"])
}

/// `None` if the condition tests anything but the principal's ARN.
fn condition(condition: &Value, who: &str) -> Option<bool> {
    let Some(all) = condition.as_object() else {
        return Some(true);
    };
    let mut holds = true;
    for (operator, keys) in all {
        let wild = match operator.as_str() {
            "ArnEquals" | "ArnLike" | "StringLike" => true,
            "StringEquals" => false,
            _ => return None,
        };
        let like = |it: &str| {
            if wild {
                is_like(it, who, true)
            } else {
                it == who
            }
        };
        for (key, values) in keys.as_object()? {
            if !key.eq_ignore_ascii_case("aws:PrincipalArn") {
                return None;
            }
            holds &= many(values).filter_map(Value::as_str).any(like);
        }
    }
    Some(holds)
}

/// A single value or an array. IAM allows both.
fn many(value: &Value) -> impl Iterator<Item = &Value> {
    let several = value.as_array().map(Vec::as_slice);
    several.unwrap_or(std::slice::from_ref(value)).iter()
}

/// Matches a pattern in which `*` is any text and `?` one character.
fn is_like(pattern: &str, text: &str, case: bool) -> bool {
    let fold = |text: &str| {
        if case {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let pattern = fold(pattern).into_bytes();
    let text = fold(text).into_bytes();
    let mut p = 0;
    let mut t = 0;
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(sign) if *sign == b'?' || *sign == text[t] => (p, t) = (p + 1, t + 1),
            Some(_) | None => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|sign| *sign == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ME: &str = "arn:aws:iam::1:role/me";

    fn of(statement: Value, action: &str, resource: &str) -> Decision {
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let who = ME;
        let request = Request {
            who,
            action,
            resource,
        };
        evaluate(&document, &request)
    }

    #[test]
    fn actions_and_resources_are_matched_as_iam_does() {
        let allow = |action: &str| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
        for action in ["*", "s3:*", "s3:Put*", "S3:putobject", "s3:PutObjec?"] {
            assert_eq!(
                of(allow(action), "s3:PutObject", "r"),
                Decision::Allow,
                "{action}"
            );
        }
        for action in ["s3:Get*", "s3:PutObject?", "", "ec2:*"] {
            assert_eq!(
                of(allow(action), "s3:PutObject", "r"),
                Decision::Neither,
                "{action}"
            );
        }
        let but = json!([
            { "Effect": "Allow", "Action": ["s3:*"], "Resource": ["b/*"] },
            { "Effect": "Deny", "NotAction": ["s3:Get*"], "NotResource": ["b/work/*"] },
        ]);
        for (action, resource, expected) in [
            ("s3:GetObject", "b/x", Decision::Allow),
            ("s3:PutObject", "b/work/x", Decision::Allow),
            ("s3:PutObject", "b/Work/x", Decision::Deny),
            ("s3:DeleteObject", "b/x", Decision::Deny),
            ("s3:PutBucketPolicy", "b", Decision::Deny),
            ("s3:GetObject", "c/x", Decision::Neither),
        ] {
            assert_eq!(
                of(but.clone(), action, resource),
                expected,
                "{action} {resource}"
            );
        }
    }

    #[test]
    fn unsupported_conditions_count_against_us() {
        let with = |effect: &str, condition: Value| {
            let statement = json!({
                "Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": "*",
                "Condition": condition,
            });
            of(statement, "s3:PutObject", "r")
        };
        let mine = json!({ "ArnEquals": { "aws:PrincipalArn": ME } });
        let others = json!({ "StringEquals": { "aws:PrincipalArn": ["arn:aws:iam::1:role/x"] } });
        let odd = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        assert_eq!(with("Deny", mine), Decision::Deny);
        assert_eq!(with("Deny", others.clone()), Decision::Neither);
        assert_eq!(with("Allow", others), Decision::Neither);
        assert_eq!(with("Deny", odd.clone()), Decision::Neither);
        assert_eq!(with("Allow", odd), Decision::Allow);
        let request = Request {
            who: ME,
            action: "s3:PutObject",
            resource: "r",
        };
        for text in ["", "{", "[]", r#"{"Statement":7}"#] {
            assert_eq!(evaluate(text, &request), Decision::Neither, "{text}");
        }
    }

    #[test]
    fn a_principal_is_everyone_or_a_named_role() {
        let to = |principal: Value| {
            let statement = json!({
                "Effect": "Deny", "Principal": principal, "Action": "s3:*", "Resource": "*",
            });
            of(statement, "s3:PutObject", "r")
        };
        for principal in [
            json!("*"),
            json!({ "AWS": "*" }),
            json!({ "AWS": ["x", ME] }),
        ] {
            assert_eq!(to(principal), Decision::Deny);
        }
        assert_eq!(to(json!({ "AWS": "x" })), Decision::Neither);
        assert_eq!(
            to(json!({ "Service": "ec2.amazonaws.com" })),
            Decision::Neither
        );
    }
}
