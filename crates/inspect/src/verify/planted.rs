//! A hundred leaks of all kinds in one tree, and twenty things that only look like leaks.
//!
//! None is missed, none of the others is reported; what sanitizing is for is gone afterwards, and
//! what only a person can take out keeps the image from passing.

use std::collections::BTreeSet;

use super::*;
use crate::known::KnownHere;
use crate::sanitize::testing::{Tree, cx};
use crate::sanitize::{Mode, sanitize};
use crate::scan::{Leaks, Secrets, scan};
use crate::secret::detector::tests::made;
use crate::view::tree::TreeView;
use goldsmith_core::finding::{Finding, Kind, Place};

const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the sanitizer takes out, or empties, or rewrites.
const REMOVED: &[(&str, &str)] = &[
    ("/etc/ssh/ssh_host_rsa_key", "x"),
    ("/etc/ssh/ssh_host_ed25519_key", "x"),
    ("/etc/ssh/ssh_host_ecdsa_key.pub", "x"),
    ("/etc/dropbear/dropbear_rsa_host_key", "x"),
    ("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA ann\n"),
    ("/root/.ssh/id_ed25519", "x"),
    ("/home/ann/.ssh/known_hosts", "x"),
    ("/root/.bash_history", "mysql -pgeheim\n"),
    ("/home/ann/.python_history", "x"),
    ("/home/ann/.local/share/fish/fish_history", "x"),
    ("/var/lib/systemd/random-seed", "x"),
    ("/var/lib/systemd/credential.secret", "x"),
    ("/var/lib/cloud/instances/i-1/user-data.txt", "x"),
    ("/var/lib/cloud/data/instance-id", "i-1"),
    ("/var/log/cloud-init.log", "x"),
    ("/etc/netplan/50-cloud-init.yaml", "x"),
    ("/etc/sudoers.d/90-cloud-init-users", "x"),
    ("/var/lib/waagent/ovf-env.xml", "x"),
    ("/etc/boto.cfg", "x"),
    ("/var/lib/google/instance_id", "x"),
    ("/var/lib/amazon/ssm/Vault/Store/RegistrationKey", "x"),
    ("/var/log/amazon/ssm/agent.log", "x"),
    ("/TOE_2024/x", "x"),
    ("/root/.ansible/tmp/x", "x"),
    ("/etc/mailname", "build-17\n"),
    ("/etc/resolv.conf", "nameserver 10.0.0.1\n"),
    ("/var/lib/dhcp/dhclient.leases", "x"),
    ("/var/lib/NetworkManager/secret_key", "x"),
    (
        "/etc/NetworkManager/system-connections/office.nmconnection",
        "x",
    ),
    ("/etc/udev/rules.d/70-persistent-net.rules", "x"),
    ("/var/log/syslog", "x"),
    ("/var/log/auth.log.1", "x"),
    ("/var/log/journal/0a/system.journal", "x"),
    ("/var/log/wtmp", "x"),
    ("/var/log/dpkg.log", "x"),
    ("/root/anaconda-ks.cfg", "rootpw --lock\n"),
    ("/var/log/installer/cdebconf/questions.dat", "x"),
    ("/var/crash/core.1", "x"),
    ("/var/lib/systemd/coredump/core.a", "x"),
    ("/tmp/packer-script", "x"),
    ("/var/tmp/x", "x"),
    ("/var/cache/apt/archives/a.deb", "x"),
    ("/var/lib/apt/lists/mirror_Packages", "x"),
    ("/etc/apt/auth.conf", "x"),
    ("/var/lib/ubuntu-advantage/private/machine-token.json", "{}"),
    ("/etc/pki/consumer/key.pem", "x"),
    ("/etc/zypp/credentials.d/SCCcredentials", "x"),
    ("/etc/shadow-", "root:x:1:\n"),
    ("/etc/app.conf.bak", "x"),
    ("/root/.aws/credentials", "x"),
    ("/root/.config/gcloud/credentials.db", "x"),
    ("/home/ann/.azure/msal_token_cache.json", "{}"),
    ("/srv/infra/terraform.tfstate", "{}"),
    ("/root/.docker/config.json", "{}"),
    ("/root/.kube/config", "x"),
    ("/home/ann/.netrc", "x"),
    ("/root/.git-credentials", "x"),
    ("/root/.vault-token", "x"),
    ("/home/ann/.pgpass", "x"),
    ("/home/ann/.gnupg/private-keys-v1.d/a.key", "x"),
    ("/etc/ssl/private/ssl-cert-snakeoil.key", "x"),
    ("/etc/krb5.keytab", "x"),
    ("/var/lib/sss/db/cache.ldb", "x"),
    ("/var/lib/samba/private/secrets.tdb", "x"),
    ("/etc/puppetlabs/puppet/ssl/private_keys/a.pem", "x"),
    ("/etc/salt/minion_id", "build-17"),
    ("/var/ossec/etc/client.keys", "x"),
    ("/var/lib/tailscale/tailscaled.state", "{}"),
    ("/var/lib/docker/engine-id", "x"),
    ("/var/mail/root", "x"),
    ("/var/spool/cron/atjobs/a0001", "x"),
    ("/swapfile", "x"),
    ("/etc/nvme/hostid", "x"),
    ("/etc/lvm/backup/vg", "x"),
    ("/var/lib/rsyslog/imjournal.state", "x"),
];

/// What stands among other things, in files that nobody would look into.
fn secrets() -> Vec<(&'static str, String)> {
    let alnum = |count| made(ALNUM, count);
    let hex = |count| made(HEX, count);
    let random = alnum(30);
    let sum = crate::secret::github_checksum(&random);
    let pem = format!(
        "-----BEGIN RSA PRIVATE {0}-----\nMIIEpAIBAAKCAQEA{1}\n-----END RSA PRIVATE {0}-----\n",
        "KEY",
        alnum(48)
    );
    vec![
        (
            "/opt/app/config.ini",
            format!("id = AK{}{}\n", "IA", made(BASE32, 16)),
        ),
        (
            "/opt/app/aws.sh",
            format!("export AWS_SECRET_ACCESS_KEY={}\n", alnum(40)),
        ),
        (
            "/opt/app/deploy.yml",
            format!("token: gh{}_{random}{sum}\n", "p"),
        ),
        (
            "/usr/share/doc/notes.md",
            format!("gl{}-{}\n", "pat", alnum(20)),
        ),
        (
            "/usr/local/bin/notify",
            format!(
                "#!/bin/sh\ncurl -H 'Authorization: Bearer xo{}-{}-{}'\n",
                "xb",
                "817263549012",
                alnum(24)
            ),
        ),
        (
            "/srv/www/pay.php",
            format!("$k = 's{}_live_{}';\n", "k", alnum(24)),
        ),
        (
            "/srv/www/maps.js",
            format!("key='AI{}{}'\n", "za", alnum(35)),
        ),
        (
            "/opt/app/account.json",
            format!(
                "{{\"type\": \"service_account\", \"private_key_id\": \"{}\"}}\n",
                hex(40)
            ),
        ),
        (
            "/opt/app/blob.conf",
            format!("AccountKey={}A==\n", alnum(85)),
        ),
        (
            "/opt/app/entra.conf",
            format!("secret={}8Q~{}\n", alnum(3), alnum(34)),
        ),
        (
            "/usr/lib/node/.npmrc.save2",
            format!("np{}_{}\n", "m", alnum(36)),
        ),
        (
            "/opt/app/pypirc",
            format!("py{}-AgEIcHlwaS5vcmc{}\n", "pi", alnum(120)),
        ),
        ("/opt/app/key.txt", pem),
        (
            "/opt/app/db.env2",
            format!(
                "DATABASE_URL=postgres://web:{}@db.corp.net/web\n",
                alnum(14)
            ),
        ),
        (
            "/opt/app/vault.hcl",
            format!("token = \"hv{}.{}\"\n", "s", alnum(95)),
        ),
        ("/opt/app/spark.conf", format!("da{}{}\n", "pi", hex(32))),
        (
            "/opt/app/mail.conf",
            format!("S{}.{}.{}\n", "G", alnum(22), alnum(43)),
        ),
        (
            "/opt/app/sms.conf",
            format!("TWILIO_AUTH_TOKEN={}\n", hex(32)),
        ),
        ("/opt/app/dd.conf", format!("DD_API_KEY={}\n", hex(32))),
        (
            "/opt/app/hf.conf",
            format!(
                "h{}_{}\n",
                "f",
                made("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34)
            ),
        ),
        (
            "/opt/app/openai.conf",
            format!("s{}-proj-{}\n", "k", alnum(60)),
        ),
        (
            "/opt/app/claude.conf",
            format!("s{}-ant-api03-{}AA\n", "k", alnum(93)),
        ),
        (
            "/opt/app/tf.conf",
            format!("{}.at{}.{}\n", alnum(14), "lasv1", alnum(67)),
        ),
        ("/opt/app/do.conf", format!("do{}_v1_{}\n", "p", hex(64))),
        ("/opt/app/wg.txt", format!("PrivateKey = {}A=\n", alnum(42))),
    ]
}

/// Twenty things that only look like leaks.
fn look_alikes() -> Vec<(&'static str, String)> {
    vec![
        (
            "/opt/doc/aws.md",
            format!("AK{}IOSFODNN7{}\n", "IA", "EXAMPLE"),
        ),
        (
            "/opt/doc/github.md",
            format!("gh{}_{}\n", "p", "x".repeat(36)),
        ),
        (
            "/opt/doc/github2.md",
            format!("gh{}_{}\n", "p", made(ALNUM, 36)),
        ),
        (
            "/opt/doc/slack.md",
            "xoxb-your-bot-token-goes-here\n".to_owned(),
        ),
        (
            "/opt/doc/db.md",
            "postgresql://user:password@localhost/db\n".to_owned(),
        ),
        (
            "/opt/doc/db2.md",
            "postgres://web:${DB_PASSWORD}@db/web\n".to_owned(),
        ),
        (
            "/opt/doc/key.md",
            format!("-----BEGIN RSA PRIVATE {}-----\n...\n", "KEY").replace("PRIVATE", "PUBLIC"),
        ),
        (
            "/opt/doc/cert.pem",
            format!("-----BEGIN CERTIFICATE-----\nMII{}\n", made(ALNUM, 600)),
        ),
        (
            "/opt/doc/stripe.md",
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx\n".to_owned(),
        ),
        (
            "/opt/doc/conf.py",
            "password = getpass()\ntoken = os.environ['TOKEN']\n".to_owned(),
        ),
        (
            "/opt/doc/values.yaml",
            "password: changeme\nsecret: \"\"\n".to_owned(),
        ),
        (
            "/opt/doc/sums.txt",
            format!("{}  a.tar\n{}  b.tar\n", made(HEX, 64), made(HEX, 40)),
        ),
        (
            "/opt/doc/uuid.txt",
            format!(
                "{}-{}-{}-{}-{}\n",
                made(HEX, 8),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 4),
                made(HEX, 12)
            ),
        ),
        (
            "/opt/doc/image.txt",
            format!("app@sha256:{}\n", made(HEX, 64)),
        ),
        (
            "/opt/doc/jwt.md",
            format!(
                "eyJ{}.eyJ{}.{}\n",
                made(ALNUM, 20),
                made(ALNUM, 20),
                made(ALNUM, 43)
            ),
        ),
        (
            "/opt/doc/netrc.md",
            "machine HOST login NAME password <password>\n".to_owned(),
        ),
        (
            "/opt/doc/id.pub",
            format!(
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{} ann@host\n",
                made(ALNUM, 48)
            ),
        ),
        ("/opt/doc/hf.md", format!("h{}_{}\n", "f", "x".repeat(34))),
        (
            "/opt/doc/vault.yml",
            format!("$ANSIBLE_VAULT;1.1;AES256\n{}\n", made(HEX, 80)),
        ),
        (
            "/opt/doc/main.tf",
            "password = var.db_password\ntoken = data.vault_generic_secret.x.data[\"a\"]\n"
                .to_owned(),
        ),
    ]
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let threads = std::num::NonZero::new(2).unwrap();
    scan(&cx(), &snapshot, &[&Leaks::default(), &Secrets], threads).unwrap()
}

fn paths(findings: &[Finding]) -> BTreeSet<String> {
    let paths = findings.iter().filter_map(|finding| match &finding.place {
        Place::File { path, .. } => Some(path.clone()),
        _ => None,
    });
    paths.collect()
}

#[test]
fn a_hundred_leaks() {
    let tree = Tree::clean();
    let files = look_alikes();
    assert_eq!(files.len(), 20);
    tree.put(
        &files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect::<Vec<_>>(),
    );
    let clean = findings(&tree);
    let reported: Vec<&Finding> = clean
        .iter()
        .filter(|f| f.severity > goldsmith_core::finding::Severity::Negligible)
        .collect();
    assert!(reported.is_empty(), "{reported:?}");

    let secrets = secrets();
    assert_eq!(REMOVED.len() + secrets.len(), 100);
    tree.put(REMOVED);
    tree.put(
        &secrets
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect::<Vec<_>>(),
    );
    let found = findings(&tree);
    let seen = paths(&found);
    let is_seen = |path: &str| {
        seen.iter()
            .any(|one| one == path || path.starts_with(&format!("{one}/")))
    };
    let missed: Vec<&str> = REMOVED
        .iter()
        .map(|(path, _)| *path)
        .chain(secrets.iter().map(|(path, _)| *path))
        .filter(|path| !is_seen(path))
        .collect();
    assert!(missed.is_empty(), "missed: {missed:?}");
    for (path, text) in &secrets {
        let own: Vec<&Finding> = found
            .iter()
            .filter(|f| matches!(&f.place, Place::File { path: at, .. } if at == path))
            .collect();
        assert!(
            own.iter().any(|f| f.kind == Kind::Secret),
            "{path}: {own:?}"
        );
        let words = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() >= 14);
        for word in words.filter(|word| word.bytes().any(|b| b.is_ascii_digit())) {
            assert!(
                !format!("{own:?}").contains(word),
                "{path} is told with its secret"
            );
        }
    }

    sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    let report = verify_tree(
        tree.root(),
        &KnownHere::default(),
        &Settings::default(),
        &cx(),
    )
    .unwrap();
    let left: BTreeSet<&str> = report
        .findings()
        .filter(|(_, row)| row.severity == Severity::Fail)
        .map(|(_, row)| row.path.as_str())
        .collect();
    let expected: BTreeSet<&str> = secrets.iter().map(|(path, _)| *path).collect();
    assert_eq!(left, expected, "what nobody took out, and nothing else");
    for (path, _) in &secrets {
        std::fs::remove_file(tree.at(path)).unwrap();
    }
    assert!(
        verify_tree(
            tree.root(),
            &KnownHere::default(),
            &Settings::default(),
            &cx()
        )
        .unwrap()
        .passed
    );
}
