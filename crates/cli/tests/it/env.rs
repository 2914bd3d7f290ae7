//! A home, a project and the real binary, apart from everything of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a run came to, for assertions.
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// The result of `--json`.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e} in:\n{}", self.stdout))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A temporary home and project. Both go with it.
pub(crate) struct TestEnv {
    root: tempfile::TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("project")).unwrap();
        Self { root }
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap()
    }

    /// The command with a cleared environment, ready to start.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests start the binary as a user would"
    )]
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_goldsmith"));
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.root.path())
            .env("GOLDSMITH_HOME", self.home());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// A shell with the same environment, to change what a process inherits; the binary is `$GOLDSMITH`.
    #[expect(
        clippy::disallowed_methods,
        reason = "only a shell sets the umask of what it starts"
    )]
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let template = self.command(&[]);
        command
            .args(["-c", script])
            .env_clear()
            .env("GOLDSMITH", env!("CARGO_BIN_EXE_goldsmith"));
        command.envs(
            template
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
    }

    /// Runs with another home.
    pub(crate) fn run_at(&self, home: &Path, arguments: &[&str]) -> Ran {
        self.command(arguments)
            .env("GOLDSMITH_HOME", home)
            .output()
            .unwrap()
            .into()
    }

    /// The folder that everything of this test lies in.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }
}

/// A folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}
