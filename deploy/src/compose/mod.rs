//! Docker Compose: services become containers on one machine, and what they start becomes nodes.

mod dockerfile;
mod load;
mod mounts;

pub use load::{Env, env_file};

use crate::boot::{self, Container, Pod, boot};
use crate::clients::{Variable, client, from_command};
use crate::container::Disk;
use crate::deployment::{
    Address, Completeness, Deployment, Form, Host, Node as Member, Published, Remark, Restart, Seen, Storage,
};
use crate::files::{Files, folder, join};
use crate::place::{Place, Traced};
use crate::shell;
use crate::trouble::Trouble;
use crate::yaml::Node;
use mounts::Sources;

/// Copies of one service that are made.
const REPLICAS: i64 = 20;

/// Whether a document is a Compose file.
pub fn is_compose(document: &Node) -> bool {
    let services = document.get("services").map(Node::entries).unwrap_or_default();
    let has = |service: &Node| ["image", "build", "command", "extends"].iter().any(|key| service.get(key).is_some());
    services.iter().any(|(_, service)| has(service)) && document.get("kind").is_none()
}

/// Reads a Compose file with everything it refers to. `spare` are configuration files that may stand in for missing ones.
///
/// # Errors
/// What cannot be read.
pub fn read(files: &dyn Files, file: &str, document: &Node, spare: &[String]) -> Result<Deployment, Trouble> {
    let root = load::load(files, file, document)?;
    let at = folder(file);
    let spare: Vec<String> = spare.iter().filter(|path| crate::files::folder(path) == at).cloned().collect();
    let sources = Sources { files, folder: &at, root: &root, spare: &spare };
    let mut deployment = Deployment {
        form: Form::Compose,
        source: file.to_owned(),
        nodes: Vec::new(),
        clients: Vec::new(),
        services: Vec::new(),
        complete: Completeness::Whole,
        missing: Vec::new(),
        unclear: Vec::new(),
        remarks: Vec::new(),
    };
    for (key, service) in root.get("services").map(Node::entries).unwrap_or_default() {
        let Some(name) = key.text() else { continue };
        add(&sources, name, key, service, &mut deployment);
    }
    Ok(deployment)
}

fn add(sources: &Sources<'_>, name: &str, key: &Node, service: &Node, deployment: &mut Deployment) {
    let image = service.get("image").and_then(|image| Some((image.text()?.to_owned(), image.place.clone())));
    let built = dockerfile::built(sources, service).unwrap_or_default();
    let image = built.from.clone().or(image);
    let (argv, argv_place) = argv(service, key, image.as_ref(), &built);
    let variables = environment(sources, service);
    let mut env: Env = built.env.clone();
    env.extend(variables.iter().map(|v| (v.name.clone(), Traced::at(v.value.clone(), &v.place))));
    let mut disk = Disk::default();
    if !built.files.is_empty() {
        let layer = crate::container::Volume { files: built.files.clone(), ..boot::volume(Storage::Container) };
        disk.volumes.insert(format!(":{name}"), layer);
    }
    let mounts = mounts::mounts(sources, service, &mut disk, &mut deployment.missing);
    if service.get("read_only").and_then(Node::is_true) == Some(true) {
        let layer = disk.volumes.entry(format!(":{name}")).or_insert_with(|| boot::volume(Storage::ReadOnly));
        layer.storage = Storage::ReadOnly;
    }
    let container = Container {
        name: name.to_owned(),
        place: key.place.clone(),
        argv,
        argv_place,
        env,
        mounts,
        image: image.clone(),
    };
    let image_name = image.as_ref().map_or("", |(image, _)| image.as_str());
    let copies = service.at(&["deploy", "replicas"]).or_else(|| service.get("scale"));
    let count = copies.map(|copies| copies.place.clone());
    let copies = copies.and_then(Node::number).unwrap_or(1);
    let mut found = false;
    for copy in 1..=copies.clamp(0, REPLICAS) {
        let node_name = if copies > 1 { format!("{name}-{copy}") } else { name.to_owned() };
        let hostname = service.text_at(&["hostname"]).unwrap_or(&node_name).to_owned();
        let pod = Pod {
            hostname,
            disk: disk.clone(),
            inits: Vec::new(),
            containers: vec![container.clone()],
            answer: None,
            keeps_layer: true,
        };
        let (mut servers, mut unclear) = boot(&pod);
        if let Some(server) = crate::bitnami::server(&pod.containers[0], &pod.disk, true).filter(|_| servers.is_empty())
        {
            servers.push(server);
            unclear.clear();
        }
        if servers.iter().all(|server| server.conf.is_yes("cluster-enabled") == Some(true)) && !servers.is_empty() {
            let place = key.place.clone();
            deployment.remarks.push(Remark { what: Seen::Cluster, name: name.to_owned(), place });
            return;
        }
        let many = servers.len() > 1;
        for server in servers {
            found = true;
            let kind = if server.kind == crate::deployment::Kind::Sentinel { "sentinel" } else { "redis" };
            let node_name = if many { format!("{node_name}/{kind}") } else { node_name.clone() };
            deployment.nodes.push(Member {
                name: node_name,
                kind: server.kind,
                place: key.place.clone(),
                count: count.clone(),
                group: name.to_owned(),
                conf: server.conf,
                config: server.config,
                host: Host::Named("this machine".to_owned()),
                address: address(service, name, copies > 1),
                data: server.data,
                comes_back: server.comes_back,
                restart: restart(service),
                program: server.program,
                published: published(service),
                scripts: server.scripts,
            });
        }
        if copy == 1 && redis_like(image_name) {
            deployment.unclear.extend(unclear);
        }
    }
    if found {
        depends(service, deployment);
    } else {
        let mut variables = variables;
        variables.extend(from_command(&container.argv, &key.place));
        deployment.clients.extend(client(name, image_name, &variables));
    }
}

fn redis_like(image: &str) -> bool {
    let last = boot::repository(image).rsplit('/').next().unwrap_or("");
    last.contains("redis") || last.contains("valkey") || last.contains("sentinel")
}

/// What is executed: the entry point with the command, as Compose splits them.
fn argv(
    service: &Node,
    key: &Node,
    image: Option<&(String, Place)>,
    built: &dockerfile::Built,
) -> (Vec<Traced>, Place) {
    let words = |node: &Node| -> Vec<Traced> {
        match node.traced() {
            Some(text) => shell::split(text),
            None => node.items().iter().filter_map(Node::traced).cloned().collect(),
        }
    };
    let entrypoint = service.get("entrypoint").filter(|node| !words(node).is_empty());
    let command = service.get("command");
    let place = command
        .or(entrypoint)
        .and_then(|node| node.traced().and_then(Traced::start).cloned().or_else(|| Some(node.place.clone())));
    let place = place.or_else(|| built.place.clone()).unwrap_or_else(|| key.place.clone());
    let command = match command {
        Some(command) => words(command),
        // An entry point of the service takes the image's command away.
        None if entrypoint.is_some() => Vec::new(),
        None => built.command.clone().unwrap_or_default(),
    };
    let mut argv = match entrypoint {
        Some(entrypoint) => words(entrypoint),
        None if built.entrypoint.is_some() => built.entrypoint.clone().unwrap_or_default(),
        None if command.is_empty() => return (Vec::new(), place),
        // The images of Redis begin with a script that executes what it is given.
        None if image.is_some_and(|(image, _)| redis_like(image)) => {
            let mut entry = Traced::default();
            entry.push("docker-entrypoint.sh", command[0].start());
            vec![entry]
        }
        None => Vec::new(),
    };
    argv.extend(command);
    (argv, place)
}

/// The environment of a service, its files first.
fn environment(sources: &Sources<'_>, service: &Node) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    let mut set = |variable: Variable| {
        variables.retain(|known| known.name != variable.name);
        variables.push(variable);
    };
    if let Some(env_files) = service.get("env_file") {
        let one = [env_files.clone()];
        let items = if env_files.items().is_empty() { &one[..] } else { env_files.items() };
        for item in items {
            let Some(path) = item.text().or_else(|| item.text_at(&["path"])) else { continue };
            let path = join(sources.folder, path);
            for (name, value) in env_file(sources.files, &path).unwrap_or_default() {
                set(Variable::new(&name, &value, &item.place));
            }
        }
    }
    let Some(environment) = service.get("environment") else { return variables };
    for item in environment.items() {
        let Some(text) = item.traced() else { continue };
        match text.text().split_once('=') {
            Some((name, _)) => {
                let value = text.slice(name.len() + 1, text.text().len());
                set(Variable::new(name, &value, &item.place));
            }
            None => set(Variable::new(text.text(), &Traced::at(boot::unknown(text.text()), &item.place), &item.place)),
        }
    }
    for (name, value) in environment.entries() {
        let Some(name) = name.text() else { continue };
        match value.traced() {
            Some(text) => set(Variable::new(name, text, &value.place)),
            None => set(Variable::new(name, &Traced::at(boot::unknown(name), &value.place), &value.place)),
        }
    }
    variables
}

fn address(service: &Node, name: &str, many: bool) -> Address {
    let mut names = Vec::new();
    let mut ip_stable = false;
    if !many {
        names.push(name.to_owned());
        names
            .extend(["container_name", "hostname"].iter().filter_map(|key| service.text_at(&[key])).map(str::to_owned));
    }
    for (_, network) in service.get("networks").map(Node::entries).unwrap_or_default() {
        if let Some(ip) = network.text_at(&["ipv4_address"]) {
            names.push(ip.to_owned());
            ip_stable = true;
        }
        let aliases = network.get("aliases").map(Node::items).unwrap_or_default();
        names.extend(aliases.iter().filter_map(Node::text).map(str::to_owned));
    }
    names.dedup();
    let host_network = service.text_at(&["network_mode"]) == Some("host");
    Address { names, ip_stable: ip_stable || host_network, name_stable: !many, host_network }
}

fn restart(service: &Node) -> Restart {
    let text = service.text_at(&["restart"]).or_else(|| service.text_at(&["deploy", "restart_policy", "condition"]));
    match text.map(|text| text.split(':').next().unwrap_or("")) {
        Some("always" | "unless-stopped" | "any") => Restart::Always,
        Some("on-failure") => Restart::OnFailure,
        _ => Restart::Never,
    }
}

fn published(service: &Node) -> Vec<Published> {
    let items = service.get("ports").map(Node::items).unwrap_or_default();
    items.iter().filter_map(one_port).collect()
}

fn one_port(item: &Node) -> Option<Published> {
    let place = item.place.clone();
    let Some(text) = item.text() else {
        let inside = u16::try_from(item.get("target")?.number()?).ok()?;
        let outside = item.get("published").and_then(Node::number).and_then(|port| u16::try_from(port).ok());
        let loopback = item.text_at(&["host_ip"]).is_some_and(crate::clients::is_loopback);
        return Some(Published { outside: outside.unwrap_or(0), inside, loopback, place });
    };
    let text = text.split('/').next().unwrap_or("");
    let first = |port: &str| port.split('-').next().unwrap_or("").parse().ok();
    let (address, ports) = match text.rsplitn(3, ':').collect::<Vec<_>>()[..] {
        [inside, outside, address] => (address, (outside, inside)),
        [inside, outside] => ("", (outside, inside)),
        [inside] => ("", ("0", inside)),
        _ => return None,
    };
    let loopback = crate::clients::is_loopback(address);
    Some(Published { outside: first(ports.0).unwrap_or(0), inside: first(ports.1)?, loopback, place })
}

fn depends(service: &Node, deployment: &mut Deployment) {
    let Some((key, depends)) = service.entry("depends_on") else { return };
    let waits = depends.entries().iter().all(|(_, how)| how.text_at(&["condition"]) == Some("service_healthy"));
    if depends.entries().is_empty() || !waits {
        let name = String::new();
        deployment.remarks.push(Remark { what: Seen::DependsOnStart, name, place: key.place.clone() });
    }
}
