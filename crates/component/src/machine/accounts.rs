//! Users and groups of a machine, by the text of its `/etc/passwd` and `/etc/group`.

/// A line of `/etc/passwd`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) home: String,
}

/// The user of a name.
pub(super) fn user(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [known, _, uid, gid, _, home, ..] if known == name => Some(Account {
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                home: home.to_owned(),
            }),
            _ => None,
        }
    })
}

/// The number of a group.
pub(super) fn group(group: &str, name: &str) -> Option<u32> {
    group.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    })
}

/// The numbers of the groups that name a user as their member.
pub(super) fn groups_of(group: &str, user: &str) -> Vec<u32> {
    let member = |line: &str| -> Option<u32> {
        let mut fields = line.split(':').skip(2);
        let gid = fields.next()?.parse().ok()?;
        fields
            .next()?
            .split(',')
            .any(|name| name == user)
            .then_some(gid)
    };
    group.lines().filter_map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_accounts() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\nbroken\napp:x:1000:1001::/home/app:/bin/sh\n";
        let account = user(passwd, "app").unwrap();
        assert_eq!(
            (account.uid, account.gid, account.home.as_str()),
            (1000, 1001, "/home/app")
        );
        assert_eq!(user(passwd, "ap"), None);
        let groups = "root:x:0:\nweb:x:33:app,other\nadm:x:4:other\nbad\n";
        assert_eq!(group(groups, "web"), Some(33));
        assert_eq!(group(groups, "bad"), None);
        assert_eq!(groups_of(groups, "app"), [33]);
    }
}
