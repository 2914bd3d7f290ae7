//! An answer in XML, read by names that stand in the table of operations: what does not stand
//! there is held against no model, so reading it is a mistake that every test shows.

use std::collections::BTreeMap;

use super::api::Operation;
use super::xml::Element;

/// An element of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    operation: &'static Operation,
    element: &'a Element,
    above: Option<&'a Node<'a>>,
    /// How this one was found from above.
    path: &'a str,
}

impl<'a> Node<'a> {
    /// The outermost element of the answer to an operation.
    pub(super) const fn whole(operation: &'static Operation, element: &'a Element) -> Self {
        Self {
            operation,
            element,
            above: None,
            path: "",
        }
    }

    fn full(&self, path: &str) -> String {
        let own = if self.path.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.path)
        };
        self.above.map_or(own.clone(), |above| above.full(&own))
    }

    fn find(&self, path: &str) -> Vec<&'a Element> {
        debug_assert!(
            self.operation.has_element(&self.full(path)),
            "`{}` of {} is unknown",
            self.full(path),
            self.operation.name
        );
        let mut found = vec![self.element];
        for name in path.split('/') {
            let below = |element: &&'a Element| -> Vec<&'a Element> {
                let children = element.children.iter();
                children.filter(|child| child.name == name).collect()
            };
            found = found.iter().flat_map(below).collect();
        }
        found
    }

    /// The text of an element below; `None`: it is not there, or empty.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let found = self.find(path);
        let text = found.first().map(|element| element.text.trim().to_owned());
        text.filter(|text| !text.is_empty())
    }

    /// The texts of all elements below with this path.
    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        let found = self.find(path);
        found.iter().map(|element| element.text.clone()).collect()
    }

    /// Hands on each element with this path.
    pub(super) fn each(&'a self, path: &'a str, mut to: impl FnMut(Node<'_>)) {
        for element in self.find(path) {
            to(Node {
                operation: self.operation,
                element,
                above: Some(self),
                path,
            });
        }
    }

    /// What is written on a thing.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let keys = self.texts("tagSet/item/key");
        let values = self.texts("tagSet/item/value");
        keys.into_iter().zip(values).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::ec2::DESCRIBE_IMAGES;
    use super::super::xml::parse;
    use super::*;

    const ANSWER: &str = "<R><imagesSet><item><imageId>ami-1</imageId><name/><tagSet><item><key>a</key><value></value></item><item><key>b</key><value>c</value></item></tagSet></item><item><imageId>ami-2</imageId></item></imagesSet></R>";

    #[test]
    fn lists() {
        let element = parse(ANSWER).unwrap();
        let whole = Node::whole(&DESCRIBE_IMAGES, &element);
        let mut seen = Vec::new();
        whole.each("imagesSet/item", |image| {
            let tags: Vec<_> = image.tags().into_iter().collect();
            seen.push((image.text("imageId"), image.text("name"), tags));
        });
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            seen,
            [
                (
                    Some("ami-1".to_owned()),
                    None,
                    vec![pair("a", ""), pair("b", "c")]
                ),
                (Some("ami-2".to_owned()), None, Vec::new())
            ]
        );
        assert_eq!(whole.text("nextToken"), None);
    }

    #[test]
    #[should_panic(expected = "`imagesSet/item/imgeId` of DescribeImages is unknown")]
    fn unknown_names() {
        let element = parse(ANSWER).unwrap();
        Node::whole(&DESCRIBE_IMAGES, &element).each("imagesSet/item", |image| {
            image.text("imgeId");
        });
    }
}
