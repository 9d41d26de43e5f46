//! From a container to the servers in it: its start is carried out three times, for the very first time, again after the
//! server has rewritten its configuration, and in a new container. What the servers then read says what survives.

use crate::conf::{Conf, Line};
use crate::container::{Disk, Mount, View, Volume, tidy};
use crate::deployment::{ComesBack, Config, Keeps, Kind, Program, ScriptFile, Storage};
use crate::place::{Place, Traced};
use crate::shell::{Exec, Run, Shell};
use std::collections::BTreeMap;

/// What stands for a value that is not known here: a secret, a variable of the user.
pub const UNKNOWN: char = '\u{27e8}';

/// The name of something unknown as a value.
pub fn unknown(name: &str) -> String {
    format!("{UNKNOWN}{name}\u{27e9}")
}

/// A line by which a rewritten configuration is recognised.
const MARK: &str = "# rewritten by the server";
/// Files that may be included by one another.
const INCLUDES: usize = 16;

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The object it comes from.
    pub place: Place,
    /// What is executed; empty if the image alone says it.
    pub argv: Vec<Traced>,
    /// Where that is said.
    pub argv_place: Place,
    /// Its environment.
    pub env: BTreeMap<String, Traced>,
    /// Its mounts.
    pub mounts: Vec<Mount>,
    /// Its image.
    pub image: Option<(String, Place)>,
}

/// Containers that share volumes: a pod, or one alone.
#[derive(Clone, Debug)]
pub struct Pod {
    /// What `hostname` says in it.
    pub hostname: String,
    /// Its volumes as they are before the first start.
    pub disk: Disk,
    /// What runs before.
    pub inits: Vec<Container>,
    /// What runs.
    pub containers: Vec<Container>,
    /// What the Sentinels answer at the first start, if there are any before it.
    pub answer: Option<String>,
    /// The layer of a container survives its restart: with Docker, not with Kubernetes.
    pub keeps_layer: bool,
}

/// A server that a container starts.
#[derive(Clone, Debug)]
pub struct Server {
    /// The container, counted in the pod.
    pub container: usize,
    /// What it is.
    pub kind: Kind,
    /// Configuration at the first start.
    pub conf: Conf,
    /// Where it lives.
    pub config: Config,
    /// What becomes of the data.
    pub data: Keeps,
    /// In which role it comes back.
    pub comes_back: ComesBack,
    /// Files of scripts that it names and that are there, with their execute bit; `None` where it cannot be known.
    pub scripts: BTreeMap<String, ScriptFile>,
    /// The program.
    pub program: Program,
}

/// The servers of a pod, and the containers whose start was not understood.
pub fn boot(pod: &Pod) -> (Vec<Server>, Vec<Place>) {
    let mut servers = Vec::new();
    let mut unclear = Vec::new();
    let mut disk = pod.disk.clone();
    let asked = run_inits(pod, &mut disk, pod.answer.as_deref());
    for (index, container) in pod.containers.iter().enumerate() {
        let mut first = disk.clone();
        let mut run = start(pod, container, &mut first, pod.answer.as_deref());
        run.asks = run.asks.or_else(|| asked.clone());
        if run.unclear {
            unclear.push(container.argv_place.clone());
        }
        for exec in &run.execs {
            if let Some(server) = server(pod, index, &run, exec, &first) {
                servers.push(server);
            }
        }
    }
    (servers, unclear)
}

/// Runs what comes before; where that asks the Sentinels for the master, if it does.
fn run_inits(pod: &Pod, disk: &mut Disk, master: Option<&str>) -> Option<Place> {
    let mut asks = None;
    for container in &pod.inits {
        asks = start(pod, container, disk, master).asks.or(asks);
    }
    asks
}

fn start(pod: &Pod, container: &Container, disk: &mut Disk, master: Option<&str>) -> Run {
    let mut view = View { disk, mounts: &container.mounts, layer: layer(container) };
    let mut shell = Shell::new(&mut view, container.env.clone(), &pod.hostname, master.map(str::to_owned));
    let default;
    let argv = if container.argv.is_empty() {
        let Some(program) = container.image.as_ref().and_then(|(image, _)| default_program(image)) else {
            return Run::default();
        };
        default = [Traced::at(program, &container.argv_place)];
        &default[..]
    } else {
        &container.argv[..]
    };
    shell.start(argv);
    shell.run
}

fn layer(container: &Container) -> String {
    format!(":{}", container.name)
}

/// What an image executes on its own, if it is one of Redis.
fn default_program(image: &str) -> Option<&'static str> {
    if image.contains("bitnami") {
        return None;
    }
    match repository(image).rsplit('/').next() {
        Some("redis" | "valkey" | "redis-stack-server") => Some("redis-server"),
        Some("redis-sentinel" | "valkey-sentinel") => Some("redis-sentinel"),
        _ => None,
    }
}

/// An image without tag and digest.
pub fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or("");
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// What the name of an image tells.
pub fn program(image: Option<&(String, Place)>) -> Program {
    let Some((image, place)) = image else { return Program::default() };
    let tag = image.split('@').next().unwrap_or("").rsplit_once(':').map_or("", |(_, tag)| tag);
    let tag = if tag.contains('/') { "" } else { tag };
    let mut numbers = tag.split(['.', '-']).map_while(|part| part.parse().ok());
    let version = numbers.next().map(|major| (major, numbers.next()));
    let repository = repository(image);
    let last = repository.rsplit('/').next().unwrap_or("");
    let official = matches!(repository.trim_start_matches("docker.io/"), "redis" | "library/redis" | "valkey/valkey");
    let bitnami = repository.contains("bitnami") && (last.contains("redis") || last.contains("valkey"));
    // What others build is mostly built upon the official images; packages of a distribution have it on.
    let distribution =
        matches!(last, "alpine" | "debian" | "ubuntu" | "centos" | "fedora" | "rockylinux" | "almalinux");
    Program {
        image: Some(image.clone()),
        place: Some(place.clone()),
        version: version.filter(|_| official || bitnami),
        protected_off: !distribution,
        official,
    }
}

fn server(pod: &Pod, index: usize, run: &Run, exec: &Exec, first: &Disk) -> Option<Server> {
    let container = &pod.containers[index];
    let mut disk = first.clone();
    let view = View { disk: &mut disk, mounts: &container.mounts, layer: layer(container) };
    let place = exec.argv.first().and_then(Traced::start).unwrap_or(&container.argv_place).clone();
    let command = command(exec);
    let conf = effective(&view, &command, &place);
    let kind = if command.sentinel { Kind::Sentinel } else { Kind::Redis };
    let (lies_on, mount) = match &command.path {
        Some(path) => view.storage(path),
        None => (Storage::None, None),
    };
    let volume = command.path.as_ref().map(|path| format!("{} {}", view.volume_of(path), tidy(path)));
    let dir = conf.value("dir").filter(|dir| dir.starts_with('/')).unwrap_or("/data").to_owned();
    let data = data(pod, &view, &dir);
    let program = program(container.image.as_ref());
    let scripts = scripts(&view, &conf, &program);
    let again = |replaced: bool| read_again(pod, index, exec, &command, first, replaced);
    let (after_restart, after_replacement) = (again(false), again(true));
    let marked = |conf: &Option<Conf>| {
        conf.as_ref().is_some_and(|conf| conf.lines.iter().any(|line| line.text.starts_with(MARK)))
    };
    let writable = !matches!(lies_on, Storage::ReadOnly | Storage::SingleFile);
    // What is written anew at each start is so because of the command, not because of what it lies on.
    let rewritten = writable && !marked(&after_restart) && command.path.is_some();
    let config = Config {
        lies_on,
        place: mount.filter(|_| !rewritten).unwrap_or_else(|| container.argv_place.clone()),
        survives_restart: marked(&after_restart),
        survives_replacement: marked(&after_replacement),
        stand_in: None,
        volume,
        asks: run.asks.is_some(),
        path: command.path.clone(),
    };
    let comes_back = comes_back(pod, kind, run, &conf, &config, after_restart.as_ref(), &place);
    Some(Server { container: index, kind, conf, config, data, comes_back, scripts, program })
}

fn comes_back(
    pod: &Pod,
    kind: Kind,
    run: &Run,
    conf: &Conf,
    config: &Config,
    again: Option<&Conf>,
    start: &Place,
) -> ComesBack {
    if kind == Kind::Sentinel || run.unclear {
        return ComesBack::Unknown;
    }
    if run.asks.is_some() {
        return ComesBack::Asks;
    }
    let survives = if pod.keeps_layer { config.survives_restart } else { config.survives_replacement };
    let option = again.and_then(|conf| conf.lines.iter().rev().find(|line| line.option && is_replicaof(line)));
    match option {
        Some(line) => ComesBack::AsFirst(line.place.clone()),
        None if survives => ComesBack::AsItWas,
        None => {
            let line = conf.last("replicaof").map(|line| line.place.clone());
            ComesBack::AsFirst(line.unwrap_or_else(|| start.clone()))
        }
    }
}

fn is_replicaof(line: &Line) -> bool {
    line.words.first().is_some_and(|word| word == "replicaof" || word == "slaveof")
}

/// What the server reads when it is started again after it has rewritten its file.
fn read_again(pod: &Pod, index: usize, exec: &Exec, command: &Command, first: &Disk, replaced: bool) -> Option<Conf> {
    let container = &pod.containers[index];
    let mut disk = first.clone();
    if let Some(path) = &command.path {
        let mut view = View { disk: &mut disk, mounts: &container.mounts, layer: layer(container) };
        let (storage, _) = view.storage(path);
        if !matches!(storage, Storage::SingleFile | Storage::ReadOnly)
            && let Some(mut file) = view.read(path).cloned()
        {
            file.text.push(&format!("\n{MARK}\n"), None);
            view.write(path, file);
        }
    }
    for (name, volume) in &mut disk.volumes {
        let is_layer = name.starts_with(':');
        let keeps = match volume.storage {
            Storage::Durable | Storage::ReadOnly | Storage::SingleFile => true,
            Storage::Pod => !replaced,
            Storage::Container => !replaced && pod.keeps_layer && is_layer,
            Storage::Memory | Storage::None => false,
        };
        if !keeps {
            volume.files = pod.disk.volumes.get(name).map(|volume| volume.files.clone()).unwrap_or_default();
        }
    }
    // Somebody else is master by now.
    let master = Some("another-master");
    if replaced {
        run_inits(pod, &mut disk, master);
    }
    let run = start(pod, container, &mut disk, master);
    let view = View { disk: &mut disk, mounts: &container.mounts, layer: layer(container) };
    let wanted = self::command(exec).sentinel;
    let again = run.execs.iter().map(self::command).find(|again| again.sentinel == wanted)?;
    let place = container.argv_place.clone();
    Some(effective(&view, &again, &place))
}

fn data(pod: &Pod, view: &View<'_>, dir: &str) -> Keeps {
    let (lies_on, _) = view.storage(dir);
    let (restart, replacement) = match lies_on {
        Storage::Durable | Storage::SingleFile => (true, true),
        Storage::Pod => (true, false),
        Storage::Container => (pod.keeps_layer, false),
        Storage::Memory | Storage::ReadOnly | Storage::None => (false, false),
    };
    Keeps { lies_on, restart, replacement }
}

/// Whether the image can have the interpreter that a script names. Alpine has no bash but where somebody installed it.
fn interpreted(script: &str, program: &Program) -> bool {
    let first = script.lines().next().unwrap_or("");
    let asks_bash = first.starts_with("#!") && first.split(['/', ' ']).any(|word| word.trim_end() == "bash");
    let alpine = program.image.as_deref().is_some_and(|image| image.contains("alpine"));
    !(asks_bash && alpine && program.official)
}

fn scripts(view: &View<'_>, conf: &Conf, program: &Program) -> BTreeMap<String, ScriptFile> {
    let lines = conf.sentinel("notification-script").chain(conf.sentinel("client-reconfig-script"));
    let paths = lines.filter_map(|line| line.words.get(3).cloned());
    let look = |path: String| {
        let found = match view.read(&path) {
            Some(file) if file.executable => ScriptFile::Runs(interpreted(file.text.text(), program)),
            Some(file) => ScriptFile::NotExecutable(interpreted(file.text.text(), program)),
            // Programs of the image are in these folders.
            None if ["/bin/", "/usr/", "/sbin/", "/opt/"].iter().any(|folder| tidy(&path).starts_with(folder)) => {
                ScriptFile::Unseen
            }
            // Nothing but Redis is in the images of Redis.
            None if view.knows(&path) || (program.official && view.storage(&path).1.is_none()) => ScriptFile::Missing,
            None => ScriptFile::Unseen,
        };
        (path, found)
    };
    paths.map(look).collect()
}

/// A command line of a server taken apart.
struct Command {
    sentinel: bool,
    path: Option<String>,
    options: Vec<Vec<Traced>>,
}

fn command(exec: &Exec) -> Command {
    let name = exec.argv.first().map_or("", Traced::text);
    let mut command = Command { sentinel: name.ends_with("sentinel"), path: None, options: Vec::new() };
    for (index, arg) in exec.argv.iter().enumerate().skip(1) {
        let text = arg.text();
        if text == "--sentinel" {
            command.sentinel = true;
        } else if text.starts_with("--") {
            command.options.push(vec![arg.slice(2, text.len())]);
        } else if index == 1 && text != "-" {
            command.path = Some(text.to_owned());
        } else if let Some(option) = command.options.last_mut() {
            option.push(arg.clone());
        }
    }
    command
}

/// The configuration as the server reads it: the file, what it includes, the options of the command line.
fn effective(view: &View<'_>, command: &Command, place: &Place) -> Conf {
    let mut conf = Conf::default();
    if let Some(file) = command.path.as_ref().and_then(|path| view.read(path)) {
        let mut open = vec![tidy(command.path.as_deref().unwrap_or(""))];
        include(view, &file.text, place, &mut open, &mut conf);
    }
    for option in &command.options {
        let included = option.get(1).filter(|_| option[0].text() == "include").and_then(|path| view.read(path.text()));
        if let Some(file) = included {
            let mut open = vec![tidy(option[1].text())];
            include(view, &file.text, place, &mut open, &mut conf);
            continue;
        }
        let start = option[0].start().unwrap_or(place).clone();
        let words: Vec<String> = option.iter().map(|word| quoted(word.text())).collect();
        let mut line = Line::new(&words.join(" "), start);
        line.option = true;
        conf.lines.push(line);
    }
    conf
}

fn include(view: &View<'_>, text: &Traced, place: &Place, open: &mut Vec<String>, conf: &mut Conf) {
    for line in Conf::of(text, place).lines {
        let path = (line.words.first().is_some_and(|word| word == "include")).then(|| tidy(line.value()));
        match path {
            Some(path) if !open.contains(&path) && open.len() < INCLUDES => match view.read(&path) {
                Some(file) => {
                    let text = file.text.clone();
                    open.push(path);
                    include(view, &text, &line.place, open, conf);
                    open.pop();
                }
                None => conf.lines.push(line),
            },
            _ => conf.lines.push(line),
        }
    }
}

/// A word as it may stand in a configuration.
fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '\t', '"', '\'', '\n', '\\']) {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
    } else {
        word.to_owned()
    }
}

/// A volume without files.
pub fn volume(storage: Storage) -> Volume {
    Volume { storage, files: BTreeMap::new(), place: None, known: true }
}
