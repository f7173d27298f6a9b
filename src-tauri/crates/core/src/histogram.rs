//! A latency histogram that can be added up.
