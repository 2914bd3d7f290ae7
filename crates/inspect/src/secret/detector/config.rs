//! Passwords in the files and command lines of known programs.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::url::is_sample;
use super::{Candidate, Detector, Verdict, token};
use crate::secret::validate::base64;

pub(super) const TABLE: &[Detector] = &[
    token("netrc-password", "a password in a netrc file", Critical, &["machine ", "default login"], r"\b(?:machine\s{1,4}\S{1,200}|default)\s{1,8}login\s{1,4}\S{1,100}\s{1,8}password\s{1,4}(\S{3,200})").text().entropy(1.5).validate(is_no_sample),
    token("apt-auth-password", "a password for a package archive", Critical, &["machine "], r"\bmachine\s{1,4}\S{1,200}\s{1,8}password\s{1,4}(\S{3,200})").text().entropy(1.5).validate(is_no_sample),
    token("pgpass", "a password of PostgreSQL", Critical, &[":5432:", ":*:"], r"(?:^|\n)[^\s:#]{1,200}:(?:\d{4,5}|\*):[^\s:]{1,64}:[^\s:]{1,64}:([^\s:]{3,200})(?:\n|\r|\z)").text().reach(220, 400).entropy(1.5).validate(|c| Verdict::when(c.path.ends_with("pgpass") || c.path.ends_with("pgpass.conf"))),
    token("password-hash", "the hash of a password", Medium, &["$6$", "$5$", "$y$", "$2a$", "$2b$", "$2y$", "$1$", "$apr1$", "$7$", "$gy$"], r"(\$6\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}|\$5\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}|\$g?y\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}|\$7\$[./A-Za-z0-9]{11,97}\$[./A-Za-z0-9]{43}|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$(?:1|apr1)\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22})(?:[^./A-Za-z0-9]|\z)")
        .text()
        .entropy(3.0)
        // The rule `passwords` looks at these by account.
        .validate(|c| Verdict::when(!["/etc/shadow", "/etc/gshadow", "/etc/passwd"].contains(&c.path))),
    token("kickstart-password", "a root password given to an installer", Critical, &["rootpw "], r"(?:^|\n)\s{0,8}rootpw\s{1,4}(?:--(?:plaintext|allow-ssh)\s{1,4}){0,2}([^\s$!*#-]\S{2,100})").reach(12, 200).text().entropy(1.5),
    token("preseed-password", "a password given to an installer", Critical, &["-password password ", "-password-again password "], r"\bpasswd/(?:root|user)-password(?:-again)?[ \t]{1,4}password[ \t]{1,4}([^\s$!*]\S{2,100})").reach(40, 200).text().entropy(1.5),
    token("cloud-init-password", "a password given to cloud-init", Critical, &["plain_text_passwd"], r#"plain_text_passwd["']?\s{0,3}:\s{0,3}["']?([^\s"'{}$]{3,100})"#).text().entropy(1.5),
    token("chpasswd", "a password set by a command", High, &["chpasswd"], r#"echo\s{1,3}(?:-e\s{1,3})?["']?[a-z_][\w-]{0,31}:([^\s"'$|]{3,100})["']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?(?:/usr)?(?:/sbin/)?chpasswd"#).reach(200, 16).text().entropy(1.5),
    token("sshpass", "a password on a command line", High, &["sshpass "], r#"\bsshpass\s{1,3}-p\s{0,3}["']?([^\s"'$]{3,100})"#).text().entropy(1.5).validate(is_no_sample),
    token("mysql-password-option", "a password on a command line", High, &["mysql ", "mysqldump ", "mysqladmin ", "mariadb "], r#"\b(?:mysql|mysqldump|mysqladmin|mariadb)(?:\s[^\n|;]{0,120}?)?\s(?:-p|--password=)["']?([^\s"'$;|-][^\s"'$;|]{4,100})"#).text().entropy(2.0).validate(is_no_sample),
    token("curl-password", "a password on a command line", High, &["curl "], r#"\bcurl(?:\s[^\n|;]{0,200}?)?\s(?:-u|--user|--proxy-user)[\s=]{0,3}["']?[^\s:"'$]{1,64}:([^\s"'$@{}<>]{4,100})"#).text().entropy(2.0).validate(is_no_sample),
    token("authorization-basic", "a password in a header", High, &["Basic "], r"(?i:authorization)[^\n]{0,24}?\bBasic ([A-Za-z0-9+/]{8,512}={0,2})").reach(48, 600).text().validate(is_header),
    token("authorization-bearer", "a token in a header", High, &["Bearer ", "bearer "], r"(?i:authorization)[^\n]{0,24}?\b[Bb]earer ([\w.~+/=-]{20,2000})").reach(48, 2100).text().entropy(3.5),
    token("wifi-password", "a Wi-Fi password", High, &["psk="], r#"(?:^|[\s;])psk=["']?([^\s"'$<>{}]{8,64})"#).reach(2, 100).text().entropy(2.0).validate(is_no_sample),
    token("sql-password", "a password in SQL", High, &["IDENTIFIED BY", "identified by", "WITH PASSWORD", "ENCRYPTED PASSWORD", " PASSWORD '", "PASSWORD('"], r"(?i:identified\s{1,3}(?:with\s{1,3}\w{1,40}\s{1,3})?by|(?:user|role)\s{1,3}\S{1,64}\s[^\n;]{0,80}?password|set\s{1,3}password[^\n;]{0,80}?)\s{0,3}[=(]?\s{0,3}'([^'\s${}%]{4,100})'").reach(160, 200).text().entropy(1.5).validate(is_no_sample),
    token("grub-password", "a password of the boot loader in clear", High, &["password "], r"(?:^|\n)\s{0,8}password\s{1,3}[\w-]{1,32}\s{1,3}([^\s$]{4,80})\s{0,3}\n").reach(12, 200).text().entropy(1.5).validate(|c| Verdict::when(c.path.contains("/grub"))),
    token("snmp-community", "a community of SNMP", Medium, &["rocommunity", "rwcommunity", "createUser"], r"(?:^|\n)\s{0,4}(?:r[ow]community6?|createUser\s{1,3}\S{1,32}\s{1,3}\w{3,8})\s{1,3}([^\s$#]{4,64})").reach(48, 160).text().entropy(1.5).validate(|c| Verdict::when(c.path.contains("snmp") && !matches!(c.secret, b"public" | b"private"))),
    token("ipsec-secret", "a shared secret of IPsec", High, &[": PSK", ": XAUTH", ": EAP"], r#": (?:PSK|XAUTH|EAP)\s{1,3}["']?([^\s"']{6,128})"#).text().entropy(2.0),
    token("openvpn-static-key", "a static key of OpenVPN", Critical, &["OpenVPN Static key"], r"-----BEGIN OpenVPN Static key V1-----\s{1,4}((?:[0-9a-f]{32}\s{1,4}){8,16})").reach(16, 900).entropy(3.0),
    token("tsig-key", "a key of a name server", High, &["algorithm hmac", "algorithm \"hmac"], r#"algorithm\s{1,3}"?hmac-[\w-]{3,12}"?;\s{0,40}secret\s{1,3}"?([A-Za-z0-9+/]{16,100}={0,2})"#).text().entropy(3.0),
    token("redis-requirepass", "a password of Redis", High, &["requirepass", "masterauth"], r#"(?:^|\n)\s{0,4}(?:requirepass|masterauth)\s{1,3}["']?([^\s"'$]{4,200})"#).reach(8, 240).text().entropy(1.5).validate(is_no_sample),
    token("kubernetes-secret", "a value of a Kubernetes secret", High, &["kind: Secret"], r"(?s)kind: Secret\b.{0,400}?\n(?:data|stringData):\s{0,4}\n\s{1,8}[\w.-]{1,80}:\s{1,4}([A-Za-z0-9+/]{8,2000}={0,2})\s").reach(0, 3000).text().entropy(2.0),
];

fn is_no_sample(candidate: &Candidate<'_>) -> Verdict {
    let first = candidate.secret.first().copied().unwrap_or_default();
    Verdict::when(!is_sample(candidate.secret) && !b"<{[%*(".contains(&first))
}

fn is_header(candidate: &Candidate<'_>) -> Verdict {
    let plain = base64(candidate.secret).unwrap_or_default();
    let is_text = plain.iter().all(|byte| (0x20..0x7f).contains(byte));
    let mut halves = plain.splitn(2, |byte| *byte == b':');
    let (_, password) = (halves.next(), halves.next().unwrap_or_default());
    Verdict::when(is_text && password.len() > 2 && !is_sample(password))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::tests::{ALNUM, HEX, found, made, nothing};

    #[test]
    fn files() {
        let password = made(ALNUM, 12);
        found(
            "netrc-password",
            &format!("machine git.corp.net\n  login ann\n  password {password}\n"),
        );
        found(
            "apt-auth-password",
            &format!("machine apt.corp.net password {password}\n"),
        );
        found(
            "password-hash",
            &format!("hash: $6${}${}\n", made(ALNUM, 16), made(ALNUM, 86)),
        );
        found(
            "password-hash",
            &format!("ann:$y$j9T${}${}:1", made(ALNUM, 22), made(ALNUM, 43)),
        );
        found(
            "password-hash",
            &format!("ann:$2b$12${}\n", made(ALNUM, 53)),
        );
        found(
            "kickstart-password",
            &format!("lang en\nrootpw --plaintext {password}\n"),
        );
        found(
            "preseed-password",
            &format!("d-i passwd/root-password password {password}\n"),
        );
        found(
            "cloud-init-password",
            &format!("  plain_text_passwd: '{password}'\n"),
        );
        found(
            "wifi-password",
            &format!("network={{\n ssid=\"a\"\n psk=\"{password}\"\n"),
        );
        found(
            "redis-requirepass",
            &format!("port 6379\nrequirepass {password}\n"),
        );
        found(
            "openvpn-static-key",
            &format!(
                "-----BEGIN OpenVPN Static {} V1-----\n{}",
                "key",
                format!("{}\n", made(HEX, 32)).repeat(16)
            ),
        );
        found(
            "tsig-key",
            &format!(
                "key a {{\n algorithm hmac-sha256;\n secret \"{}=\";\n}};",
                made(ALNUM, 43)
            ),
        );
        found(
            "kubernetes-secret",
            &format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  pw: {}\n",
                STANDARD.encode(&password)
            ),
        );
    }

    #[test]
    fn command_lines() {
        let password = made(ALNUM, 12);
        found(
            "chpasswd",
            &format!("echo \"root:{password}\" | chpasswd\n"),
        );
        found("sshpass", &format!("sshpass -p {password} ssh a@b\n"));
        found(
            "mysql-password-option",
            &format!("mysql -u root -p{password} web\n"),
        );
        found(
            "curl-password",
            &format!("curl -u ann:{password} https://host.corp/\n"),
        );
        found(
            "authorization-basic",
            &format!(
                "curl -H 'Authorization: Basic {}'\n",
                STANDARD.encode(format!("ann:{password}"))
            ),
        );
        found(
            "authorization-bearer",
            &format!("-H \"Authorization: Bearer {}\"\n", made(ALNUM, 40)),
        );
        found(
            "sql-password",
            &format!("CREATE USER 'web'@'%' IDENTIFIED BY '{password}';\n"),
        );
        found(
            "sql-password",
            &format!("ALTER USER web WITH PASSWORD '{password}';\n"),
        );
    }

    #[test]
    fn look_alikes() {
        nothing("sshpass -p \"$PASSWORD\" ssh host\n");
        nothing("mysql -u root -p web\n");
        nothing("curl -u user:password https://host/\n");
        nothing("Authorization: Bearer <token>\n");
        nothing("psk=your-passphrase-here\n");
        nothing("CREATE USER a IDENTIFIED BY 'password';\n");
        nothing("rootpw --lock\n");
        nothing("$6$salt$hash");
    }
}
