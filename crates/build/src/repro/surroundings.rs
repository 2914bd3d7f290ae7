//! What a build is put into when it is done again: whatever a program may see of its host, another
//! in every round.
//!
//! The order in which directories are listed is the file system's: a file system in memory has
//! another than one on a disk. Programs in the sandbox see the host's clock, which nothing can shift
//! for them alone; it has gone on since the first build.

use serde::{Deserialize, Serialize};

/// The surroundings of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// `TZ`.
    pub time_zone: String,
    /// `LANG` and `LC_ALL`.
    pub locale: String,
    /// `USER` and `LOGNAME`.
    pub user: String,
    /// The host's name.
    pub host_name: String,
    /// The umask, in octal digits.
    pub umask: String,
    /// How many processors there are; nothing: all of them.
    pub processors: Option<usize>,
    /// By how much the builder's clock is ahead, in seconds.
    pub clock_shift_s: i64,
    /// Whether everything stands in memory.
    pub in_memory: bool,
}

const TIME_ZONES: [&str; 3] = ["Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"];
const LOCALES: [&str; 3] = ["de_DE.UTF-8", "tr_TR.UTF-8", "ja_JP.eucJP"];
const USERS: [&str; 3] = ["somebody", "jenkins", "zoë"];
const HOSTS: [&str; 3] = ["elsewhere", "ci-runner-17", "build.example.org"];
const UMASKS: [u32; 3] = [0o077, 0o002, 0o027];
/// More than a year: another date by any part of it.
const CLOCK_SHIFT_S: i64 = 401 * 24 * 3600 + 5 * 3600 + 7 * 60 + 13;

impl Surroundings {
    /// Those of a round, from 1.
    pub fn of_round(round: u32) -> Self {
        let at = usize::try_from(round.saturating_sub(1)).unwrap_or(0);
        Self {
            time_zone: TIME_ZONES[at % 3].to_owned(),
            locale: LOCALES[at % 3].to_owned(),
            user: USERS[at % 3].to_owned(),
            host_name: HOSTS[at % 3].to_owned(),
            umask: format!("{:03o}", UMASKS[at % 3]),
            processors: at.is_multiple_of(2).then_some(1),
            clock_shift_s: CLOCK_SHIFT_S * i64::from(round),
            in_memory: at.is_multiple_of(2),
        }
    }

    /// The umask.
    pub fn umask(&self) -> u32 {
        u32::from_str_radix(&self.umask, 8).unwrap_or(0o022)
    }

    /// Variables of the environment.
    pub fn variables(&self) -> [(&'static str, &str); 5] {
        [
            ("TZ", &self.time_zone),
            ("LANG", &self.locale),
            ("LC_ALL", &self.locale),
            ("USER", &self.user),
            ("LOGNAME", &self.user),
        ]
    }
}
