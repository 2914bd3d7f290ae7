//! Passwords in addresses and connection strings.

use goldsmith_core::finding::Severity::{High, Medium};

use super::{Candidate, Detector, Verdict, token};

/// What may stand in a password of an address; a `/` must be escaped there.
pub(super) const TABLE: &[Detector] = &[
    token(
        "database-url",
        "an address of a database with its password",
        High,
        &["postgres", "mysql", "mariadb", "mongodb", "redis", "amqp", "mssql", "sqlserver", "clickhouse", "cockroachdb", "couchdb", "oracle", "cassandra", "neo4j", "nats", "kafka", "influxdb"],
        r#"\b(?:postgres(?:ql)?|mysql2?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse|cockroachdb|couchdb|oracle|cassandra|neo4j(?:\+s)?|nats|kafka|influxdb)(?:\+\w{2,12})?://[^\s:/@"'<>{}$%*]{0,64}:([^\s/@"'<>`\\]{3,200})@[\w.\[\]:-]{1,200}"#,
    )
    .text()
    .entropy(1.5)
    .validate(is_password),
    token(
        "url-password",
        "an address with its password",
        High,
        &["http://", "https://", "ftp://", "ftps://", "sftp://", "ldap://", "ldaps://", "smtp://", "smtps://", "imap://", "imaps://", "ssh://", "socks5://"],
        r#"\b(?:https?|ftps?|sftp|ldaps?|smtps?|imaps?|ssh|socks5)://[^\s:/@"'<>{}$%*?#]{0,64}:([^\s/@"'<>`\\?#]{3,200})@[\w.\[\]-]{1,200}"#,
    )
    .text()
    .entropy(1.5)
    .validate(is_password),
    token(
        "url-token",
        "an address with a token",
        High,
        &["https://"],
        r"https://([A-Za-z0-9_-]{30,120})@[\w.-]{3,200}",
    )
    .text()
    .entropy(3.5),
    token(
        "jdbc-password",
        "a password in a JDBC address",
        High,
        &["jdbc:"],
        r#"jdbc:[a-z0-9:]{2,40}[^\s"'<>]{1,200}?[?&;](?:password|pwd|pass)=([^\s&;"'<>]{3,100})"#,
    )
    .text()
    .entropy(1.5)
    .validate(is_password),
    token(
        "connection-string-password",
        "a password in a connection string",
        High,
        &["Password=", "Pwd=", "PWD=", "password=", "pwd="],
        r#"\b(?i:password|pwd)=([^\s;"'<>&]{4,100})"#,
    )
    .text()
    .entropy(1.5)
    .validate(in_connection_string),
];

/// Words that manuals put where a password goes.
const SAMPLES: &[&str] = &[
    "pass",
    "password",
    "passwd",
    "passw0rd",
    "pw",
    "pwd",
    "secret",
    "mypassword",
    "mypass",
    "user",
    "username",
    "tiger",
    "token",
    "foo",
    "bar",
    "guest",
    "admin",
    "root",
    "test",
    "changeme",
    "example",
    "yourpassword",
    "xxx",
    "xxxx",
    "***",
    "...",
    "pass123",
    "test123",
    "redacted",
    "postgres",
    "mysql",
    "hunter2",
    "key",
    "apikey",
    "credentials",
    "auth",
    "abc",
    "1234",
    "12345",
    "123456",
    "port",
    "pa55",
    "p4ssword",
    "my-secret-pw",
    "pswd",
    "swordfish",
    "sekrit",
    "s3cret",
];

pub(super) fn is_sample(word: &[u8]) -> bool {
    let word = String::from_utf8_lossy(word).to_ascii_lowercase();
    SAMPLES.contains(&word.as_str())
}

fn is_password(candidate: &Candidate<'_>) -> Verdict {
    let is_variable = |byte: u8| b"$%{<[(*".contains(&byte);
    let is_port = candidate.secret.iter().all(u8::is_ascii_digit) && candidate.secret.len() < 6;
    let first = candidate.secret.first().copied().unwrap_or_default();
    if is_variable(first) || is_port || is_sample(candidate.secret) {
        return Verdict::No;
    }
    let host = candidate
        .whole
        .rsplit(|byte| *byte == b'@')
        .next()
        .unwrap_or_default();
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    if ["host", "hostname", "server", "example", "somehost"]
        .contains(&host.split(['.', ':']).next().unwrap_or_default())
        && !candidate.secret.iter().any(u8::is_ascii_digit)
        || host.starts_with("example.")
        || host.contains(".example")
    {
        return Verdict::No;
    }
    if host.starts_with("localhost") || host.starts_with("127.") {
        return Verdict::As(Medium, "an address of this machine with a password");
    }
    Verdict::Yes
}

fn in_connection_string(candidate: &Candidate<'_>) -> Verdict {
    let around = String::from_utf8_lossy(candidate.around(240, 240)).to_ascii_lowercase();
    let is_string = ["server=", "data source=", "host=", "dsn=", "addr="]
        .iter()
        .any(|key| around.contains(key))
        && ["user id=", "uid=", "user=", "username="]
            .iter()
            .any(|key| around.contains(key));
    if is_string {
        is_password(candidate)
    } else {
        Verdict::No
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, found, made, nothing};

    #[test]
    fn addresses() {
        let password = made(ALNUM, 14);
        for scheme in [
            "postgresql",
            "mysql",
            "mongodb+srv",
            "redis",
            "amqps",
            "postgresql+psycopg2",
        ] {
            found(
                "database-url",
                &format!("URL={scheme}://web:{password}@db.corp.net:5432/web\n"),
            );
        }
        found(
            "url-password",
            &format!("proxy = http://me:{password}@proxy.corp.net:3128\n"),
        );
        found(
            "url-token",
            &format!("url = https://{}@git.corp.net/a.git\n", made(ALNUM, 40)),
        );
        found(
            "jdbc-password",
            &format!("jdbc:mysql://db/web?user=web&password={password}\n"),
        );
        found(
            "connection-string-password",
            &format!("Server=db;Database=web;User Id=sa;Password={password};"),
        );
    }

    #[test]
    fn look_alikes() {
        for text in [
            "postgresql://user:password@localhost/db",
            "postgresql://scott:tiger@localhost:5432/mydatabase",
            "https://user:$TOKEN@host/",
            "https://${USER}:${PASSWORD}@host/",
            "https://user:{password}@host/",
            "http://localhost:3000/@scope/name",
            "redis://:<password>@host:6379",
            "see https://me:geheim@www.example.com/",
            "amqp://guest:guest@rabbit:5672/",
            "git@github.com:owner/name.git",
        ] {
            nothing(text);
        }
    }
}
