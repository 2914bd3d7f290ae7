//! URLs as they may be shown: without the credentials they carry.

use goldsmith_core::cx::Cx;
use goldsmith_core::secret::{MASK, Secret};

/// The URL with its user, password and query (where signed URLs keep their
/// secret) replaced by a mask.
pub fn mask_url(url: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, _)) => (base, format!("?{MASK}")),
        None => (url, String::new()),
    };
    let Some((scheme, rest)) = base.split_once("://") else {
        return format!("{base}{query}");
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}{path}{query}"),
        None => format!("{scheme}://{authority}{path}{query}"),
    }
}

/// Makes the credentials of a URL known to the context, so that no event shows them.
pub(crate) fn register(cx: &Cx, url: &str) {
    let Some(authority) = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
    else {
        return;
    };
    let Some((user_info, _)) = authority.rsplit_once('@') else {
        return;
    };
    let password = user_info.split_once(':').map_or(user_info, |(_, p)| p);
    cx.redactor.add(&Secret::new(password.to_owned()));
    // As somebody who is not in a URL would print it.
    let plain = crate::file::percent_decode(password);
    cx.redactor
        .add(&Secret::new(String::from_utf8_lossy(&plain).into_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        for (url, shown) in [
            ("http://mirror.test/a", "http://mirror.test/a"),
            (
                "http://me:hunter2@mirror.test/a",
                "http://(secret)@mirror.test/a",
            ),
            ("https://token@h", "https://(secret)@h"),
            ("https://h/a?sig=abc&x=1", "https://h/a?(secret)"),
            ("http://a:p@ss@h:80/x@y", "http://(secret)@h:80/x@y"),
            ("file:///tmp/a@b", "file:///tmp/a@b"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(mask_url(url), shown, "{url}");
        }
    }
}
