//! JSON that services answer with, as the tree that XML is, so that both are read in the same way.

use serde_json::Value;

use super::xml::Element;

/// The outermost value; `None` when it is no object.
pub(super) fn parse(document: &str) -> Option<Element> {
    let value: Value = serde_json::from_str(document).ok()?;
    value.is_object().then(|| element("", &value))
}

fn element(name: &str, value: &Value) -> Element {
    let mut element = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    match value {
        // A list in a list has no name, and no service has one.
        Value::Null | Value::Array(_) => {}
        Value::Bool(is_true) => element.text = is_true.to_string(),
        Value::Number(number) => element.text = number.to_string(),
        Value::String(text) => element.text.clone_from(text),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    // A list is as many elements of one name.
                    Value::Array(entries) => {
                        let entries = entries.iter().map(|entry| self::element(name, entry));
                        element.children.extend(entries);
                    }
                    value => element.children.push(self::element(name, value)),
                }
            }
        }
    }
    element
}

#[cfg(test)]
mod tests {
    use super::super::api::ebs::LIST_SNAPSHOT_BLOCKS;
    use super::super::node::Node;
    use super::*;

    #[test]
    fn lists_and_values() {
        let text = r#"{"Blocks":[{"BlockIndex":7,"BlockToken":"a b"},{"BlockIndex":8}],"NextToken":null,"X":[[1]]}"#;
        let element = parse(text).unwrap();
        let whole = Node::whole(&LIST_SNAPSHOT_BLOCKS, &element);
        let mut seen = Vec::new();
        whole.each("Blocks", |block| {
            seen.push((block.text("BlockIndex"), block.text("BlockToken")));
        });
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(seen, [(text("7"), text("a b")), (text("8"), None)]);
        assert_eq!(whole.text("NextToken"), None);
        for other in ["", "[]", "7", "{"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
