//! Tests against the world outside: dpkg of the host as the oracle.

mod debversion;
