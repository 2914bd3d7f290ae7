//! Objects (S3), of AWS or of any store that speaks like it.

mod checksum;
mod get;
mod put;
mod small;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{ObjectPath, ObjectStore, RemoteError};
use std::path::Path;

use super::Aws;
use super::api::s3 as api;
use super::call::{Request, Trouble};
use super::xml;

/// Keys in one answer: the most that S3 gives.
const PAGE: usize = 1000;

impl ObjectStore for Aws {
    fn get(
        &self,
        cx: &Cx,
        from: &ObjectPath,
        owner: Option<&str>,
        to: &Path,
    ) -> Result<(), RemoteError> {
        get::get(self, cx, from, owner, to)
    }

    fn put(
        &self,
        cx: &Cx,
        from: &Path,
        to: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<(), RemoteError> {
        put::put(self, cx, from, to, owner)
    }

    fn list(
        &self,
        cx: &Cx,
        prefix: &ObjectPath,
        owner: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, RemoteError> {
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        while keys.len() < limit {
            let wanted = (limit - keys.len()).min(PAGE);
            let mut request = Request::object(&api::LIST_OBJECTS, prefix, owner)
                .with("Prefix", prefix.key.as_str())
                .with("MaxKeys", wanted.to_string());
            if let Some(token) = &token {
                request = request.with("ContinuationToken", token.as_str());
            }
            let page = self.call(cx, &request, |answer| {
                page(&answer.text(cx)?)
                    .ok_or_else(|| Trouble::Broken("the answer is no list".to_owned()))
            })?;
            keys.extend(page.keys);
            match page.next {
                None => break,
                // A store that gives the same page for ever.
                next if next == token => return Err(request.senseless("the list has no end")),
                next => token = next,
            }
        }
        keys.truncate(limit);
        Ok(keys)
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Page {
    keys: Vec<String>,
    /// What to ask for the next with.
    next: Option<String>,
}

fn page(text: &str) -> Option<Page> {
    let texts = xml::texts(text)?;
    let mut keys = Vec::new();
    let (mut next, mut is_truncated, mut is_list) = (None, false, false);
    for (path, text) in texts {
        is_list |= path.starts_with("ListBucketResult/");
        match path.as_str() {
            "ListBucketResult/Contents/Key" => keys.push(text),
            "ListBucketResult/IsTruncated" => is_truncated = text.trim() == "true",
            "ListBucketResult/NextContinuationToken" => next = Some(text),
            _ => {}
        }
    }
    is_list.then(|| Page {
        keys,
        next: next.filter(|_| is_truncated),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let text = "<ListBucketResult xmlns=\"x\"><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key><Size>1</Size></Contents><Contents><Key>c</Key></Contents><NextContinuationToken>t</NextContinuationToken><CommonPrefixes><Prefix>Key</Prefix></CommonPrefixes></ListBucketResult>";
        let expected = Page {
            keys: vec!["a&b".to_owned(), "c".to_owned()],
            next: Some("t".to_owned()),
        };
        assert_eq!(page(text), Some(expected));
        let last = text.replace("true", "false");
        assert_eq!(page(&last).unwrap().next, None);
        assert_eq!(page("<html><p>x</p></html>"), None);
    }
}
