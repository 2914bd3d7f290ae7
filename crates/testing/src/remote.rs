//! A machine to log in to: files, processes and network of its own in namespaces of this host,
//! with a real `sshd`. It can be rebooted from inside, and its logins be cut off.
//!
//! ```text
//! test ── veth 10.x.y.z/30 ──► network namespace, held by a process that sleeps
//!   │                             └─ a boot: sshd, in a tree made of programs of this host
//!   └─ watches for `systemctl reboot`: every process is killed, and another boot begins
//!
//! The network stays while nothing is booted: nobody who tries to log in is sent elsewhere.
//! ```
//!
//! All of it goes when the value is dropped, or the test is killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::{emulators, host_tree};

/// Programs that every machine has.
const PROGRAMS: [&str; 30] = [
    "bash", "cat", "chmod", "cut", "echo", "env", "false", "grep", "head", "id", "ln", "ls",
    "mkdir", "mktemp", "mv", "printf", "ps", "rm", "sed", "seq", "setsid", "sh", "sleep", "stat",
    "sync", "tail", "touch", "true", "uname", "scp",
];

/// The key of its host, below its root.
const HOST_KEY: &str = "etc/ssh/ssh_host_ed25519_key";

/// A running machine.
#[derive(Debug)]
pub struct Remote {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    folder: TempDir,
    network: Network,
    init: Mutex<Option<Child>>,
    boots: AtomicU32,
    /// Asked of the watcher: what a thread has started dies with it.
    is_boot_wanted: AtomicBool,
    is_over: AtomicBool,
}

/// A network of two: who holds it, and the address of the machine.
#[derive(Debug)]
struct Network {
    holder: Child,
    there: String,
}

impl Remote {
    /// Boots one that has the libraries of `visitor`, a program that will be put there.
    ///
    /// # Panics
    ///
    /// When this host lacks something, root above all.
    pub fn start(visitor: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a directory for the machine");
        let root = folder.path().join("root");
        std::fs::create_dir(&root).expect("the machine's root");
        host_tree::make(&root, &PROGRAMS);
        let (sshd, libraries) = emulators::sshd();
        host_tree::add(&root, &sshd, &libraries);
        host_tree::add_libraries(&root, visitor, Path::new(""));
        furnish(folder.path(), &root);
        let shared = Arc::new(Shared {
            folder,
            network: network(),
            init: Mutex::default(),
            boots: AtomicU32::new(0),
            is_boot_wanted: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        shared.boot();
        let watched = Arc::clone(&shared);
        let watcher = std::thread::spawn(move || watched.watch());
        let remote = Self {
            shared,
            watcher: Some(watcher),
        };
        remote.await_login();
        remote
    }

    /// The address of its `sshd`, on port 22.
    pub fn host(&self) -> &str {
        &self.shared.network.there
    }

    /// The private key of root and of `app`.
    pub fn identity(&self) -> PathBuf {
        self.shared.folder.path().join("key")
    }

    /// Options of `ssh` by which its host key is known, and no other configuration counts.
    pub fn options(&self) -> Vec<String> {
        let known = self.shared.folder.path().join("known_hosts");
        vec![
            format!("UserKnownHostsFile={}", known.display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
        ]
    }

    /// Its files, seen from here.
    pub fn root(&self) -> PathBuf {
        self.shared.folder.path().join("root")
    }

    /// How often it has booted.
    pub fn boots(&self) -> u32 {
        self.shared.boots.load(Ordering::SeqCst)
    }

    /// Ends every login, as a broken connection does in the end; what runs in a session of its
    /// own stays.
    pub fn end_logins(&self) {
        for (pid, line) in self.all_processes() {
            if line.starts_with("sshd:") && !line.contains("listener") {
                kill(pid);
            }
        }
    }

    /// Kills what runs a program of this name with these words in its command line. A process that
    /// it left to watch over it has the same line and another name: it stays, to do its work.
    pub fn kill(&self, program: &str, words: &str) {
        for (pid, line) in self.all_processes() {
            // The kernel keeps fifteen bytes of a name.
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let is_it = name.trim_end() == program.get(..15).unwrap_or(program);
            if is_it && line.contains(words) {
                kill(pid);
            }
        }
    }

    /// Command lines of what runs there, `sshd` and the first process left out.
    pub fn processes(&self) -> Vec<String> {
        let all = self.all_processes().into_iter().map(|(_, line)| line);
        all.filter(|line| !line.contains("sshd") && !line.contains("sleep infinity"))
            .collect()
    }

    /// Boots what is on its disk as another machine would, as images are: with a host key of its own
    /// and for one key of root's, which is where `cloud-init` has it. Gives the public key of the host.
    pub fn start_over(&self, public_key: &str) -> String {
        self.shared.power_off();
        let root = self.root();
        for gone in [HOST_KEY, "etc/ssh/authorized_keys"] {
            drop(std::fs::remove_file(root.join(gone)));
        }
        let host = new_key(&root.join(HOST_KEY));
        let folder = root.join("root/.ssh");
        std::fs::create_dir_all(&folder).expect("a directory of the machine");
        std::fs::write(folder.join("authorized_keys"), public_key).expect("a file of the machine");
        self.shared.is_boot_wanted.store(true, Ordering::SeqCst);
        self.await_login();
        host.trim().to_owned()
    }

    fn all_processes(&self) -> Vec<(u32, String)> {
        // By the network: programs may have namespaces of processes of their own.
        let space = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let own = space(self.shared.network.holder.id());
        let mut found = Vec::new();
        for entry in Path::new("/proc")
            .read_dir()
            .into_iter()
            .flatten()
            .flatten()
        {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if own.is_some() && space(pid) == own && !line.trim().is_empty() {
                found.push((pid, line.trim().to_owned()));
            }
        }
        found
    }

    fn await_login(&self) {
        for _ in 0..600 {
            if std::net::TcpStream::connect((self.host(), 22)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.shared.folder.path().join("log"));
        panic!("the machine does not boot: {}", log.unwrap_or_default());
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            drop(watcher.join());
        }
        self.shared.power_off();
    }
}

impl Shared {
    fn boot(&self) {
        let n = self.boots.fetch_add(1, Ordering::SeqCst) + 1;
        let folder = self.folder.path();
        let boot_id = folder.join("boot_id");
        std::fs::write(&boot_id, format!("00000000-0000-4000-8000-{n:012}\n"))
            .expect("the boot's identifier");
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let script = format!(
            "set -e; r={root}; mount --make-rprivate /; mount --rbind /dev $r/dev\n\
             mount -t proc proc $r/proc; mount -t tmpfs run $r/run; mkdir $r/run/sshd\n\
             mount --bind {boot_id} $r/proc/sys/kernel/random/boot_id\n\
             exec chroot $r /usr/bin/sshd -D -e",
            root = folder.join("root").display(),
            boot_id = boot_id.display(),
        );
        let holder = self.network.holder.id().to_string();
        let init = spawn(
            &[
                &[
                    "nsenter", "--net", "--target", &holder, "unshare", "--mount", "--pid",
                ][..],
                &[
                    "--uts",
                    "--ipc",
                    "--fork",
                    "--kill-child=KILL",
                    "bash",
                    "-c",
                    &script,
                ],
            ]
            .concat(),
            log.into(),
        );
        *self.init.lock().expect("no panic while held") = Some(init);
    }

    fn power_off(&self) {
        if let Some(mut init) = self.init.lock().expect("no panic while held").take() {
            drop(init.kill());
            drop(init.wait());
        }
    }

    /// Does what `systemctl reboot` asks for in there, and boots what is to start over.
    fn watch(&self) {
        let wanted = self.folder.path().join("root/reboot-wanted");
        while !self.is_over.load(Ordering::SeqCst) {
            if self.is_boot_wanted.swap(false, Ordering::SeqCst) {
                self.boot();
            }
            if std::fs::remove_file(&wanted).is_ok() {
                self.power_off();
                // A machine takes its time.
                std::thread::sleep(Duration::from_millis(700));
                self.boot();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Makes a network with addresses that no other test of this host has now.
fn network() -> Network {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::SeqCst);
    let seed = std::process::id().wrapping_mul(4).wrapping_add(n);
    let (second, third) = (128 + ((seed >> 14) & 0x7f), (seed >> 6) & 0xff);
    let address = |last: u32| format!("10.{second}.{third}.{}", (seed & 0x3f) * 4 + last);
    let (link, here, there) = (format!("gs{seed:x}"), address(1), address(2));
    let holder = spawn(&["unshare", "--net", "sleep", "infinity"], Stdio::null());
    let pid = holder.id().to_string();
    let space = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    while space(&pid) == space("self") {
        std::thread::sleep(Duration::from_millis(5));
    }
    let peer = ["peer", "name", "there", "netns", &pid];
    run(
        "ip",
        &[&["link", "add", &link, "type", "veth"][..], &peer].concat(),
    );
    run(
        "ip",
        &["address", "add", &format!("{here}/30"), "dev", &link],
    );
    run("ip", &["link", "set", &link, "up"]);
    let inside = |arguments: &[&str]| {
        run(
            "nsenter",
            &[&["--net", "--target", &pid, "ip"], arguments].concat(),
        );
    };
    inside(&["link", "set", "lo", "up"]);
    inside(&["address", "add", &format!("{there}/30"), "dev", "there"]);
    inside(&["link", "set", "there", "up"]);
    Network { holder, there }
}

/// Starts a program that ends with this thread, also when that is killed.
fn spawn(words: &[&str], errors: Stdio) -> Child {
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixture cannot use the crate it is a fixture for"
    )]
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL"])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()
        .expect("this test needs `setpriv`")
}

/// Keys, accounts and the configuration of `sshd`.
fn furnish(folder: &Path, root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        let above = path.parent().expect("a file has a directory");
        std::fs::create_dir_all(above).expect("a directory of the machine");
        std::fs::write(path, text).expect("a file of the machine");
    };
    let passwd = std::fs::read_to_string(root.join("etc/passwd")).expect("its accounts");
    write(
        "etc/passwd",
        &format!("{passwd}sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n"),
    );
    write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    let own = new_key(&folder.join("key"));
    write("etc/ssh/authorized_keys", &own);
    std::fs::create_dir_all(root.join("home/app")).expect("a home");
    let host = new_key(&root.join(HOST_KEY));
    std::fs::write(folder.join("known_hosts"), format!("* {host}")).expect("the known hosts");
    write(
        "etc/ssh/sshd_config",
        "HostKey /etc/ssh/ssh_host_ed25519_key\nStrictModes no\n\
         AuthorizedKeysFile /etc/ssh/authorized_keys .ssh/authorized_keys\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\nPidFile none\n",
    );
    write(
        "usr/bin/systemctl",
        "#!/bin/bash\n[ \"$1\" = reboot ] || exit 1\nexec touch /reboot-wanted\n",
    );
    run(
        "chmod",
        &["755", &root.join("usr/bin/systemctl").to_string_lossy()],
    );
}

/// Makes a key; its public half.
fn new_key(path: &Path) -> String {
    drop(std::fs::remove_file(path.with_extension("pub")));
    let path = path.to_string_lossy();
    run(
        "ssh-keygen",
        &["-q", "-t", "ed25519", "-N", "", "-f", &path],
    );
    std::fs::read_to_string(format!("{path}.pub")).expect("a public key")
}

/// Kills a process that may be gone already.
fn kill(pid: u32) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixture cannot use the crate it is a fixture for"
    )]
    let killed = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    assert!(killed.is_ok(), "this test needs `kill`");
}

/// Runs a program that a fixture needs.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixture cannot use the crate it is a fixture for"
    )]
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs `{program}`: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}
