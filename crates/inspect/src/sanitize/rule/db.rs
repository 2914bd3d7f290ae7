//! `db`: databases with content, and passwords made for them, are named.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, warn};

pub(super) static RULE: Rule = Rule {
    id: "db",
    summary: "databases with content and their maintenance passwords are named",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[
        warn(
            "/var/lib/{mysql,mariadb}/ibdata1",
            "a database: copies share its content",
        ),
        warn(
            "/var/lib/postgresql/*/*/PG_VERSION",
            "a database: copies share its system id",
        ),
        warn(
            "/var/lib/redis/*.{rdb,aof}",
            "a database: copies share its content",
        ),
        warn(
            "/var/lib/mongodb/WiredTiger",
            "a database: copies share its content",
        ),
    ],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (node, text) in search.snapshot.foreign_texts("/etc/mysql/debian.cnf")? {
        let has_password = text.lines().any(|line| {
            line.trim_start()
                .strip_prefix("password")
                .is_some_and(|rest| !rest.trim_start_matches([' ', '\t', '=']).is_empty())
        });
        if has_password {
            let note = "a password of the database that copies would share";
            found.report(Severity::Fail, &node.path, Some("password"), note);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn names() {
        let found = check_report(
            &super::RULE,
            &[
                ("/var/lib/mysql/ibdata1", "x"),
                ("/var/lib/postgresql/15/main/PG_VERSION", "15"),
                ("/etc/mysql/debian.cnf", "[client]\npassword = geheim\n"),
            ],
            &[("/etc/mysql/my.cnf", "password = \n")],
        );
        assert!(!format!("{found:?}").contains("geheim"));
        check_report(
            &super::RULE,
            &[("/var/lib/redis/dump.rdb", "x")],
            &[("/etc/mysql/debian.cnf", "[client]\npassword =\n")],
        );
    }
}
