//! Tests against the world outside: apt and dpkg of the host, and models of AWS, as oracles.

mod controls;
mod oracle;
mod random;
