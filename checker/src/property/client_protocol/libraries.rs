//! What each library is set up as, written down a second time (`libraries.txt`, client spec 3 to 8): the laws hold a client
//! against its declared profile, and a profile that is wrong would make everything right.

use splitbrain_model::client::profile::Profile;
use std::sync::OnceLock;

const TABLE: &str = include_str!("libraries.txt");

/// The libraries whose profile is not what the table says.
fn others() -> &'static [&'static str] {
    static OTHERS: OnceLock<Vec<&'static str>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let profiles = Profile::NAMES.iter().filter_map(|name| Some((*name, Profile::named(name)?)));
        let right = |profile: &Profile| TABLE.lines().any(|line| line == format!("{profile:?}"));
        profiles.filter(|(_, profile)| !right(profile)).map(|(name, _)| name).collect()
    })
}

/// Whether the library of this name is set up as the table says. What a scenario changes of it is not looked at.
pub(super) fn is_as_written(name: &str) -> bool {
    !others().contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_is_set_up_as_it_is_written_down() {
        if let Some(name) = others().first() {
            let profile = format!("{:?}", Profile::named(name).unwrap());
            let written = TABLE.lines().find(|line| line.contains(&format!("name: \"{name}\",")));
            let fields = |line: &str| line.split(", ").map(str::to_owned).collect::<Vec<_>>();
            let (is, says) = (fields(&profile), written.map_or(Vec::new(), fields));
            let other: Vec<_> = is.iter().filter(|field| !says.contains(field)).collect();
            panic!("{name} differs from libraries.txt in {other:?}; where that is meant, its line is\n{profile}");
        }
    }
}
