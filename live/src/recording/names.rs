//! Names as recordings have them, in place of the scenario's, of addresses and of ids.

use crate::trace::Trace;
use splitbrain::model::Addr;
use splitbrain::scenarios::{ProcessKind, Resolved};

/// Names of processes and hosts.
pub struct Names {
    /// By number of the process; of a client its number.
    processes: Vec<String>,
    /// By number of the host.
    hosts: Vec<String>,
    addresses: Vec<(Addr, String)>,
    ids: Vec<(String, String)>,
}

impl Names {
    /// Servers are r1, r2…, Sentinels s1, s2…; a host bears the name of the first of them on it, other hosts are c1, c2….
    pub fn new(scenario: &Resolved, trace: &Trace) -> Names {
        let (processes, hosts) = of(scenario);
        let listening = scenario.processes.iter().zip(&processes).filter(|(process, _)| !process.kind.is_application());
        let addresses = listening.map(|(process, name)| (process.addr, name.clone())).collect();
        let ids = trace.looks.ids.iter().map(|(_, p, id)| (id.clone(), processes[*p].clone())).collect();
        Names { processes, hosts, addresses, ids }
    }

    /// A process.
    pub fn process(&self, p: usize) -> &str {
        &self.processes[p]
    }

    /// A host.
    pub fn host(&self, host: usize) -> &str {
        &self.hosts[host]
    }

    /// Who listens at an address; the address itself if nobody does.
    pub fn at(&self, addr: Addr) -> String {
        let known = self.addresses.iter().find(|(of, _)| *of == addr);
        known.map_or_else(|| addr.to_string(), |(_, name)| name.clone())
    }

    /// A text with names in place of addresses and ids.
    pub fn in_text(&self, text: &str) -> String {
        // The longest first: one address may begin with another.
        let mut found: Vec<(String, &str)> = Vec::new();
        for (addr, name) in &self.addresses {
            found.push((addr.to_string(), name));
            found.push((format!("{} {}", addr.ip, addr.port), name));
        }
        found.extend(self.ids.iter().map(|(id, name)| (id.clone(), name.as_str())));
        found.sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
        found.iter().fold(text.to_owned(), |text, (written, name)| text.replace(written, name))
    }
}

/// Names of processes and of hosts.
pub fn of(scenario: &Resolved) -> (Vec<String>, Vec<String>) {
    let (mut servers, mut sentinels) = (0, 0);
    let mut hosts: Vec<Option<String>> = vec![None; scenario.hosts.len()];
    let mut processes: Vec<String> = Vec::new();
    for process in &scenario.processes {
        let name = match process.kind {
            ProcessKind::Redis(_) => {
                servers += 1;
                format!("r{servers}")
            }
            ProcessKind::Sentinel(_) => {
                sentinels += 1;
                format!("s{sentinels}")
            }
            ProcessKind::Client(_) | ProcessKind::App => process.name.clone(),
        };
        if !process.kind.is_application() {
            hosts[process.host].get_or_insert_with(|| name.clone());
        }
        processes.push(name);
    }
    let mut clients = 0;
    let hosts = hosts.into_iter().map(|name| {
        name.unwrap_or_else(|| {
            clients += 1;
            format!("c{clients}")
        })
    });
    (processes, hosts.collect())
}
