//! Debian's apt in a tree of Debian's, with an archive of ours to update from.
