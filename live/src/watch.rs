//! Somebody who looks at the cluster from outside, through the loopback of each host: roles twice a second, opinions of
//! Sentinels four times, and what they publish. Adds no traffic to the network, and no partition cuts it.

use crate::event;
use crate::resp::{Connection, Frame};
use crate::shared::{Life, News, RoleSeen, Shared, ViewSeen};
use crate::wire::info_field;
use splitbrain::model::{Addr, Name};
use splitbrain::scenarios::ProcessKind;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a server, and at a Sentinel.
const SERVERS: Duration = Duration::from_millis(500);
const SENTINELS: Duration = Duration::from_millis(250);
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_millis(400);
/// Between two attempts at somebody who does not answer.
const AGAIN: Duration = Duration::from_millis(50);

/// Begins to look at everybody; ends with [`Shared::end`].
pub fn begin(shared: &Arc<Shared>) -> Vec<thread::JoinHandle<()>> {
    let mut threads = Vec::new();
    for p in shared.servers() {
        threads.push(spawn(shared, move |shared| look_again_and_again(shared, p, SERVERS, look_at_server)));
    }
    for p in shared.sentinels() {
        threads.push(spawn(shared, move |shared| look_again_and_again(shared, p, SENTINELS, look_at_sentinel)));
        threads.push(spawn(shared, move |shared| listen(shared, p)));
    }
    threads.push(spawn(shared, lateness));
    threads
}

fn spawn(shared: &Arc<Shared>, work: impl FnOnce(&Shared) + Send + 'static) -> thread::JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || work(&shared))
}

type Look = fn(&Shared, usize, &mut Connection) -> io::Result<()>;

fn look_again_and_again(shared: &Shared, p: usize, every: Duration, look: Look) {
    if shared.ground.enter(shared.scenario.processes[p].host).is_err() {
        return;
    }
    let mut connection = None;
    while !shared.is_over() {
        let began = Instant::now();
        let looked = match shared.life(p) {
            Life::Up => looked(shared, p, &mut connection, look),
            _ => Err(io::ErrorKind::NotConnected.into()),
        };
        if looked.is_err() {
            connection = None;
            let mut looks = shared.looks();
            looks.roles.remove(&p);
            looks.views.remove(&p);
        }
        let pause = if looked.is_err() && shared.life(p) == Life::Up { AGAIN } else { every };
        thread::sleep(pause.saturating_sub(began.elapsed()).max(Duration::from_millis(20)));
    }
}

fn looked(shared: &Shared, p: usize, connection: &mut Option<Connection>, look: Look) -> io::Result<()> {
    if connection.is_none() {
        let mut opened = shared.own_connection(p, PATIENCE)?;
        learn_id(shared, p, &mut opened)?;
        *connection = Some(opened);
    }
    connection.as_mut().map_or(Ok(()), |connection| look(shared, p, connection))
}

/// The id of this life of a process.
fn learn_id(shared: &Shared, p: usize, connection: &mut Connection) -> io::Result<()> {
    let id = match shared.scenario.processes[p].kind {
        ProcessKind::Sentinel(_) => connection.ask(&["SENTINEL", "MYID"])?.text().map(str::to_owned),
        _ => {
            let answer = connection.ask(&[shared.word(p, "INFO"), "server"])?;
            answer.text().and_then(|text| info_field(text, "run_id")).map(str::to_owned)
        }
    };
    if let Some(id) = id {
        let now = shared.clock.now();
        let mut looks = shared.looks();
        if !looks.ids.iter().any(|(_, of, known)| *of == p && *known == id) {
            looks.ids.push((now, p, id));
        }
    }
    Ok(())
}

fn look_at_server(shared: &Shared, p: usize, connection: &mut Connection) -> io::Result<()> {
    connection.send(&[shared.word(p, "INFO"), "replication"])?;
    connection.send(&[shared.word(p, "SCARD"), "gtset"])?;
    let (info, adds) = (connection.next()?, connection.next()?);
    let now = shared.clock.now();
    let seen = match &info {
        Frame::Error(text) => Err(text.split(' ').next().unwrap_or_default().to_owned()),
        frame => Ok(frame.text().and_then(|text| role(text, &adds)).ok_or(io::ErrorKind::InvalidData)?),
    };
    let mut looks = shared.looks();
    match &seen {
        Ok(role) if shared.life(p) == Life::Up => looks.roles.insert(p, role.clone()),
        _ => looks.roles.remove(&p),
    };
    let changed = looks.servers.iter().rev().find(|(_, of, _)| *of == p).is_none_or(|(_, _, last)| *last != seen);
    if changed {
        looks.servers.push((now, p, seen));
    }
    Ok(())
}

fn role(info: &str, adds: &Frame) -> Option<RoleSeen> {
    let field = |name: &str| info_field(info, name);
    let number = |name: &str| field(name).and_then(|value| value.parse::<u64>().ok());
    let replica_of = match field("role")? {
        "slave" => Some(Addr { ip: field("master_host")?.parse().ok()?, port: field("master_port")?.parse().ok()? }),
        _ => None,
    };
    let offset = replica_of.and_then(|_| number("slave_repl_offset")).or(number("master_repl_offset"));
    Some(RoleSeen {
        replica_of,
        link_up: field("master_link_status") == Some("up"),
        offset: offset.unwrap_or(0),
        replid: field("master_replid").unwrap_or_default().chars().take(6).collect(),
        connected: number("connected_slaves").unwrap_or(0),
        adds: adds.number(),
    })
}

fn look_at_sentinel(shared: &Shared, p: usize, connection: &mut Connection) -> io::Result<()> {
    let answer = connection.ask(&["SENTINEL", "MASTERS"])?;
    let views: Option<Vec<ViewSeen>> = answer.elements().map(|all| all.iter().filter_map(view).collect());
    let Some(views) = views else { return Ok(()) };
    let now = shared.clock.now();
    let mut looks = shared.looks();
    for view in &views {
        let last = looks.sentinels.iter().rev().find(|(_, of, last)| *of == p && last.name == view.name);
        if last.is_none_or(|(_, _, last)| last != view) {
            looks.sentinels.push((now, p, view.clone()));
        }
    }
    if shared.life(p) == Life::Up {
        looks.views.insert(p, views);
    }
    Ok(())
}

fn view(entry: &Frame) -> Option<ViewSeen> {
    let number = |name: &str| entry.field(name).and_then(|value| value.parse::<usize>().ok());
    Some(ViewSeen {
        name: Name::from(entry.field("name")?),
        addr: Addr { ip: entry.field("ip")?.parse().ok()?, port: entry.field("port")?.parse().ok()? },
        flags: entry.field("flags")?.to_owned(),
        config_epoch: number("config-epoch")? as u64,
        slaves: number("num-slaves")?,
        others: number("num-other-sentinels")?,
    })
}

/// Subscribes to everything that a Sentinel says, again after each of its lives.
fn listen(shared: &Shared, p: usize) {
    if shared.ground.enter(shared.scenario.processes[p].host).is_err() {
        return;
    }
    while !shared.is_over() {
        if shared.life(p) == Life::Up {
            let _ = hear(shared, p);
        }
        thread::sleep(AGAIN);
    }
}

fn hear(shared: &Shared, p: usize) -> io::Result<()> {
    let mut connection = shared.own_connection(p, PATIENCE)?;
    connection.ask(&["PSUBSCRIBE", "*"])?;
    connection.set_patience(None)?;
    loop {
        let frame = connection.next()?;
        let at = shared.clock.now();
        let Some([kind, _, channel, payload]) = frame.elements() else { continue };
        if let (Some("pmessage"), Some(channel), Some(payload)) = (kind.text(), channel.text(), payload.text()) {
            let event = event::parse(channel, payload);
            shared.tell(News { at, node: p, channel: channel.to_owned(), payload: payload.to_owned(), event });
        }
    }
}

/// How late this machine lets a sleeper go on: what times of this run are worth.
fn lateness(shared: &Shared) {
    const NAP: Duration = Duration::from_millis(10);
    while !shared.is_over() {
        let began = Instant::now();
        thread::sleep(NAP);
        let late = began.elapsed().saturating_sub(NAP).as_secs_f64() * 1_000.0;
        shared.looks().lateness.push(late);
    }
}
