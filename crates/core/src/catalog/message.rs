//! Messages on their way: kept with what they tell of, delivered later.

/// Something to tell somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Whom: kind and name of the notifier, `webhook/chat`.
    pub notifier: String,
    /// JSON, without secrets.
    pub body: String,
}

/// A message that is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Its number, which whoever gets it twice knows it by.
    pub id: u64,
    /// What and whom.
    pub message: NewMessage,
    /// When it came into being, in seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// How often it was tried.
    pub tries: u32,
    /// Not before this, in seconds since 1970-01-01 UTC.
    pub next_unix: i64,
    /// How the last try went; empty before the first.
    pub error: String,
}

/// How the delivery of a message went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is there.
    Done,
    /// To be tried again.
    Later {
        /// Not before this, in seconds since 1970-01-01 UTC.
        next_unix: i64,
        /// Why it failed.
        error: String,
    },
    /// Given up.
    GivenUp {
        /// Why it failed.
        error: String,
    },
}
