//! XML that services answer with: as a tree, or the texts of its elements by their path.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements in elements deeper than this are nobody's answer.
const DEPTH_MAX: usize = 64;

/// An element, without attributes and name spaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// What stands in it, when no element does.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn leaves(&self, path: &str, all: &mut Vec<(String, String)>) {
        let path = match path {
            "" => self.name.clone(),
            path => format!("{path}/{}", self.name),
        };
        if self.children.is_empty() {
            all.push((path, self.text.clone()));
        } else {
            for child in &self.children {
                child.leaves(&path, all);
            }
        }
    }
}

/// The outermost element; `None` when it is no such document.
pub(super) fn parse(document: &str) -> Option<Element> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Element> = Vec::new();
    let mut whole = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() == DEPTH_MAX {
                    return None;
                }
                if let Some(around) = open.last_mut() {
                    around.text.clear();
                }
                open.push(Element::named(start.local_name().as_ref()));
            }
            Event::End(_) => close(open.pop()?, &mut open, &mut whole)?,
            Event::Empty(empty) => {
                let element = Element::named(empty.local_name().as_ref());
                close(element, &mut open, &mut whole)?;
            }
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(c) => add(&mut open, c.encode_utf8(&mut [0; 4])),
                None => add(
                    &mut open,
                    quick_xml::escape::resolve_predefined_entity(&name)?,
                ),
            },
            Event::Eof => return whole.filter(|_| open.is_empty()),
            _ => {}
        }
    }
}

/// Puts a finished element into the one around it. `None`: it is a second outermost one.
fn close(element: Element, open: &mut [Element], whole: &mut Option<Element>) -> Option<()> {
    match open.last_mut() {
        Some(around) => {
            around.text.clear();
            around.children.push(element);
        }
        None if whole.is_none() => *whole = Some(element),
        None => return None,
    }
    Some(())
}

/// Adds to the text of the innermost element, when there is no element in it.
fn add(open: &mut [Element], text: &str) {
    if let Some(around) = open.last_mut().filter(|around| around.children.is_empty()) {
        around.text.push_str(text);
    }
}

/// Every element that holds text only: the names from the outermost to it, joined by `/`, and
/// the text. `None` when it is no such document.
pub(super) fn texts(document: &str) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    parse(document)?.leaves("", &mut all);
    Some(all)
}

/// A text as the content of an element.
pub(super) fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths_and_entities() {
        let document = "<?xml version=\"1.0\"?>\n<R xmlns=\"http://s3\">\n  <A>a &amp; b&#x21;</A>\n  <L><K> x </K></L><L><K><![CDATA[<&>]]></K></L><E/><Z></Z></R>";
        let texts = texts(document).unwrap();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(
            texts,
            [
                ("R/A", "a & b!"),
                ("R/L/K", " x "),
                ("R/L/K", "<&>"),
                ("R/E", ""),
                ("R/Z", "")
            ]
        );
    }

    #[test]
    fn refuses_what_is_none() {
        let deep = "<a>".repeat(100_000);
        for document in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&nope;</a>",
            "{\"a\": 1}",
            &deep,
        ] {
            assert_eq!(texts(document), None, "{document}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("\"<&>\""), "&quot;&lt;&amp;&gt;&quot;");
    }
}
