//! A small tree that programs can run in, made of programs of the host and the libraries
//! they need. For tests of what happens *in* a tree, where a real distribution's would be
//! slow to make.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Makes the tree in the empty directory `root`: the programs given in `/usr/bin`, their
/// libraries, `/etc/passwd` and `/etc/group` with root, daemon (1) and app (1000), and the
/// usual empty directories.
///
/// # Panics
///
/// When a program is not on this host.
pub fn make(root: &Path, programs: &[&str]) {
    for directory in [
        "dev", "proc", "sys", "run", "etc", "root", "var/lib", "usr/bin", "usr/lib",
    ] {
        std::fs::create_dir_all(root.join(directory)).expect("a directory of the tree");
    }
    std::fs::create_dir(root.join("tmp")).expect("/tmp of the tree");
    for (link, target) in [
        ("bin", "usr/bin"),
        ("sbin", "usr/bin"),
        ("lib", "usr/lib"),
        ("lib64", "usr/lib"),
        ("usr/lib64", "lib"),
        ("usr/sbin", "bin"),
    ] {
        std::os::unix::fs::symlink(target, root.join(link)).expect("a link of the tree");
    }
    let write = |path: &str, text: &str| {
        std::fs::write(root.join(path), text).expect("a file of the tree");
    };
    write(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\napp:x:1000:1001::/home/app:/bin/bash\n",
    );
    write(
        "etc/group",
        "root:x:0:\ndaemon:x:1:\napp:x:1001:\nweb:x:1002:app\n",
    );
    // Shells warn when the locale every sandbox sets is missing.
    let locale = Path::new("/usr/lib/locale/C.utf8");
    let mut files: BTreeSet<PathBuf> = [locale.to_owned(), locale.join("LC_MESSAGES")]
        .iter()
        .flat_map(|directory| directory.read_dir().into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    assert!(
        !files.is_empty(),
        "this test needs the locale C.UTF-8 on the host"
    );
    for program in programs {
        let path = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
            .iter()
            .map(|directory| Path::new(directory).join(program))
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("this test needs `{program}` on the host"));
        files.extend(libraries(&path, Path::new("")));
        copy(&path, &root.join("usr/bin").join(program));
    }
    for file in files {
        let inside = file.strip_prefix("/").expect("an absolute path");
        copy(&file, &root.join(inside));
    }
}

/// Adds a program that lies elsewhere, with its libraries, of which some may lie in `beside`.
pub(crate) fn add(root: &Path, program: &Path, beside: &Path) {
    let name = program.file_name().expect("a program has a name");
    copy(program, &root.join("usr/bin").join(name));
    add_libraries(root, program, beside);
}

/// Adds the libraries of a program, of which some may lie in `beside`.
pub(crate) fn add_libraries(root: &Path, program: &Path, beside: &Path) {
    for file in libraries(program, beside) {
        let name = file.file_name().expect("a library has a name");
        let place = match file.strip_prefix("/") {
            Ok(inside) if !file.starts_with(beside) || beside.as_os_str().is_empty() => {
                root.join(inside)
            }
            _ => root.join("usr/lib").join(name),
        };
        copy(&file, &place);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("a file has a directory"))
        .expect("a directory of the tree");
    std::fs::copy(from, to)
        .unwrap_or_else(|error| panic!("cannot copy {}: {error}", from.display()));
}

/// Paths of the shared libraries and the loader of a program, as `ldd` prints them.
fn libraries(program: &Path, beside: &Path) -> Vec<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixture cannot use the crate it is a fixture for"
    )]
    let output = std::process::Command::new("ldd")
        .arg(program)
        .env("LD_LIBRARY_PATH", beside)
        .output()
        .expect("this test needs `ldd` on the host");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')))
        .map(PathBuf::from)
        .collect()
}
