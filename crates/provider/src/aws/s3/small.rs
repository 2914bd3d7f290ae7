//! Objects that are a text, and the removal of objects, whole and half.

use bytes::Bytes;
use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{ObjectPath, RemoteError};

use super::super::Aws;
use super::super::api::s3 as api;
use super::super::call::{Request, Retry, Trouble};
use super::super::xml;

/// An upload that was begun: its key and its identity.
type Begun = (String, String);

impl Aws {
    /// A small object as a text; `None`: it is not there.
    pub(crate) fn text(
        &self,
        cx: &Cx,
        from: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<Option<String>, RemoteError> {
        let request = Request::object(&api::GET_OBJECT, from, owner);
        match self.call(cx, &request, |answer| answer.text(cx)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if request.is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Bytes as an object, in place of one that is there.
    pub(crate) fn put_bytes(
        &self,
        cx: &Cx,
        bytes: Bytes,
        to: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<(), RemoteError> {
        let request = Request::object(&api::PUT_OBJECT, to, owner).carrying(bytes);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Takes an object away; one that is not there is.
    pub(crate) fn delete(
        &self,
        cx: &Cx,
        what: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<(), RemoteError> {
        let request = Request::object(&api::DELETE_OBJECT, what, owner);
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => Ok(()),
            other => other,
        }
    }

    /// Takes away the parts of large objects below a prefix that were begun and never finished.
    pub(crate) fn abort_uploads(
        &self,
        cx: &Cx,
        prefix: &ObjectPath,
        owner: Option<&str>,
    ) -> Result<(), RemoteError> {
        let list = Request::object(&api::LIST_MULTIPART_UPLOADS, prefix, owner)
            .with("Prefix", prefix.key.as_str());
        let mut before: Vec<Begun> = Vec::new();
        loop {
            let (begun, is_truncated) = self.call(cx, &list, |answer| {
                uploads(&answer.text(cx)?)
                    .ok_or_else(|| Trouble::Broken("the answer is no list".to_owned()))
            })?;
            if !begun.is_empty() && begun == before {
                return Err(list.senseless("uploads that were aborted are still there"));
            }
            for (key, id) in &begun {
                let object = ObjectPath {
                    bucket: prefix.bucket.clone(),
                    key: key.clone(),
                };
                let abort = Request::object(&api::ABORT_MULTIPART_UPLOAD, &object, owner)
                    .with("UploadId", id.as_str());
                self.abort_upload(cx, &abort)?;
            }
            if !is_truncated {
                return Ok(());
            }
            before = begun;
        }
    }

    /// Takes the parts of an upload away; one that is not there is.
    fn abort_upload(&self, cx: &Cx, request: &Request) -> Result<(), RemoteError> {
        let mut retry = Retry::new(self, cx);
        loop {
            let outcome = self.open(cx, request).and_then(|answer| answer.text(cx));
            match outcome {
                Ok(_) => return Ok(()),
                // Somebody else was quicker, or the answer to an earlier try was lost.
                Err(Trouble::Refused(refusal)) if refusal.code == "NoSuchUpload" => return Ok(()),
                Err(trouble) => retry.after(request, trouble, false)?,
            }
        }
    }
}

/// The uploads of a list, and whether there are more.
fn uploads(text: &str) -> Option<(Vec<Begun>, bool)> {
    // The two come in either order.
    let (mut begun, mut key, mut id) = (Vec::new(), None, None);
    let (mut is_truncated, mut is_list) = (false, false);
    for (path, text) in xml::texts(text)? {
        is_list |= path.starts_with("ListMultipartUploadsResult/");
        match path.as_str() {
            "ListMultipartUploadsResult/Upload/Key" => key = Some(text),
            "ListMultipartUploadsResult/Upload/UploadId" => id = Some(text),
            "ListMultipartUploadsResult/IsTruncated" => is_truncated = text.trim() == "true",
            _ => {}
        }
        if key.is_some() && id.is_some() {
            begun.extend(key.take().zip(id.take()));
        }
    }
    is_list.then_some((begun, is_truncated))
}

#[cfg(test)]
mod tests {
    use super::uploads;

    #[test]
    fn lists() {
        let text = "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><Upload><Key>a</Key><UploadId>1</UploadId><Owner><ID>x</ID></Owner></Upload><Upload><UploadId>2</UploadId><Key>a</Key></Upload></ListMultipartUploadsResult>";
        let both = ["1", "2"].map(|id| ("a".to_owned(), id.to_owned()));
        assert_eq!(uploads(text), Some((both.to_vec(), true)));
        let none = "<ListMultipartUploadsResult><Bucket>b</Bucket></ListMultipartUploadsResult>";
        assert_eq!(uploads(none), Some((Vec::new(), false)));
        assert_eq!(uploads("<html><p>x</p></html>"), None);
    }
}
