//! Contract events on their way.
