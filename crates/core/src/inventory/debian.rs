//! Debian's releases: some say the number, some the name.

/// Names with their numbers; that of a release without one is its name.
const RELEASES: [(&str, &str); 10] = [
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
    ("unstable", "sid"),
];

/// The number of a release by its name, in small letters; `None`: an unknown name.
pub fn debian_number(name: &str) -> Option<&'static str> {
    let known = RELEASES.iter().find(|(known, _)| *known == name);
    known.map(|(_, number)| *number)
}
