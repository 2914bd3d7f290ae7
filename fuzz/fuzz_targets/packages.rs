//! Any bytes as one file that says what software there is: a database of packages, an archive, a
//! program. The first byte says which.
#![no_main]

mod alone;
mod look;

const PATHS: [&str; 9] = [
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "opt/x.jar",
    "opt/program",
    "opt/node_modules/x/package.json",
    "opt/x.dist-info/METADATA",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, content)) = bytes.split_first() else {
        return;
    };
    look::look(alone::archive(PATHS[usize::from(*first) % PATHS.len()], content));
});
