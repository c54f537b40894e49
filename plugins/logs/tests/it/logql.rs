//! LogQL beside Loki's own code and documentation.

mod cases;
mod documented;
mod recorded;
