//! `[[clients]]`: applications, their library and what they ask for.

use super::HOMES;
use super::names::Names;
use super::redis::password;
use crate::nearest::{nearest, one_of};
use crate::reader::{Field, Read, Reader};
use crate::scenario::{ClientSpec, MasterSpec};
use splitbrain_model::client::profile::Profile;
use splitbrain_model::client::workload::{Rate, Workload};
use splitbrain_model::files::SentinelConf;

/// Most clients of a scenario.
const MOST: u32 = 10_000;

/// Library where none is named.
const DEFAULT_PROFILE: &str = "redis-py";

/// Reads `apps`: the names of applications outside.
pub fn apps(field: Option<&Field<'_>>, names: &mut Names) -> Read<Vec<String>> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let mut apps = Vec::new();
    for (name, at) in field.texts()? {
        if apps.len() as u32 == MOST {
            return Err(at.error("too many applications").expected(format!("at most {MOST}")));
        }
        names.add_clients(name, &[name.to_owned()], &|text| at.error(text))?;
        apps.push(name.to_owned());
    }
    Ok(apps)
}

/// Reads all `[[clients]]`.
pub fn read(
    field: Option<&Field<'_>>,
    names: &mut Names,
    masters: &[MasterSpec],
    sentinel: &SentinelConf,
) -> Read<Vec<ClientSpec>> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let mut clients: Vec<ClientSpec> = Vec::new();
    let mut total = 0;
    for mut table in field.tables("[[clients]]")? {
        let count_field = table.get("count");
        let count = count_field.as_ref().map_or(Ok(1), |field| field.count(1, MOST))?;
        if total + count > MOST {
            let error =
                count_field.as_ref().map_or_else(|| table.error("too many clients"), |f| f.error("too many clients"));
            return Err(error.found((total + count).to_string()).expected(format!("at most {MOST}")));
        }
        let client = client(&mut table, names, masters, sentinel, (total, count))?;
        table.finish(HOMES)?;
        total += count;
        clients.push(client);
    }
    Ok(clients)
}

fn client(
    table: &mut Reader<'_>,
    names: &mut Names,
    masters: &[MasterSpec],
    sentinel: &SentinelConf,
    (first, count): (u32, u32),
) -> Read<ClientSpec> {
    let name_field = table.get("name");
    let name = match &name_field {
        Some(field) => field.text()?.to_owned(),
        None if count == 1 => format!("client-{}", first + 1),
        None => free_group(names, first),
    };
    let members: Vec<String> = match (count, &name_field) {
        (1, _) => vec![name.clone()],
        (_, Some(_)) => (1..=count).map(|number| format!("{name}-{number}")).collect(),
        (_, None) => (first + 1..=first + count).map(|number| format!("client-{number}")).collect(),
    };
    names.add_clients(&name, &members, &|text| match &name_field {
        Some(field) => field.error(text),
        None => table.error(text),
    })?;

    let host = table.get("host").map(|field| names.host(&field)).transpose()?;
    let mut profile = match table.get("profile") {
        Some(field) => named_profile(&field)?,
        None => Profile::named(DEFAULT_PROFILE).expect("the default profile exists"),
    };
    if let Some(field) = table.get("timeout") {
        profile.set_timeout(positive(&field)?);
    }
    if let Some(field) = table.get("connect-timeout") {
        profile.set_connect_timeout(positive(&field)?);
    }
    if let Some(field) = table.get("retry") {
        retry(&field, &mut profile)?;
    }
    if let Some(field) = table.get("wait") {
        wait(&field, &mut profile)?;
    }
    let workload = match table.get("workload") {
        Some(field) => workload(&field)?,
        None => Workload { sadd: Rate(25_000), ..Workload::default() },
    };
    if let Some(field) = table.get("read-from") {
        read_from(&field, &mut profile, &workload)?;
    }
    let sentinels = match table.get("sentinels") {
        Some(field) => sentinel_order(&field, names)?,
        None => names.all_sentinels(),
    };
    let fixed = match table.get("server") {
        Some(field) if profile.shared.is_some() => {
            return Err(field.error(format!("the profile `{}` finds its servers by itself", profile.name)));
        }
        Some(field) => Some(names.server(field.text()?, &field)?),
        None => None,
    };
    let master = table.get("master").map_or(Ok(0), |field| names.master(&field))?;
    let server = &masters[master].servers[0].conf;
    let own = |field: Option<Field<'_>>, implied: &Option<String>| field.map_or(Ok(implied.clone()), |f| password(&f));
    Ok(ClientSpec {
        name,
        members,
        host,
        profile,
        workload,
        sentinels,
        server: fixed,
        master,
        password: own(table.get("password"), &server.requirepass)?,
        sentinel_password: own(table.get("sentinel-password"), &sentinel.requirepass)?,
    })
}

/// A name for a group nobody named.
fn free_group(names: &Names, first: u32) -> String {
    let mut name = format!("clients-{}", first + 1);
    while !names.is_free(&name) {
        name.push('x');
    }
    name
}

fn named_profile(field: &Field<'_>) -> Read<Profile> {
    let name = field.text()?;
    Profile::named(name).ok_or_else(|| {
        let error = field.error(format!("there is no client profile `{name}`")).expected(one_of(Profile::NAMES));
        error.did_you_mean(nearest(name, Profile::NAMES.iter().copied()))
    })
}

/// Where the client works: `master`, or `replica` for one that only reads.
fn read_from(field: &Field<'_>, profile: &mut Profile, workload: &Workload) -> Read<()> {
    match field.text()? {
        "master" => return Ok(()),
        "replica" => {}
        _ => return Err(field.wrong("`master` or `replica`")),
    }
    if !profile.read_replicas() {
        let able = |name: &&str| Profile::named(name).is_some_and(|mut profile| profile.read_replicas());
        let able: Vec<&str> = Profile::NAMES.iter().copied().filter(able).collect();
        let error = field.error(format!("the profile `{}` does not read from replicas", profile.name));
        return Err(error.expected(one_of(&able)));
    }
    if [workload.sadd, workload.set, workload.incr, workload.rpush].iter().any(|rate| rate.0 > 0) {
        let error = field.error("a client of replicas cannot write");
        return Err(error.expected("a workload of `get` alone"));
    }
    Ok(())
}

/// The application's own loop around an operation.
fn retry(field: &Field<'_>, profile: &mut Profile) -> Read<()> {
    let mut table = field.table("`retry`")?;
    let (attempts, pause) = (table.get("attempts"), table.get("pause"));
    table.finish(HOMES)?;
    let (Some(attempts), Some(pause)) = (attempts, pause) else {
        return Err(field.wrong("{ attempts = 3, pause = \"1s\" }"));
    };
    if profile.set_loop(attempts.count(2, 1000)?, positive(&pause)?) {
        return Ok(());
    }
    let error = field.key_error(format!("the profile `{}` repeats operations itself, or queues them", profile.name));
    Err(error
        .expected("a profile that does neither: `recorder`, `redis-py`, `redis-py-5`, `jedis` or `go-redis-noretry`"))
}

/// WAIT after every write.
fn wait(field: &Field<'_>, profile: &mut Profile) -> Read<()> {
    let mut table = field.table("`wait`")?;
    let (replicas, timeout) = (table.get("replicas"), table.get("timeout"));
    table.finish(HOMES)?;
    let (Some(replicas), Some(timeout)) = (replicas, timeout) else {
        return Err(field.wrong("{ replicas = 1, timeout = \"1s\" }"));
    };
    if profile.set_wait(replicas.count(1, 199)?, positive(&timeout)?) {
        return Ok(());
    }
    let error =
        field.key_error(format!("the operations of `{}` share a connection, which WAIT would hold up", profile.name));
    Err(error.expected("a profile with a pool of connections, like `redis-py` or `jedis`"))
}

fn positive(field: &Field<'_>) -> Read<splitbrain_model::Millis> {
    match field.millis()? {
        d if d.0 > 0 => Ok(d),
        _ => Err(field.wrong("a duration above zero")),
    }
}

fn sentinel_order(field: &Field<'_>, names: &Names) -> Read<Vec<u32>> {
    let mut order = Vec::new();
    for (name, at) in field.texts()? {
        let index = names.sentinel(name, &at)?;
        if order.contains(&index) {
            return Err(at.error(format!("`{name}` is listed twice")));
        }
        order.push(index);
    }
    if order.is_empty() { Err(field.wrong("at least one Sentinel")) } else { Ok(order) }
}

/// Operations per second by kind.
fn workload(field: &Field<'_>) -> Read<Workload> {
    let mut table = field.table("a workload")?;
    let mut rate = |key: &'static str| table.get(key).map_or(Ok(Rate(0)), |field| field.rate().map(Rate));
    let (sadd, set, get) = (rate("sadd")?, rate("set")?, rate("get")?);
    let (incr, rpush) = (rate("incr")?, rate("rpush")?);
    let keys = table.get("keys").map_or(Ok(4), |field| field.count(1, 1_000_000))?;
    let in_flight = table.get("in-flight").map_or(Ok(1), |field| field.count(1, 10_000))?;
    table.finish(&[])?;
    if [sadd, set, get, incr, rpush].iter().all(|rate| rate.0 == 0) {
        return Err(field
            .error("this workload does nothing")
            .expected("at least one of `sadd`, `set`, `get`, `incr`, `rpush`"));
    }
    Ok(Workload { sadd, set, get, incr, rpush, keys, in_flight })
}
