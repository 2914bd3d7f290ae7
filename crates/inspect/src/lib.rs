//! Rules over an offline tree or disk: sanitize and verify.
