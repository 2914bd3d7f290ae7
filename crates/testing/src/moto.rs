//! A server that speaks like AWS: `moto`, on a port of this host, ended when dropped.
//!
//! ```text
//! let moto = Moto::start(&[]);
//! moto.boto("s3.create_bucket(Bucket='b')");       Python with boto3, as somebody else's client
//! ```

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::emulators;

/// A running server.
#[derive(Debug)]
pub struct Moto {
    server: Child,
    port: u16,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    is_forgiven: bool,
}

impl Moto {
    /// Starts one with further variables.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        Self::run(&emulators::program("moto_server"), &[], variables)
    }

    /// Starts one behind a layer that corrects what it says of images, snapshots and blocks.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    pub fn corrected() -> Self {
        let variables = [
            // A thousand images that nobody asked for.
            ("MOTO_EC2_LOAD_DEFAULT_AMIS", "false"),
            ("MOTO_ENABLE_AMI_VALIDATION", "true"),
            ("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true"),
        ];
        let layer = include_str!("moto/corrected.py");
        Self::run(&emulators::program("python3"), &["-c", layer], &variables)
    }

    /// The same, whose test does not fail when it is asked for what it cannot do.
    #[must_use]
    pub fn forgiven(mut self) -> Self {
        self.is_forgiven = true;
        self
    }

    fn run(program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        // Goes with this thread, also when that is killed.
        #[expect(
            clippy::disallowed_methods,
            reason = "a fixture cannot use the crate it is a fixture for"
        )]
        let mut server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .args(arguments)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("PYTHONUNBUFFERED", "1")
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test needs `setpriv`");
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(server.stderr.take().expect("it is piped")).lines();
        let mut so_far = String::new();
        let port = loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("moto did not start:\n{so_far}");
            };
            so_far.push_str(&line);
            so_far.push('\n');
            let port = line.split("Running on http://127.0.0.1:").nth(1);
            if let Some(port) = port.and_then(|port| port.trim().parse().ok()) {
                break port;
            }
        };
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = kept.lock().expect("no panic while held");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            server,
            port,
            log,
            reader: Some(reader),
            is_forgiven: false,
        }
    }

    /// Its port on this host.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it has said: a line for every request, and the traces of its own faults.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic while held").clone()
    }

    /// Runs Python with a client of boto3 for every service there is a need for (`s3`, `ssm`,
    /// `iam`, `secretsmanager`, `ec2`, `ebs`, `kms`; `client(name, region)` for another region);
    /// gives what it prints.
    ///
    /// # Panics
    ///
    /// When the script fails.
    pub fn boto(&self, script: &str) -> String {
        let clients = "s3, ssm, iam, secretsmanager, ec2, ebs = map(client, ['s3', 'ssm', 'iam', 'secretsmanager', 'ec2', 'ebs'])\n";
        boto(&self.url(), &format!("{clients}{script}"))
    }
}

/// Runs Python with a function `client(service)` that gives a client of boto3 for a server, in
/// a region and with keys where they are given; gives what it prints.
///
/// # Panics
///
/// When the script fails.
pub(crate) fn boto(url: &str, script: &str) -> String {
    const CLIENT: &str = include_str!("moto/client.py");
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = Command::new(emulators::program("python3"))
        .arg("-c")
        .arg(format!("{CLIENT}{script}"))
        .env_clear()
        .env("ENDPOINT", url)
        .env("HOME", "/nonexistent")
        .output()
        .expect("python starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{text}{error}");
    text
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
        // What it cannot do it answers with a status that makes clients try again.
        let is_unable = self.log().contains("NotImplementedError");
        assert!(
            !is_unable || self.is_forgiven || std::thread::panicking(),
            "moto was asked for what it cannot do:\n{}",
            self.log()
        );
    }
}
