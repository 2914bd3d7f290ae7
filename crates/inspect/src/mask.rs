//! Lines of configuration as they may be shown: what looks like a secret is masked.
//!
//! A guess, and only the second line of defence: whoever shows a file shows none that not everybody
//! in the image may read.

use goldsmith_core::secret::MASK;

use crate::sanitize::secret_name;

/// How hashes of passwords begin, as crypt(3) writes them.
const HASHES: [&str; 8] = ["$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$y$"];
/// The shortest run of letters and digits that is taken for a key.
const KEY_MIN: usize = 40;

/// A line without the values that look like secrets.
pub fn line(line: &str) -> String {
    let bare = line.trim_start_matches(['#', ';', ' ', '\t']);
    if let Some(name) = secret_name(bare) {
        let at = line.find(name).map_or(0, |at| at + name.len());
        let end = line[at..]
            .find(['=', ':'])
            .map_or(line.len(), |end| at + end + 1);
        return format!("{}{MASK}", &line[..end]);
    }
    let words = line.split_inclusive(|c: char| c.is_whitespace() || ":;,\"'".contains(c));
    let masked: String = words
        .map(|word| {
            let text = word.trim_end_matches(|c: char| c.is_whitespace() || ":;,\"'".contains(c));
            if is_secret(text) {
                word.replacen(text, MASK, 1)
            } else {
                word.to_owned()
            }
        })
        .collect();
    without_password(&masked)
}

fn is_secret(word: &str) -> bool {
    let is_key = || {
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
        word.len() >= KEY_MIN && word.bytes().all(is_letter) && digits >= 4 && capitals >= 4
    };
    HASHES.iter().any(|start| word.starts_with(start)) || is_key()
}

/// `scheme://user:password@host` without the password.
fn without_password(line: &str) -> String {
    let Some((scheme, rest)) = line.split_once("://") else {
        return line.to_owned();
    };
    let end = rest.find(['/', ' ', '"', '\'']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@').map(|(user, _)| user) {
        Some(user) if user.contains(':') => {
            let (name, _) = user.split_once(':').unwrap_or((user, ""));
            format!("{scheme}://{name}:{MASK}{}", &rest[user.len()..])
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let key = format!("{}{}", "AbCdEf0123", "xYzW456789".repeat(4));
        for (before, after) in [
            ("listen 80;", "listen 80;"),
            ("password = geheim", "password =(secret)"),
            ("#  API_TOKEN='geheim'", "#  API_TOKEN=(secret)"),
            (
                "Environment=\"APP_SECRET=geheim\"",
                "Environment=\"APP_SECRET=(secret)",
            ),
            ("root:$y$j9T$abc$def:19000:0", "root:(secret):19000:0"),
            (
                "proxy http://me:geheim@proxy:3128/ x",
                "proxy http://me:(secret)@proxy:3128/ x",
            ),
            ("see http://example.com/a@b", "see http://example.com/a@b"),
            (&format!("key \"{key}\";"), "key \"(secret)\";"),
            ("PASSWORD_FILE=/run/secret", "PASSWORD_FILE=/run/secret"),
        ] {
            assert_eq!(line(before), after, "{before}");
        }
    }
}
