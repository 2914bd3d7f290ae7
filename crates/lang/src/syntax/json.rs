//! The JSON form, by the rules of HCL's JSON syntax: objects are bodies, strings are templates,
//! labels are objects within objects, and a list of objects is several blocks.

mod scan;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span};

use self::scan::{Json, Node};
use super::ast::{Attribute, Block, Body, Expr, Kind, Name};
use crate::schema::{self, BlockSpec};

pub(super) fn parse(file: &SourceFile) -> (Body, Vec<Diagnostic>) {
    let root = match scan::parse(file) {
        Ok(root) => root,
        Err(problem) => return (Body::default(), vec![problem]),
    };
    let mut reader = Reader {
        file,
        problems: Vec::new(),
    };
    let body = reader.file(&root);
    (body, reader.problems)
}

struct Reader<'a> {
    file: &'a SourceFile,
    problems: Vec<Diagnostic>,
}

/// Whether an object is what a block holds, where it could also hold labels: it has one of the
/// block's names in it, or nothing.
fn is_body(node: &Node, table: &'static BlockSpec) -> bool {
    let Json::Object(members) = &node.json else {
        return false;
    };
    let is_known = |name: &str| {
        table.attribute(name).is_some() || table.blocks.iter().any(|inner| inner.name == name)
    };
    members.is_empty() || members.iter().any(|(name, _)| is_known(&name.text))
}

impl Reader<'_> {
    fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        let place = Span::new(self.file, node.at.clone());
        self.problems
            .push(Diagnostic::error("L0006", message).label(place, "here"));
    }

    /// The top level: known blocks; in a file of variable values also attributes.
    fn file(&mut self, root: &Node) -> Body {
        self.body(root, &schema::top_level(), true)
    }

    fn body(&mut self, node: &Node, blocks: &[&'static BlockSpec], is_top: bool) -> Body {
        let mut body = Body::default();
        let Json::Object(members) = &node.json else {
            self.wrong(
                node,
                "an object with attributes and blocks is expected here",
            );
            return body;
        };
        for (name, value) in members {
            // `//` is how the JSON form spells a comment.
            if name.text == "//" {
                continue;
            }
            match blocks.iter().find(|spec| spec.name == name.text) {
                Some(spec) => self.blocks(
                    name,
                    value,
                    spec,
                    spec.labels.len(),
                    &mut Vec::new(),
                    &mut body,
                ),
                None if name.text == "locals" && is_top => {
                    let inner = self.body(value, &[], false);
                    body.blocks.push(Block {
                        kind: name.clone(),
                        labels: Vec::new(),
                        body: inner,
                        head: name.at.clone(),
                    });
                }
                None => {
                    if body.attribute(&name.text).is_some() {
                        self.wrong(value, format!("`{}` is set twice", name.text));
                        continue;
                    }
                    let value = self.expr(value);
                    body.attributes.push(Attribute {
                        name: name.clone(),
                        value,
                    });
                }
            }
        }
        body
    }

    /// One level of labels, or the body when there is none left.
    fn blocks(
        &mut self,
        kind: &Name,
        node: &Node,
        spec: &'static BlockSpec,
        left: usize,
        labels: &mut Vec<Name>,
        out: &mut Body,
    ) {
        let table = spec.of_type(labels.first().map(|label| label.text.as_str()));
        let table = table.unwrap_or(spec);
        if let Json::Array(items) = &node.json {
            for item in items {
                self.blocks(kind, item, spec, left, labels, out);
            }
        } else if left == 0 || (left <= spec.optional_labels && is_body(node, table)) {
            let inner = self.body(node, table.blocks, false);
            let head = labels.last().unwrap_or(kind).at.clone();
            out.blocks.push(Block {
                kind: kind.clone(),
                labels: labels.clone(),
                body: inner,
                head,
            });
        } else if let Json::Object(members) = &node.json {
            for (label, value) in members.iter().filter(|(label, _)| label.text != "//") {
                labels.push(label.clone());
                self.blocks(kind, value, spec, left - 1, labels, out);
                labels.pop();
            }
        } else {
            let position = spec.labels.len() - left;
            self.wrong(
                node,
                format!(
                    "`{}` needs an object whose keys are its {}",
                    kind.text, spec.labels[position]
                ),
            );
        }
    }

    fn expr(&mut self, node: &Node) -> Expr {
        let kind = match &node.json {
            Json::Null => Kind::Null,
            Json::Bool(value) => Kind::Bool(*value),
            Json::Number(number) => Kind::Number(*number),
            Json::String(text) => return self.string(text, node),
            Json::Array(items) => Kind::List(items.iter().map(|item| self.expr(item)).collect()),
            Json::Object(members) => Kind::Object(
                members
                    .iter()
                    .map(|(name, value)| {
                        (
                            Expr::new(Kind::String(name.text.clone()), name.at.clone()),
                            self.expr(value),
                        )
                    })
                    .collect(),
            ),
        };
        Expr::new(kind, node.at.clone())
    }

    /// A string is a template. Places inside it are those of the whole string: escapes make the
    /// text and its source differ.
    fn string(&mut self, text: &str, node: &Node) -> Expr {
        if !text.contains("${") && !text.contains("%{") {
            return Expr::new(Kind::String(text.to_owned()), node.at.clone());
        }
        match super::parse_template(&SourceFile::new(self.file.name(), text)) {
            Ok(mut expr) => {
                expr.place(&node.at);
                expr
            }
            Err(problem) => {
                self.wrong(node, problem.message);
                Expr::new(Kind::Null, node.at.clone())
            }
        }
    }
}
