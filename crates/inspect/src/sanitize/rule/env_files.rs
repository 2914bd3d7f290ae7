//! `env-files`: settings that look like secrets are named. Names only, never values.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError};

pub(super) static RULE: Rule = Rule {
    id: "env-files",
    summary: "variables and settings that look like secrets are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[],
    code: Some(find),
};

const FILES: &[&str] = &[
    "/{root,home,opt,srv,etc,var/www}/**/.env{,.*}",
    "/{root,home,opt,srv,etc}/**/*.tfvars",
    "/{root,home,opt,srv,etc}/**/docker-compose*.{yml,yaml}",
    "/etc/environment{,.d/*}",
    "/etc/default/*",
    "/etc/systemd/system/**/*.{service,conf}",
    "/etc/{crontab,cron.d/*}",
    "/etc/profile.d/*",
    "~/.{profile,bashrc,bash_profile,zshrc,zshenv}",
];

/// What stands in the name of a variable that holds a secret.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
];

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for files in FILES {
        for (node, text) in search.snapshot.foreign_texts(files)? {
            for line in text.lines() {
                if let Some(name) = secret_name(line) {
                    let note = "looks like a secret";
                    found.report(Severity::Warn, &node.path, Some(name), note);
                }
            }
        }
    }
    Ok(())
}

/// The name on the left of a row that gives a secret's name a value of its own.
pub(crate) fn secret_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (left, value) = line.split_once(['=', ':'])?;
    let (left, value) = match left.strip_suffix("Environment") {
        // systemd: Environment="NAME=value"
        Some(_) => value.split_once('=')?,
        None => (left, value),
    };
    let name = left
        .trim()
        .trim_start_matches("export ")
        .trim_matches(['"', '\'', '-', ' ']);
    let value = value.trim().trim_matches(['"', '\'']);
    let is_name = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let lower = name.to_ascii_lowercase();
    let is_given = !value.is_empty() && !value.starts_with(['$', '/', '<', '{', '%']);
    (is_name && is_given && WORDS.iter().any(|word| lower.contains(word))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{RULE, secret_name};
    use crate::sanitize::testing::check_report;

    #[test]
    fn names_never_values() {
        let found = check_report(
            &RULE,
            &[
                ("/opt/app/.env", "PORT=80\nDB_PASSWORD=geheim\n"),
                ("/etc/environment", "API_TOKEN='geheim'\n"),
                (
                    "/etc/systemd/system/a.service",
                    "[Service]\nEnvironment=\"APP_SECRET=geheim\"\n",
                ),
            ],
            &[(
                "/etc/default/app",
                "#PASSWORD=geheim\nTOKEN_FILE=/run/token\n",
            )],
        );
        assert_eq!(found.len(), 3);
        assert!(!format!("{found:?}").contains("geheim"));
    }

    #[test]
    fn rows() {
        for (line, name) in [
            (
                "export AWS_SECRET_ACCESS_KEY=abc",
                Some("AWS_SECRET_ACCESS_KEY"),
            ),
            ("  password: abc", Some("password")),
            ("PASSWORD=$OTHER", None),
            ("PASSWORD=", None),
            ("# token=abc", None),
            ("if [ -z \"$TOKEN\" ]; then x=1", None),
        ] {
            assert_eq!(secret_name(line), name, "{line}");
        }
    }
}
