//! Every kind of fault and every trigger of the scenario format: small scenarios from text, played for a few seeds, and
//! asserted over the record what the real thing does. Numbers come from the specification of the protocol and from
//! settings, never from earlier output of the simulator.

mod clock;
mod disk;
mod late;
mod names;
mod network;
mod patterns;
mod persistence;
mod power;
mod process;
mod schedule;
mod settings;
mod stall;
mod support;
