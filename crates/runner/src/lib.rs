//! Component documents on another machine.
//!
//! ```text
//! here: drive ──put──► there: goldsmith-runner start ──► work (a session of its own)
//!          │                                               │ engine, machine, services
//!          │                     journal ◄── a line each ──┘
//!          └──follow─────────────────┘ from any line on, over any number of connections
//! ```
//!
//! The program keeps working when nobody is connected; whoever comes back reads the journal from
//! where the last connection broke. A machine that has to be rebooted is rebooted from here, and
//! the run goes on from its written state. In the end the directory is removed with all in it.

pub mod command;
pub mod drive;
pub mod format;
pub mod image;
mod journal;
mod seal;
mod work;
