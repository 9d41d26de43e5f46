//! Deployments of Redis Sentinel as people have them (configuration files, Docker Compose, Kubernetes manifests, values of
//! a chart), read into plain data, and what is wrong with them. Simulates nothing: [`Deployment`] holds what a simulation
//! needs.

pub mod conf;
pub mod deployment;
pub mod place;

pub use conf::Conf;
pub use deployment::Deployment;
pub use place::{Place, Traced};
