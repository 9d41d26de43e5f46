//! Deployments of Redis Sentinel as people have them (configuration files, Docker Compose, Kubernetes manifests, values of
//! a chart), read into plain data, and what is wrong with them. Simulates nothing: [`Deployment`] holds what a simulation
//! needs.

pub mod bitnami;
pub mod boot;
pub mod clients;
pub mod compose;
pub mod conf;
pub mod container;
pub mod deployment;
pub mod files;
pub mod finding;
pub mod hosts;
pub mod k8s;
pub mod lint;
pub mod place;
pub mod reading;
pub mod report;
pub mod shell;
pub mod trouble;
pub mod values;
pub mod yaml;

pub use conf::Conf;
pub use deployment::Deployment;
pub use files::{Disk, Files, Memory};
pub use finding::{Change, Edit, Finding, Severity};
pub use lint::{EXPLAINED, findings};
pub use place::{Place, Traced};
pub use reading::{Reading, read};
