//! Version 1: what frames become on its wire and what its wire becomes again.

mod answers;
mod goldens;
mod requests;
