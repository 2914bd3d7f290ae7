//! Names that say they are of a secret.

/// Words of names of secrets.
const SECRET: [&str; 11] = [
    "apikey",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "privatekey",
    "secret",
    "secrets",
    "token",
];

/// Pairs of words of names of secrets.
const PAIRS: [(&str, &str); 5] = [
    ("access", "key"),
    ("api", "key"),
    ("encryption", "key"),
    ("private", "key"),
    ("signing", "key"),
];

/// Last words of names of what merely belongs to a secret.
const ABOUT: [&str; 19] = [
    "age", "arn", "count", "dir", "enabled", "file", "folder", "host", "id", "length", "name",
    "path", "policy", "region", "type", "uri", "url", "user", "username",
];

/// Whether a name, of a parameter or a path in a parameter store, says it is of a secret.
pub(in crate::lint) fn is_secret(name: &str) -> bool {
    if name.contains("/secretsmanager/") {
        return true;
    }
    let name = name.trim_end_matches(['/', ' ']);
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    let words = words(last);
    let is_about = words
        .last()
        .is_some_and(|last| ABOUT.contains(&last.as_str()));
    let has_word = words.iter().any(|word| SECRET.contains(&word.as_str()));
    let has_pair = words
        .windows(2)
        .any(|pair| PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())));
    !is_about && (has_word || has_pair)
}

/// `dbPassword`, `DB_PASSWORD` and `db-password` are `db` and `password`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in name.chars() {
        let is_break = !character.is_alphanumeric();
        if is_break || (was_small && character.is_uppercase()) {
            words.push(String::new());
        }
        was_small = character.is_lowercase() || character.is_ascii_digit();
        if !is_break && let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "Password",
            "dbPassword",
            "DB_PASSWORD",
            "api-key",
            "ApiKey",
            "GITHUB_TOKEN",
            "/prod/db/password",
            "/aws/reference/secretsmanager/anything",
            "clientSecret",
            "SigningKey",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PasswordFile",
            "SECRET_ARN",
            "TokenUrl",
            "accessKeyId",
            "Version",
            "KeyName",
            "PWD",
            "/password/policy",
            "Tokenizer",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
