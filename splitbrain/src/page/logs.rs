//! What Sentinels logged, as the real one writes it: `pid:X date level text`, by the clock of their host, at loglevel notice.

use splitbrain_checker::{NodeIx, NodeKind};
use splitbrain_model::event::Level;
use splitbrain_model::note::Note;
use splitbrain_model::{TrueTime, WallTime};
use splitbrain_reports::html::run::Log;
use splitbrain_sim::Record;

/// The logs of all Sentinels; none if the run was not filmed.
pub(super) fn logs(record: &Record) -> Vec<Log> {
    let Some(film) = &record.film else { return Vec::new() };
    let seen = &record.observations;
    let sentinels = (0u16..).zip(&seen.nodes).filter(|(_, node)| node.kind == NodeKind::Sentinel);
    let log = |(i, node): (u16, &splitbrain_checker::observations::NodeInfo)| {
        let lines = lines(record, NodeIx(i));
        let stamped = lines.iter().filter_map(|(at, level, text)| {
            let wall = film.stamps.get(&(NodeIx(i), *at))?;
            Some(format!("1:X {} {level} {text}\n", stamp(*wall)))
        });
        Log { name: node.name.clone(), text: stamped.collect(), lines: lines.len() }
    };
    sentinels.map(log).collect()
}

/// Events and other lines of a Sentinel in order.
fn lines(record: &Record, node: NodeIx) -> Vec<(TrueTime, char, String)> {
    let events = record.observations.events.iter().filter(|event| event.node == node).filter_map(|event| {
        let kind = event.event.kind;
        let level = match kind.level() {
            Level::Debug | Level::Verbose => return None,
            Level::Notice => '*',
            Level::Warning => '#',
        };
        Some((event.at, level, format!("{} {}", kind.name(), event.event.payload())))
    });
    let notes = record.log.iter().filter(|line| line.node == node).filter_map(|line| {
        let text = match &line.note {
            Note::VotedFor { voter, leader, epoch } => format!("{voter} voted for {leader} {epoch}"),
            Note::UserFailover(master) => format!("Executing user requested FAILOVER of '{master}'"),
            Note::NextFailoverDelay => "Next failover delay: I will not start a failover before …".to_owned(),
            Note::SaveFailed => "WARNING: Sentinel was not able to save the new configuration on disk!!!".to_owned(),
            _ => return None,
        };
        Some((line.at, '#', text))
    });
    let mut lines: Vec<_> = events.chain(notes).collect();
    lines.sort_by_key(|(at, ..)| *at);
    lines
}

/// `21 Nov 2026 17:38:25.123`, in UTC.
fn stamp(wall: WallTime) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let ms = wall.0.div_euclid(1_000_000);
    let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Years begin in March, so that the leap day comes last; eras have 400 of them.
    let since = days + 719_468;
    let (era, of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 2, 0) } else { (month - 10, 1) };
    let (seconds, ms) = (of_day / 1_000, of_day % 1_000);
    format!(
        "{day:02} {} {} {:02}:{:02}:{:02}.{ms:03}",
        MONTHS[month as usize],
        era * 400 + year + later,
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_those_of_redis() {
        let at = |seconds: i64| stamp(WallTime(seconds * 1_000_000_000 + 123_456_789));
        assert_eq!(at(0), "01 Jan 1970 00:00:00.123");
        assert_eq!(at(951_782_399), "28 Feb 2000 23:59:59.123");
        assert_eq!(at(951_782_400), "29 Feb 2000 00:00:00.123");
        assert_eq!(at(1_795_282_705), "21 Nov 2026 17:38:25.123");
    }
}
