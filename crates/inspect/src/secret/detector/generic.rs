//! A name that says it is a secret, and a value that could be one.
//!
//! The last resort, for forms that nobody wrote down: it gives way to every other detector, and
//! its findings weigh less. The name must end with the word (`db_password`, not `password_file`);
//! the value must not be code, a path, a variable or a word that manuals use.

use goldsmith_core::finding::Severity::Medium;

use super::url::is_sample;
use super::{Candidate, Detector, Verdict, token};
use crate::secret::validate::entropy;

const NAMES: &[&str] = &[
    "password",
    "Password",
    "PASSWORD",
    "passwd",
    "Passwd",
    "PASSWD",
    "passphrase",
    "Passphrase",
    "PASSPHRASE",
    "pwd",
    "Pwd",
    "PWD",
    "_pass",
    "_PASS",
    "secret",
    "Secret",
    "SECRET",
    "token",
    "Token",
    "TOKEN",
    "api_key",
    "apikey",
    "apiKey",
    "ApiKey",
    "API_KEY",
    "APIKEY",
    "api-key",
    "Api-Key",
    "access_key",
    "accessKey",
    "AccessKey",
    "ACCESS_KEY",
    "auth_key",
    "authKey",
    "AUTH_KEY",
    "private_key",
    "privateKey",
    "PRIVATE_KEY",
    "encryption_key",
    "encryptionKey",
    "ENCRYPTION_KEY",
    "signing_key",
    "signingKey",
    "SIGNING_KEY",
    "secret_key",
    "secretKey",
    "SECRET_KEY",
    "master_key",
    "MASTER_KEY",
    "credential",
    "CREDENTIAL",
    "account_key",
    "ACCOUNT_KEY",
    "license_key",
    "LICENSE_KEY",
    "bindpw",
    "bind_pw",
    "BINDPW",
];

pub(super) const TABLE: &[Detector] = &[
    token(
        "generic-secret",
        "a value that looks like a secret",
        Medium,
        NAMES,
        r#"[\w.-]{0,40}(?i:password|passwd|passphrase|pwd|_pass|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|secret[_-]?key|master[_-]?key|account[_-]?key|license[_-]?key|credentials?|bind_?pw)\d?["']?\]?[ \t]{0,6}(?::=|=>|=|:)[ \t]{0,6}("[^"\r\n]{6,200}"|'[^'\r\n]{6,200}'|`[^`\r\n]{6,200}`|[^\s"'`,;&|()<>\[\]{}]{8,200})"#,
    )
    .text()
    .reach(48, 320)
    .entropy(0.0)
    .generic()
    .validate(is_secret),
    token(
        "generic-xml-secret",
        "an element that looks like a secret",
        Medium,
        &["password>", "Password>", "passphrase>", "secret>", "token>", "apiKey>", "privateKey>"],
        r"<(?:[\w.:-]{0,40})(?i:password|passphrase|secret|token|apikey|privatekey)>\s{0,4}([^\s<>${}]{6,200})\s{0,4}</",
    )
    .text()
    .reach(44, 260)
    .entropy(2.5)
    .generic()
    .validate(|c| Verdict::when(!is_sample(c.secret) && looks_made(c.secret, true))),
];

/// Names that end so and hold no secret.
const OTHER_NAMES: &[&str] = &[
    "max_token",
    "num_token",
    "csrf_token_name",
    "page_token",
    "next_token",
    "nexttoken",
    "continuation_token",
    "public_key",
    "pagetoken",
    "no_password",
    "nopasswd",
    "oldpwd",
    "primary_key",
    "foreign_key",
    "sort_key",
    "bos_token",
    "eos_token",
    "pad_token",
    "unk_token",
    "cls_token",
    "sep_token",
    "mask_token",
];

fn is_secret(candidate: &Candidate<'_>) -> Verdict {
    let name = String::from_utf8_lossy(candidate.lead).to_ascii_lowercase();
    let name = name.trim_matches(|c: char| c.is_ascii_whitespace() || "\"'`[]:=>".contains(c));
    if OTHER_NAMES.iter().any(|other| name.ends_with(other)) {
        return Verdict::No;
    }
    let Ok(value) = std::str::from_utf8(candidate.secret) else {
        return Verdict::No;
    };
    let is_quoted = candidate.lead.ends_with(b"\"")
        || candidate.lead.ends_with(b"'")
        || candidate.lead.ends_with(b"`");
    let is_word = ["password", "passwd", "passphrase", "pwd", "_pass", "pw"]
        .iter()
        .any(|word| name.ends_with(word));
    let bytes = value.as_bytes();
    let enough = if is_word {
        entropy(bytes) >= 2.5
    } else {
        bytes.len() >= 16 && entropy(bytes) >= 3.2
    };
    Verdict::when(enough && !is_sample(bytes) && !is_code(value) && looks_made(bytes, is_quoted))
}

/// Paths, variables, calls, types, markup.
fn is_code(value: &str) -> bool {
    value.starts_with([
        '/', '$', '%', '<', '{', '[', '(', '*', '&', '@', '~', '.', '-', '!', '?',
    ]) || value.contains(['(', ')', '{', '}', '<', '>', ' ', '\t', '\\'])
        || value.contains("://")
        || value.contains("::")
        || value.contains("${")
        || value.contains("->")
        || value.contains("%s")
        || value.ends_with(['/', ':', '.', ','])
        || [
            ".py", ".key", ".pem", ".txt", ".json", ".yaml", ".yml", ".conf", ".html", ".js",
            ".md", ".so",
        ]
        .iter()
        .any(|end| value.ends_with(end))
}

/// Whether a value is no word of a language or of a program: it has letters and digits, or in
/// quotes also marks.
fn looks_made(value: &[u8], is_quoted: bool) -> bool {
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let (digit, letter) = (has(u8::is_ascii_digit), has(u8::is_ascii_alphabetic));
    let marks = value
        .iter()
        .filter(|byte| byte.is_ascii_punctuation() && !b"_-.".contains(byte))
        .count();
    let is_name = value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte));
    let is_shouted = value
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-.".contains(byte));
    let words = value.iter().filter(|byte| b"_-.".contains(byte)).count();
    if !value.is_ascii()
        || value
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".-:".contains(byte))
    {
        return false;
    }
    // `x86_64-linux-gnu`, `GL_EXT_TOKEN_2`, `package-1.2.3`: names of things.
    if is_name && (is_shouted && words > 0 || words >= 2) {
        return entropy(value) > 4.3;
    }
    digit && letter || letter && marks > 0 && is_quoted
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, found, made, nothing};

    #[test]
    fn assignments() {
        let value = made(ALNUM, 24);
        for text in [
            format!("DB_PASSWORD={value}\n"),
            format!("  password: \"{value}\"\n"),
            format!("\"apiKey\": \"{value}\","),
            format!("auth_token = '{value}'\n"),
            format!("export CLIENT_SECRET={value}\n"),
            format!("spring.datasource.password={value}\n"),
            format!("$config['db_password'] = '{value}';"),
            "password = \"Kq7!wolke\"\n".to_owned(),
            "bindpw Kq7wolke9x".replace("bindpw ", "bindpw="),
        ] {
            found("generic-secret", &text);
        }
        found(
            "generic-xml-secret",
            &format!("<server><password>{value}</password></server>"),
        );
    }

    #[test]
    fn look_alikes() {
        for text in [
            "password = getpass()\n",
            "password: changeme\n",
            "password = \"password\"\n",
            "PASSWORD=${DB_PASSWORD}\n",
            "token: <your token here>\n",
            "secret_name = \"projects/a/secrets/b1\"\n",
            "password_file = /run/secrets/db1\n",
            "token = tokens.next_token_2\n",
            "api_key = os.environ[\"API_KEY\"]\n",
            "PWD=/root/folder1\n",
            "secret: xxxxxxxxxxxxxxxxxxxxxxxx\n",
            "password: \"{{ vault_password_1 }}\"\n",
            "password = EXAMPLEpassword1\n",
            "The password: it must have 8 letters\n",
            "token=0000000000000000000000\n",
            "token := lexer.Token(12345678)\n",
        ] {
            nothing(text);
        }
    }
}
