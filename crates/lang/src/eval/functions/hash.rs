//! Digests and identifiers made of content.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::{Args, Failed, Function, function};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "md5",
        "md5(text)",
        "digest in hexadecimal",
        1,
        Some(1),
        |a| Ok(hex(&md5::Md5::digest(a.text(0)?.as_bytes())).into()),
    ),
    function(
        "sha1",
        "sha1(text)",
        "digest in hexadecimal",
        1,
        Some(1),
        |a| Ok(hex(&sha1::Sha1::digest(a.text(0)?.as_bytes())).into()),
    ),
    function(
        "sha256",
        "sha256(text)",
        "digest in hexadecimal",
        1,
        Some(1),
        |a| Ok(hex(&sha2::Sha256::digest(a.text(0)?.as_bytes())).into()),
    ),
    function(
        "sha512",
        "sha512(text)",
        "digest in hexadecimal",
        1,
        Some(1),
        |a| Ok(hex(&sha2::Sha512::digest(a.text(0)?.as_bytes())).into()),
    ),
    function(
        "base64sha256",
        "base64sha256(text)",
        "digest in base64",
        1,
        Some(1),
        |a| {
            Ok(STANDARD
                .encode(sha2::Sha256::digest(a.text(0)?.as_bytes()))
                .into())
        },
    ),
    function(
        "base64sha512",
        "base64sha512(text)",
        "digest in base64",
        1,
        Some(1),
        |a| {
            Ok(STANDARD
                .encode(sha2::Sha512::digest(a.text(0)?.as_bytes()))
                .into())
        },
    ),
    function(
        "uuidv5",
        "uuidv5(namespace, name)",
        "a UUID made of a name; namespaces dns, url, oid, x500 or a UUID",
        2,
        Some(2),
        uuid,
    ),
    function(
        "filemd5",
        "filemd5(path)",
        "digest of a file",
        1,
        Some(1),
        |a| Ok(hex(&md5::Md5::digest(a.file(0)?)).into()),
    ),
    function(
        "filesha1",
        "filesha1(path)",
        "digest of a file",
        1,
        Some(1),
        |a| Ok(hex(&sha1::Sha1::digest(a.file(0)?)).into()),
    ),
    function(
        "filesha256",
        "filesha256(path)",
        "digest of a file",
        1,
        Some(1),
        |a| Ok(hex(&sha2::Sha256::digest(a.file(0)?)).into()),
    ),
    function(
        "filesha512",
        "filesha512(path)",
        "digest of a file",
        1,
        Some(1),
        |a| Ok(hex(&sha2::Sha512::digest(a.file(0)?)).into()),
    ),
];

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn uuid(a: &Args<'_>) -> Result<Value, Failed> {
    let space = a.text(0)?;
    let space = match &*space {
        "dns" => uuid::Uuid::NAMESPACE_DNS,
        "url" => uuid::Uuid::NAMESPACE_URL,
        "oid" => uuid::Uuid::NAMESPACE_OID,
        "x500" => uuid::Uuid::NAMESPACE_X500,
        other => other
            .parse()
            .or_else(|_| a.wrong(0, "a namespace is dns, url, oid, x500 or a UUID"))?,
    };
    Ok(uuid::Uuid::new_v5(&space, a.text(1)?.as_bytes())
        .to_string()
        .into())
}
