//! Tests against the world outside: apt and dpkg of the host as oracles.

mod oracle;
mod random;
