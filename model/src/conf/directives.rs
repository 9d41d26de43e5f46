//! Every directive of redis.conf 7.0.15: what its arguments may be, its default, its other name. The table is asked from
//! the real server; here is what its columns mean.

mod table;

/// What a directive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `yes` or `no`.
    Bool,
    /// `yes` or `no`, but this build knows `no` only.
    BoolNotYes,
    /// One of these words; `relative=yes` is shown as `yes`.
    Enum(&'static [&'static str]),
    /// An integer from … to ….
    Int(i64, i64),
    /// A size from … to …, with a unit.
    Memory(u64, u64),
    /// A size or a percentage.
    MemoryOrPercent,
    /// Permissions.
    Octal,
    /// Anything.
    Text,
    /// A name without directory, not empty for most.
    FileName,
    /// The same for a directory.
    DirName,
    /// The working directory.
    Dir,
    /// Letters, digits, hyphens and dots.
    Hostname,
    /// Text with known names in braces.
    TitleTemplate,
    /// Up to 16 addresses.
    Bind,
    /// Pairs of seconds and changes.
    Save,
    /// Host and port.
    ReplicaOf,
    /// Groups of class, two sizes and seconds.
    OutputBuffers,
    /// Three numbers.
    OomValues,
    /// Numbers from 0 to 100.
    Percentiles,
    /// Words that exclude each other.
    ShutdownFlags,
    /// Letters of event classes.
    Events,
}

impl Kind {
    /// Whether several words may follow the name.
    pub(super) const fn takes_many(self) -> bool {
        matches!(
            self,
            Kind::Bind
                | Kind::Save
                | Kind::ReplicaOf
                | Kind::OutputBuffers
                | Kind::OomValues
                | Kind::Percentiles
                | Kind::ShutdownFlags
        )
    }
}

/// CONFIG GET gives it only to those who know its name.
pub(super) const HIDDEN: u8 = 1;
/// CONFIG SET refuses it.
pub(super) const IMMUTABLE: u8 = 2;
/// The less used of two names.
pub(super) const SECOND_NAME: u8 = 4;
/// An empty text is nothing, and not written into files.
pub(super) const EMPTY_IS_NONE: u8 = 8;

/// A directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Its name in lower case.
    pub(super) name: &'static str,
    /// The name under which Redis writes it.
    pub(super) written: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What CONFIG GET says of it in a fresh server.
    pub(super) default: &'static str,
    flags: u8,
}

impl Directive {
    /// Whether it has one of these flags.
    pub(super) const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

fn directive(&(name, other, kind, default, flags): &table::Row) -> Directive {
    let written = if flags & SECOND_NAME == 0 { name } else { other };
    Directive { name, written, kind, default, flags }
}

/// All directives in alphabetical order.
pub(super) fn all() -> impl Iterator<Item = Directive> {
    table::TABLE.iter().map(directive)
}

/// A directive by its name in lower case.
pub(super) fn find(name: &str) -> Option<Directive> {
    let index = table::TABLE.binary_search_by(|row| row.0.cmp(name)).ok()?;
    Some(directive(&table::TABLE[index]))
}

/// Directives that do nothing any more and take one argument.
pub(super) const RETIRED: &[&str] = &["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_stand_in_order_and_other_names_exist() {
        assert!(table::TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for &(name, other, kind, ..) in table::TABLE {
            if !other.is_empty() {
                assert_eq!(find(other).map(|other| other.kind), Some(kind), "{name}");
            }
        }
        assert_eq!(find("slaveof").map(|known| known.written), Some("replicaof"));
        assert_eq!(find("vm-enabled"), None);
    }

    #[test]
    fn every_default_is_a_value_that_the_directive_takes() {
        use crate::conf::{check::check, split};
        for directive in all().filter(|directive| directive.name != "dir") {
            let quoted = match directive.kind.takes_many() && directive.kind != Kind::ReplicaOf {
                true => directive.default.to_owned(),
                false if directive.kind == Kind::ReplicaOf => "no one".to_owned(),
                false => format!("\"{}\"", directive.default),
            };
            let text = format!("{} {quoted}", directive.name);
            let args = split::words(text.as_bytes(), 1).unwrap();
            let line = split::Line { number: 1, column: 1, text: text.clone(), args };
            let checked = check(&line, directive.kind).unwrap_or_else(|error| panic!("{text}: {error}"));
            if directive.kind != Kind::ReplicaOf && directive.kind != Kind::OutputBuffers {
                assert_eq!(checked.shown(directive.kind), directive.default.as_bytes(), "{text}");
            }
        }
    }
}
