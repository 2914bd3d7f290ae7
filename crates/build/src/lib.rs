//! The local builder and boot tester.
