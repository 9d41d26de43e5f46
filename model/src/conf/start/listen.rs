//! What a server opens at start: addresses to listen on, certificates, a socket, modules, the directory of the
//! append-only file (`initServer`, `listenToPort`, `tlsConfigure`).

use super::machine;
use crate::conf::load::Loader;
use crate::conf::machine::Machine;
use crate::conf::number::ipv4;
use crate::conf::split::shown;
use crate::conf::{ConfError, trouble};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Everything that is opened before modules and users are loaded.
pub(super) fn check(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    let port = loader.settings.number("port");
    let tls_port = loader.settings.number("tls-port");
    let yes = |name: &str| loader.settings.is_yes(name);
    if tls_port != 0 || yes("tls-replication") || yes("tls-cluster") {
        certificates(loader)?;
    }
    let bind = loader.settings.get("bind");
    let socket = loader.settings.get("unixsocket");
    let mut count = 0;
    if let Some(machine) = machine(loader) {
        for (port, name) in [(port, "TCP"), (tls_port, "TLS")].into_iter().filter(|(port, _)| *port != 0) {
            count += listen(&bind, machine)
                .map_err(|()| ConfError::of_machine(format!("Failed listening on port {port} ({name}), aborting.")))?;
        }
        if !socket.is_empty() {
            machine
                .create(&socket)
                .map_err(|why| ConfError::of_machine(format!("Failed opening Unix socket: bind: {why}")))?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(trouble("Configured to not listen anywhere, exiting."));
    }
    if port != 0 && port == tls_port {
        return Err(trouble(&format!("Failed listening on port {port} (TLS), aborting.")));
    }
    cluster(loader)
}

/// On how many addresses a port listens. Optional ones, with a dash, may not exist; each may be given once only.
fn listen(bind: &[u8], machine: &mut dyn Machine) -> Result<usize, ()> {
    let mut open: Vec<IpAddr> = Vec::new();
    for word in bind.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        let (optional, host) = match word {
            [b'-', host @ ..] => (true, host),
            host => (false, host),
        };
        let address = address(host, machine).ok_or(())?;
        let everywhere = |address: &IpAddr| address.is_unspecified();
        if !everywhere(&address) && !machine.has_address(address) {
            if optional {
                continue;
            }
            return Err(());
        }
        let clash = |known: &IpAddr| {
            known.is_ipv4() == address.is_ipv4() && (everywhere(known) || everywhere(&address) || *known == address)
        };
        if open.iter().any(clash) {
            return Err(());
        }
        open.push(address);
    }
    Ok(open.len())
}

fn address(host: &[u8], machine: &mut dyn Machine) -> Option<IpAddr> {
    let text = shown(host);
    if text.contains(':') {
        let wanted = if text == "::*" { "::" } else { &*text };
        let wanted = wanted.split('%').next().unwrap_or_default();
        // A socket of IPv6 only cannot have an address of IPv4.
        return wanted.parse().ok().filter(|ip: &Ipv6Addr| ip.to_ipv4_mapped().is_none()).map(IpAddr::V6);
    }
    if text == "*" {
        return Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }
    match ipv4(&text) {
        Some(ip) => Some(IpAddr::V4(ip.into())),
        None => machine.resolve(host).filter(IpAddr::is_ipv4),
    }
}

/// What has to be given for TLS, and that the files are there.
fn certificates(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    let get = |name: &str| loader.settings.get(name);
    let (cert, key) = (get("tls-cert-file"), get("tls-key-file"));
    if cert.is_empty() {
        return Err(trouble("No tls-cert-file configured!"));
    }
    if key.is_empty() {
        return Err(trouble("No tls-key-file configured!"));
    }
    let asks = get("tls-auth-clients") != b"no";
    let asks = asks || loader.settings.is_yes("tls-cluster") || loader.settings.is_yes("tls-replication");
    if asks && get("tls-ca-cert-file").is_empty() && get("tls-ca-cert-dir").is_empty() {
        return Err(trouble(
            "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or \
             tls-auth-clients are enabled!",
        ));
    }
    let protocols = String::from_utf8_lossy(&get("tls-protocols")).to_ascii_lowercase();
    if !protocols.split(' ').all(|word| ["", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"].contains(&word)) {
        let message = "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and \
                       'TLSv1.3'.";
        return Err(trouble(message));
    }
    let Some(machine) = machine(loader) else { return Ok(()) };
    for (path, what) in [(cert, "certificate"), (key, "private key")] {
        machine.read(&path).map_err(|why| {
            let path = shown(&path);
            ConfError::of_machine(format!("Failed to load {what}: {path}: error:80000002:system library::{why}"))
        })?;
    }
    Ok(())
}

/// `clusterInit`
fn cluster(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    if !loader.settings.is_yes("cluster-enabled") {
        return Ok(());
    }
    let file = loader.settings.get("cluster-config-file");
    if let Some(machine) = machine(loader) {
        machine.append(&file).map_err(|why| {
            let file = shown(&file);
            ConfError::of_machine(format!("Can't open {file} in order to acquire a lock: {why}"))
        })?;
    }
    let tls = loader.settings.is_yes("tls-cluster");
    let port = loader.settings.number(if tls { "tls-port" } else { "port" });
    if loader.settings.number("cluster-port") == 0 && port > 55535 {
        return Err(trouble(
            "Redis port number too high. Cluster communication port is 10,000 port numbers higher than your Redis port. \
             Your Redis port number must be 55535 or less.",
        ));
    }
    Ok(())
}

/// `moduleLoadFromQueue`, as far as the files are there.
pub(super) fn modules(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    let modules = loader.modules.clone();
    let Some(machine) = machine(loader) else { return Ok(()) };
    for path in modules {
        let called = shown(&path);
        let why = match machine.read(&path) {
            Err(why) => format!("{called}: cannot open shared object file: {why}"),
            Ok(_) if !machine.executable(&path) => "It does not have execute permissions.".to_owned(),
            Ok(_) => continue,
        };
        return Err(ConfError::of_machine(format!("Module {called} failed to load: {why}")));
    }
    Ok(())
}

/// The directory of the append-only file has to be there, or made.
pub(super) fn append_only(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    let path = loader.settings.get("appenddirname");
    if !loader.settings.is_yes("appendonly") {
        return Ok(());
    }
    let Some(machine) = machine(loader) else { return Ok(()) };
    machine.make_directory(&path).map_err(|why| {
        let path = shown(&path);
        ConfError::of_machine(format!("Can't open or create append-only dir {path}: {why}"))
    })
}
