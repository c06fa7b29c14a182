//! A fix of a failure: what it changes, why, and the command that applies it.

use super::hint::{Command, Hint};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// What fixes a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fix {
    /// What to do.
    #[serde(flatten)]
    pub change: Change,
    /// Why, with the figures that it is computed from; a sentence without a full stop.
    pub reason: String,
    /// The complete command that applies it, in documents alone: records do not keep it.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = flattened)]
pub enum Change {
    /// Values of the stack, each as `--set` takes it.
    Set(Vec<Setting>),
    /// `apply --create-roles`.
    CreateRoles,
    /// The same command again.
    RunAgain,
    /// Something that only a person can do, and the command for it if there is one. The command is
    /// not read back: it would run with the rights of anyone who pastes it.
    ByHand(#[serde(deserialize_with = "no_command")] Option<Hint>),
}

/// A change is flattened into its fix: one without a value is a key that is null.
fn flattened(schema: &mut schemars::Schema) {
    let Some(Value::Array(changes)) = schema.get_mut("oneOf") else {
        return;
    };
    for change in changes {
        if let Some(Value::String(name)) = change.get("const").cloned() {
            *change = json!({
                "description": change["description"],
                "type": "object",
                "properties": { name.as_str(): { "type": "null" } },
                "required": [name],
            });
        }
    }
}

/// A value of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Setting {
    /// Its path, such as `job.steps.similarities.spark.executor_memory`.
    pub path: String,
    /// Its present value as text, if the stack or a default has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its new value, as YAML if it begins with `[` or `{`.
    pub to: String,
}

/// The most fixes that are read back, and the most characters of each of their texts.
const MAX_FIXES: usize = 20;
const MAX_TEXT: usize = 2_000;

impl Fix {
    pub(crate) fn set(settings: Vec<Setting>, reason: impl Into<String>) -> Self {
        Self {
            change: Change::Set(settings),
            reason: reason.into(),
            next: None,
        }
    }

    pub(crate) fn by_hand(reason: impl Into<String>, command: Option<Hint>) -> Self {
        Self {
            change: Change::ByHand(command),
            reason: reason.into(),
            next: None,
        }
    }

    /// The command that applies it to the stack of the command line, or that helps a person to.
    pub fn next(&self) -> Option<Hint> {
        let apply = Command::clusterup("apply").this_stack();
        match &self.change {
            Change::Set(settings) => {
                let set = |command: Command, one: &Setting| command.arg("--set").arg(one.written());
                Some(settings.iter().fold(apply, set).into())
            }
            Change::CreateRoles => Some(apply.arg("--create-roles").into()),
            Change::RunAgain => Some(apply.into()),
            Change::ByHand(command) => command.clone(),
        }
    }

    /// Reads fixes that were kept: those that are not longer than any of ours.
    ///
    /// # Errors
    /// Returns an error if they are no fixes.
    pub fn read_back<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Self>, D::Error> {
        let mut fixes = Vec::deserialize(from)?;
        fixes.retain(Self::is_bounded);
        fixes.truncate(MAX_FIXES);
        Ok(fixes)
    }

    fn is_bounded(&self) -> bool {
        let fits = |text: &str| text.len() <= MAX_TEXT && !text.contains(char::is_control);
        let is_setting = |one: &Setting| {
            let is_path = !one.path.is_empty()
                && !one.path.starts_with('-')
                && !one.path.contains(['=', ' ']);
            let from = one.from.as_deref().unwrap_or_default();
            let all = [one.path.as_str(), from, &one.to];
            is_path && all.into_iter().all(fits)
        };
        let change = match &self.change {
            Change::Set(settings) => {
                (1..=MAX_FIXES).contains(&settings.len()) && settings.iter().all(is_setting)
            }
            Change::CreateRoles | Change::RunAgain | Change::ByHand(_) => true,
        };
        change && fits(&self.reason)
    }
}

impl Setting {
    /// As `--set` takes it.
    pub fn written(&self) -> String {
        format!("{}={}", self.path, self.to)
    }
}

fn no_command<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hint>, D::Error> {
    IgnoredAny::deserialize(from).map(|_| None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read_back(fixes: &Value) -> Vec<Fix> {
        Fix::read_back(fixes).unwrap()
    }

    #[test]
    fn a_kept_fix_is_read_back_without_a_command_of_another_program() {
        let setting = Setting {
            path: "job.steps.two.spark.executor_memory".to_owned(),
            from: Some("1g".to_owned()),
            to: "2g".to_owned(),
        };
        let command = Command::other("aws iam put-role-policy").into();
        let fixes = [
            Fix::set(vec![setting], "twice 1g"),
            Fix {
                next: None,
                change: Change::CreateRoles,
                reason: "EMR has no role to act with".to_owned(),
            },
            Fix {
                next: None,
                change: Change::RunAgain,
                reason: "the cause may be gone".to_owned(),
            },
            Fix::by_hand("the role needs s3:GetObject", Some(command)),
        ];
        let mut back = read_back(&json!(fixes));
        assert_eq!(back[..3], fixes[..3]);
        let set = "clusterup apply --set 'job.steps.two.spark.executor_memory=2g'";
        assert_eq!(back[0].next().unwrap().to_string(), set);
        assert_eq!(
            back.pop().unwrap(),
            Fix::by_hand(fixes[3].reason.clone(), None)
        );
    }

    #[test]
    fn what_is_not_like_a_fix_of_ours_is_left_out() {
        let set = |path: &str, to: &str| {
            let setting = json!({ "path": path, "to": to });
            json!({ "set": [setting], "reason": "r" })
        };
        let long = "x".repeat(MAX_TEXT + 1);
        for wrong in [
            set("", "1"),
            set("a=b", "1"),
            set("--yes", "1"),
            set("a b", "1"),
            set(&long, "1"),
            set("a", &long),
            set("a", "1\n2"),
            json!({ "set": [], "reason": "r" }),
            json!({ "run_again": null, "reason": long }),
        ] {
            assert_eq!(read_back(&json!([wrong])), [], "{wrong}");
        }
        let many = vec![set("a.b", "1"); 100];
        assert_eq!(read_back(&json!(many)).len(), MAX_FIXES);
        assert!(Fix::read_back(&json!([{ "delete": 1 }])).is_err());
    }
}
