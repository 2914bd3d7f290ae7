//! The little that is read of S3's XML: texts of elements by their path.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Every element that holds text only: the names from the outermost to it, joined by `/`, and
/// the text. `None` when it is no such document.
pub(super) fn texts(document: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_str(document);
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut all = Vec::new();
    let mut is_leaf = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
                is_leaf = true;
            }
            Event::End(_) => {
                if std::mem::take(&mut is_leaf) {
                    all.push((path.join("/"), std::mem::take(&mut text)));
                }
                path.pop()?;
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::CData(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(c) => text.push(c),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(&name)?),
            },
            Event::Empty(_) => is_leaf = false,
            Event::Eof => return (path.is_empty() && !all.is_empty()).then_some(all),
            _ => {}
        }
    }
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
                ("R/Z", "")
            ]
        );
    }

    #[test]
    fn refuses_what_is_none() {
        for document in ["", "text", "<a>", "<a></b>", "<a>&nope;</a>", "{\"a\": 1}"] {
            assert_eq!(texts(document), None, "{document}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("\"<&>\""), "&quot;&lt;&amp;&gt;&quot;");
    }
}
