//! Programs that use Redis, seen by their environment: names of variables and what their values look like.

use crate::boot::UNKNOWN;
use crate::deployment::{Client, Target};
use crate::place::{Place, Traced};

/// A variable of a program.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it is set.
    pub place: Place,
}

impl Variable {
    /// A variable from a name and a traced value.
    pub fn new(name: &str, value: &Traced, place: &Place) -> Variable {
        let place = value.start().unwrap_or(place).clone();
        Variable { name: name.to_owned(), value: value.text().to_owned(), place }
    }
}

/// Words of a command line that are the address of a server.
pub fn from_command<'t>(words: impl IntoIterator<Item = &'t Traced>, place: &Place) -> Vec<Variable> {
    let words = words.into_iter().filter(|word| word.text().contains("redis://") || word.text().contains("rediss://"));
    let url = |word: &Traced| {
        let at = word.text().find("redis").unwrap_or(0);
        let end = word.text()[at..].find(char::is_whitespace).map_or(word.text().len(), |end| at + end);
        Variable::new("REDIS_URL", &word.slice(at, end), place)
    };
    words.map(url).collect()
}

/// What a program with this environment is as a client of Redis, if it is one.
pub fn client(name: &str, image: &str, variables: &[Variable]) -> Option<Client> {
    // What watches single servers has to name them.
    let watches = ["exporter", "insight", "commander", "prometheus", "grafana"];
    if watches.iter().any(|word| image.contains(word)) {
        return None;
    }
    let master = variables.iter().find(|variable| names_master(variable));
    let master = master.map(|variable| (variable.value.clone(), variable.place.clone()));
    let known = |variable: &&Variable| !variable.value.is_empty() && !variable.value.contains(UNKNOWN);
    let sentinels = variables.iter().filter(known).find_map(|variable| {
        let upper = variable.name.to_ascii_uppercase();
        let url =
            ["redis-sentinel://", "redis+sentinel://", "sentinel://"].iter().any(|mark| variable.value.contains(mark));
        let named = upper.contains("SENTINEL") && !is_other(&upper) && !names_master(variable);
        let hosts = if url || named { hosts(&variable.value) } else { Vec::new() };
        (!hosts.is_empty()).then_some((hosts, variable))
    });
    if let Some((hosts, variable)) = sentinels {
        let outside = hosts.iter().all(|host| is_outside(host));
        let place = variable.place.clone();
        return Some(Client { name: name.to_owned(), place, target: Target::Sentinels(hosts), master, outside });
    }
    let fixed = variables.iter().filter(known).find_map(|variable| {
        let upper = variable.name.to_ascii_uppercase();
        let url = ["redis://", "rediss://", "valkey://"].iter().any(|mark| variable.value.contains(mark));
        let about = ["REDIS", "CACHE", "BROKER", "CELERY", "QUEUE", "VALKEY"].iter().any(|word| upper.contains(word));
        let address = ["HOST", "ADDR", "URL", "URI", "ENDPOINT", "SERVER"].iter().any(|word| upper.contains(word));
        let reads = ["READ", "REPLICA", "SLAVE"].iter().any(|word| upper.contains(word));
        let named = upper.contains("REDIS") && address && !is_other(&upper);
        let hosts = if !reads && (url || (about && named)) { hosts(&variable.value) } else { Vec::new() };
        hosts.into_iter().next().map(|host| (host, variable))
    });
    let (host, variable) = fixed?;
    let outside = is_outside(&host);
    Some(Client { name: name.to_owned(), place: variable.place.clone(), target: Target::Redis(host), master, outside })
}

/// Names of variables that hold no address.
fn is_other(upper: &str) -> bool {
    let words = [
        "PASS", "USER", "QUORUM", "TIMEOUT", "AFTER", "DB", "ENABLED", "PREFIX", "TTL", "MODE", "TLS", "SSL", "SOCKET",
        "RETRY", "PARALLEL",
    ];
    words.iter().any(|word| upper.contains(word)) || upper.ends_with("PORT")
}

fn names_master(variable: &Variable) -> bool {
    let upper = variable.name.to_ascii_uppercase();
    let about = upper.contains("REDIS") || upper.contains("SENTINEL");
    let set = [
        "MASTER_NAME",
        "MASTERNAME",
        "MASTER_SET",
        "MASTER_GROUP",
        "SERVICE_NAME",
        "SENTINEL_MASTER",
        "SENTINEL_NAME",
        "SENTINEL_SERVICE",
    ];
    let plain = !variable.value.is_empty() && !variable.value.contains([':', '/', ',', ' ', UNKNOWN]);
    about && plain && set.iter().any(|word| upper.contains(word)) && !upper.contains("HOST") && !is_other(&upper)
}

/// Hosts in a value: an address, a list of them, or a URL.
pub fn hosts(value: &str) -> Vec<String> {
    let value = value.trim().trim_matches(['[', ']', '"', '\'']);
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = if value.contains("://") { rest.split(['/', '?', '#']).next().unwrap_or("") } else { rest };
    let hosts = rest.split([',', ' ', ';']).filter_map(|part| {
        let part = part.trim().trim_matches(['"', '\'']);
        let part = part.split_once("://").map_or(part, |(_, rest)| rest);
        let host = part.split(':').next().unwrap_or("");
        let host = host.split('/').next().unwrap_or("");
        let is_host = !host.is_empty()
            && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
            && !host.chars().all(|c| c.is_ascii_digit())
            && !matches!(host, "true" | "false" | "yes" | "no");
        is_host.then(|| host.to_owned())
    });
    hosts.collect()
}

/// Whether a host means the machine of the program itself, or another machine by its number.
pub fn is_outside(host: &str) -> bool {
    is_loopback(host) || host == "host.docker.internal" || host.parse::<std::net::Ipv4Addr>().is_ok()
}

/// Whether a host is always the one that asks.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "::1"
}
