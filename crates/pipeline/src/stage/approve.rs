//! `approve`: people say yes or no, or a policy does where nothing new was found.
