use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use goldsmith_core::failure::{Class, Failure as _};

use super::*;
use crate::child::tests::cx;
use crate::ns::SandboxSpec;

const TOOLS: [&str; 5] = ["bash", "cat", "stty", "sleep", "echo"];

/// What a person has: a terminal, and the keys and the screen behind it.
struct Person {
    screen: File,
    terminal: OwnedFd,
}

impl Person {
    fn new() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let screen = rustix::pty::openpt(flags).unwrap();
        rustix::pty::unlockpt(&screen).unwrap();
        let terminal = rustix::pty::ioctl_tiocgptpeer(&screen, flags).unwrap();
        let size = Winsize {
            ws_row: 33,
            ws_col: 77,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        rustix::termios::tcsetwinsize(&terminal, size).unwrap();
        Self {
            screen: screen.into(),
            terminal,
        }
    }

    fn terminal(&self) -> Terminal<'_> {
        Terminal {
            input: self.terminal.as_fd(),
            output: self.terminal.as_fd(),
        }
    }

    /// Types, once the screen shows what is waited for.
    fn type_after(mut screen: File, rounds: Vec<(&'static str, &'static [u8])>) -> String {
        let mut shown = String::new();
        let mut seen = 0;
        for (awaited, keys) in rounds {
            while !shown[seen..].contains(awaited) {
                let mut bytes = [0; 1000];
                let length = screen.read(&mut bytes).unwrap();
                shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
            seen = shown.len();
            screen.write_all(keys).unwrap();
        }
        shown
    }
}

fn tree() -> (tempfile::TempDir, Sandbox) {
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    goldsmith_testing::host_tree::make(&tree, &TOOLS);
    let sandbox = Sandbox::open(&SandboxSpec::directory(tree)).unwrap();
    (dir, sandbox)
}

#[test]
fn a_shell_for_a_person() {
    let (_dir, sandbox) = tree();
    let person = Person::new();
    let before = rustix::termios::tcgetattr(&person.terminal).unwrap();
    let mut command = Command::new(["bash", "--norc", "-i"]);
    command.env.insert("PS1".to_owned(), "ready> ".to_owned());
    let screen = person.screen.try_clone().unwrap();
    let typed = std::thread::spawn(move || {
        Person::type_after(
            screen,
            vec![
                // What is typed is shown as well: what is waited for stands there in another way.
                (
                    "ready> ",
                    b"stty size; echo to-'terminal' > /dev/tty; cat\r",
                ),
                // Until it has shown a line again it may not run yet, and a key would be lost.
                ("to-terminal", b"line\r"),
                // A key that interrupts what runs in the shell, not this program.
                ("line\r\nline", b"\x03"),
                ("ready> ", b"echo 'code' $?; exit 7\r"),
                ("code 130", b""),
            ],
        )
    });
    let status = sandbox.attach(&cx(), &command, person.terminal()).unwrap();
    let shown = typed.join().unwrap();
    assert_eq!(status, Status::Code(7), "{shown}");
    assert!(shown.contains("33 77"), "{shown}");
    assert!(!shown.contains("job control"), "{shown}");
    let after = rustix::termios::tcgetattr(&person.terminal).unwrap();
    assert_eq!(after.local_modes, before.local_modes);
}

#[test]
fn a_cancel_ends_it() {
    let (_dir, sandbox) = tree();
    let person = Person::new();
    let cx = cx();
    let screen = person.screen.try_clone().unwrap();
    let cancel = cx.cancel.clone();
    let typed = std::thread::spawn(move || {
        Person::type_after(screen, vec![("begun", b"")]);
        cancel.cancel();
    });
    let command = Command::new(["bash", "-c", "echo begun; exec <&- >&- 2>&-; sleep 600"]);
    let error = sandbox
        .attach(&cx, &command, person.terminal())
        .unwrap_err();
    typed.join().unwrap();
    assert_eq!(error.class(), Class::Cancelled);
}

#[test]
fn what_is_no_terminal_is_refused() {
    let (_dir, sandbox) = tree();
    let null = File::open("/dev/null").unwrap();
    let user = Terminal {
        input: null.as_fd(),
        output: null.as_fd(),
    };
    let command = Command::new(["bash"]);
    let error = sandbox.attach(&cx(), &command, user).unwrap_err();
    assert!(error.to_string().contains("make a terminal"), "{error}");
}
