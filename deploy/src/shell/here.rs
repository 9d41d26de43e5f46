//! Here-documents: their text comes after the line that names them, so it is put in when all is read.

use super::{Command, Into, Item, List, Redirect};
use crate::place::Traced;

/// Puts the texts of here-documents where they belong.
pub(super) fn fill(list: List, texts: &mut impl Iterator<Item = Traced>) -> List {
    list.into_iter().map(|item| Item { command: fill_command(item.command, texts), ..item }).collect()
}

fn fill_redirects(redirects: Vec<Redirect>, texts: &mut dyn Iterator<Item = Traced>) -> Vec<Redirect> {
    let fill = |redirect: Redirect| match redirect.what {
        Into::Here { expand, .. } => {
            Redirect { what: Into::Here { text: texts.next().unwrap_or_default(), expand }, ..redirect }
        }
        _ => redirect,
    };
    redirects.into_iter().map(fill).collect()
}

fn fill_command(command: Command, mut texts: &mut dyn Iterator<Item = Traced>) -> Command {
    let texts = &mut texts;
    match command {
        Command::Simple { sets, words, redirects } => {
            Command::Simple { sets, words, redirects: fill_redirects(redirects, texts) }
        }
        Command::Pipe(commands) => Command::Pipe(commands.into_iter().map(|c| fill_command(c, texts)).collect()),
        Command::Not(command) => Command::Not(Box::new(fill_command(*command, texts))),
        Command::If { arms, otherwise, redirects } => {
            let arms = arms.into_iter().map(|(condition, body)| (fill_dyn(condition, texts), fill_dyn(body, texts)));
            let arms = arms.collect();
            let otherwise = fill_dyn(otherwise, texts);
            Command::If { arms, otherwise, redirects: fill_redirects(redirects, texts) }
        }
        Command::For { name, words, body } => Command::For { name, words, body: fill_dyn(body, texts) },
        Command::While { until, condition, body } => {
            Command::While { until, condition: fill_dyn(condition, texts), body: fill_dyn(body, texts) }
        }
        Command::Case { word, arms } => {
            let arms = arms.into_iter().map(|(patterns, body)| (patterns, fill_dyn(body, texts))).collect();
            Command::Case { word, arms }
        }
        Command::Group { body, redirects } => {
            let body = fill_dyn(body, texts);
            Command::Group { body, redirects: fill_redirects(redirects, texts) }
        }
        Command::Function { name, body } => Command::Function { name, body: fill_dyn(body, texts) },
        Command::Test(words) => Command::Test(words),
    }
}

fn fill_dyn(list: List, texts: &mut dyn Iterator<Item = Traced>) -> List {
    list.into_iter().map(|item| Item { command: fill_command(item.command, texts), ..item }).collect()
}
