//! The way to a machine of a cloud: a key that lasts as long as the order, and a host that is known
//! by what the cloud says of it, before anybody connects.

use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::machine::Machine;
use goldsmith_exec::child::Program;
use goldsmith_exec::ssh::Ssh;

use super::ImageError;
use crate::drive::{Reach as _, ReachError};

/// How long a machine whose keys are known may take to let us in.
const LIMIT: Duration = Duration::from_mins(5);
/// What a try may take.
const TRY_LIMIT: Duration = Duration::from_secs(30);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// What `ssh` says of a host that is another one.
const OTHER_HOST: &str = "Host key verification failed";

/// A key pair, and a folder for what is known of hosts.
pub(super) struct Login {
    folder: PathBuf,
    public_key: String,
}

impl Login {
    /// Makes the key pair.
    pub(super) fn new(cx: &Cx, folder: &Path) -> Result<Self, ImageError> {
        let login = |public_key| Self {
            folder: folder.to_owned(),
            public_key,
        };
        let key = login(String::new()).identity();
        Program::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "goldsmith", "-f"])
            .arg(&key)
            .run_ok(cx, &mut |_, _| {})?;
        let public = key.with_extension("pub");
        let text = std::fs::read_to_string(&public);
        let text = text.map_err(ImageError::file("read", &public))?;
        Ok(login(text.trim().to_owned()))
    }

    pub(super) fn public_key(&self) -> &str {
        &self.public_key
    }

    fn identity(&self) -> PathBuf {
        self.folder.join("key")
    }

    /// The way to a machine, once it lets us in.
    pub(super) fn to(&self, cx: &Cx, machine: &Machine) -> Result<Ssh, ImageError> {
        let known = self.folder.join(format!("known_hosts-{}", machine.id));
        let line = |key: &String| format!("{} {key}\n", machine.id);
        let lines: String = machine.host_keys.iter().map(line).collect();
        std::fs::write(&known, lines).map_err(ImageError::file("write", &known))?;
        let mut ssh = Ssh::parse(&machine.address).map_err(|why| ImageError::NoWay { why })?;
        ssh.port = Some(machine.port);
        ssh.user = Some(machine.user.clone());
        ssh.identity = Some(self.identity());
        ssh.options = vec![
            format!("UserKnownHostsFile={}", known.display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            "UpdateHostKeys=no".to_owned(),
            // By whichever way, it is known by what the cloud calls it.
            format!("HostKeyAlias={}", machine.id),
            "CheckHostIP=no".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
        ];
        let deadline = cx.clock().monotonic() + LIMIT;
        loop {
            let answer = ssh.shell(cx, "true", b"", Some(TRY_LIMIT), &mut |_| {});
            let why = match answer {
                Ok(answer) if answer.code == 0 => return Ok(ssh),
                Ok(answer) => answer.complaint,
                Err(ReachError::Cancelled(cancelled)) => return Err(cancelled.into()),
                Err(ReachError::Lost { why }) if why.contains(OTHER_HOST) => {
                    return Err(ImageError::OtherHost {
                        machine: machine.id.clone(),
                        address: machine.address.clone(),
                    });
                }
                Err(ReachError::Client(error)) => return Err(error.into()),
                Err(error) => error.to_string(),
            };
            if cx.clock().monotonic() > deadline {
                return Err(ImageError::NoWay { why });
            }
            cx.cancel.check()?;
            cx.clock().sleep(PAUSE);
        }
    }
}
