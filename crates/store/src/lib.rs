//! Content-addressed store: blobs, decoded packages, layers, scratch, garbage collection.
