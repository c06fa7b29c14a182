//! What a stack names of the world outside it: files, a region, a release, machines. The
//! caller looks at them and says what is wrong, and that is reported at its place, with all other mistakes.

use super::diag::{Code, Diagnostic};
use super::document::STACK_FILE;
use super::forms::{expand_group, expand_primary, expand_size};
use super::node::{Node, Value};
use super::paths;
use super::set::{self, Setting};
use super::source::Mark;
use crate::model::instance::Nodes;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Region,
    Release,
    /// The type of the primary, of core and of task nodes.
    Primary,
    Core,
    Task,
    /// `executor_memory` of a step.
    ExecutorMemory,
    Script,
    Data,
    PublicKey,
}

/// One name, as it is written, and the path that it is where it is one of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub what: What,
    pub text: String,
    pub path: Option<PathBuf>,
    at: Mark,
}

/// What is wrong with a name, and how it is put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub message: String,
    pub help: Option<String>,
}

/// What the text names, whatever mistakes it has besides, in the order of the text. Paths are seen
/// from `base`; one that begins with `~` is left to who looks.
pub fn named(text: &str, base: &Path, sets: &[Setting]) -> Vec<Named> {
    let (Some(mut root), _) = STACK_FILE.tree(text) else {
        return Vec::new();
    };
    for (n, setting) in sets.iter().enumerate() {
        set::apply(&mut root, STACK_FILE.shape, setting, n + 1);
    }
    let mut names = Names {
        base,
        found: Vec::new(),
    };
    names.stack(&root);
    names.found
}

/// As mistakes of the text.
pub(super) fn diagnostics(names: &[(Named, Complaint)]) -> Vec<Diagnostic> {
    let one = |(named, complaint): &(Named, Complaint)| {
        let found = Diagnostic::new(Code::NotThere, named.at, complaint.message.clone());
        match &complaint.help {
            Some(help) => found.help(help.clone()),
            None => found,
        }
    };
    names.iter().map(one).collect()
}

struct Names<'a> {
    base: &'a Path,
    found: Vec<Named>,
}

impl Names<'_> {
    fn stack(&mut self, root: &Node) {
        self.text(What::Region, root.get("region"));
        for pair in root.get("key_pairs").map_or(&[][..], Node::items) {
            self.file(What::PublicKey, pair.get("public_key"));
        }
        for entry in root.get("data").map_or(&[][..], Node::entries) {
            self.data(root, &entry.value);
        }
        if let Some(cluster) = root.get("cluster") {
            self.cluster(cluster);
        }
        let steps = root.find(&["job", "steps"]);
        for step in steps.map_or(&[][..], Node::items) {
            self.file(What::Script, step.get("script"));
            self.text(
                What::ExecutorMemory,
                step.find(&["spark", "executor_memory"]),
            );
        }
    }

    fn cluster(&mut self, cluster: &Node) {
        self.text(What::Release, cluster.get("release"));
        let Some(size) = cluster.get("size").and_then(|size| long(size, expand_size)) else {
            return;
        };
        let primary = size
            .get("primary")
            .and_then(|node| long(node, expand_primary));
        self.text(
            What::Primary,
            primary.as_ref().and_then(|node| node.get("type")),
        );
        for (key, what) in [("core", What::Core), ("task", What::Task)] {
            let group = size.get(key).and_then(|node| long(node, expand_group));
            let Some(nodes) = group.as_ref().and_then(|node| node.get("nodes")) else {
                continue;
            };
            if let Some(Ok(of)) = nodes.text().map(str::parse::<Nodes>) {
                self.push(what, &of.instance_type.to_string(), nodes.mark, None);
            }
        }
    }

    /// A file of its own, or one beside a file.
    fn data(&mut self, root: &Node, data: &Node) {
        let text = |key| data.get(key).and_then(Node::text);
        if data.get("path").is_some() {
            return self.file(What::Data, data.get("path"));
        }
        let (Some(beside), Some(file)) = (text("beside"), data.get("file")) else {
            return;
        };
        let other = root.find(&["data", beside, "path"]).and_then(Node::text);
        if let (Some(other), Some(name)) = (other, file.text()) {
            let path = paths::join(self.base, other).with_file_name(name);
            self.push(What::Data, name, file.mark, Some(path));
        }
    }

    fn file(&mut self, what: What, node: Option<&Node>) {
        let text = node.and_then(Node::text).filter(|text| !text.is_empty());
        if let (Some(node), Some(text)) = (node, text) {
            let path = paths::join(self.base, text);
            self.push(what, text, node.mark, Some(path));
        }
    }

    fn text(&mut self, what: What, node: Option<&Node>) {
        if let Some((node, text)) = node.and_then(|node| Some((node, node.text()?))) {
            self.push(what, text, node.mark, None);
        }
    }

    fn push(&mut self, what: What, text: &str, at: Mark, path: Option<PathBuf>) {
        let text = text.to_owned();
        self.found.push(Named {
            what,
            text,
            path,
            at,
        });
    }
}

/// The long form of a value that has a short one; none of what is neither.
fn long(node: &Node, expand: fn(&Node) -> Option<Node>) -> Option<Cow<'_, Node>> {
    match node.value {
        Value::Map(_) => Some(Cow::Borrowed(node)),
        Value::Scalar(_) => expand(node).map(Cow::Owned),
        Value::Seq(_) | Value::Broken => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_beside_other_mistakes() {
        let text = "stack: t\nregion: us-esat-1\nwrong: 1\ncluster: { release: emr-7.x, size: \
            { primary: m5.xlarge, core: 2 x m6g.large, task: { nodes: 1 x c5.xlarge } } }\n\
            data: { a: { path: a.dat }, b: { beside: a, file: b.dat } }\n\
            job: { steps: [{ name: one, script: one.py, spark: { executor_memory: 9g } }] }\n";
        let found = named(text, Path::new("/x"), &[]);
        let all: Vec<_> = found
            .iter()
            .map(|one| (one.what, one.text.as_str()))
            .collect();
        assert_eq!(
            all,
            [
                (What::Region, "us-esat-1"),
                (What::Data, "a.dat"),
                (What::Data, "b.dat"),
                (What::Release, "emr-7.x"),
                (What::Primary, "m5.xlarge"),
                (What::Core, "m6g.large"),
                (What::Task, "c5.xlarge"),
                (What::Script, "one.py"),
                (What::ExecutorMemory, "9g"),
            ]
        );
        assert_eq!(found[2].path.as_deref(), Some(Path::new("/x/b.dat")));
        assert_eq!(named("", Path::new(""), &[]), []);
        assert_eq!(named("[1", Path::new(""), &[]), []);
    }
}
