//! Tests against the world outside: apt and dpkg of the host as oracles.

mod debversion;
mod oracle;
mod random;
