//! Documented hazards: a finding is put down to one if and only if its necessary trigger was observed.

mod support;

use splitbrain_checker::client_tape::{Taped, What};
use splitbrain_checker::observations::{ForcedAt, LostFileAt, Presence};
use splitbrain_checker::summary::RunSummary;
use splitbrain_checker::tape;
use splitbrain_checker::{Amount, Demand, Expectation, Hazard, Limit, NodeIx, Property, Verdict};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::message::{Channel, SwitchMaster};
use splitbrain_model::{Conn, Message, Millis, MonoTime, Reply, Request};
use support::*;

fn hazards(run: &mut Run, property: Property) -> Vec<Option<Hazard>> {
    let judgement = run.judge();
    let findings = judgement.findings.iter().enumerate().filter(|(_, finding)| finding.property == property);
    findings.map(|(i, _)| judgement.hazard(i)).collect()
}

fn failover() -> Run {
    let mut run = run();
    run.presence(10_000, R1, Presence::Dead).failover(11_000, S1, R2, 1).ends(R2, position(1, 0), 1, &[]);
    run
}

/// sentinel-3 is elected in epoch 1 as well; its epoch rises at `rose`, its votes are of `epoch`.
fn second_leader(rose: u64, epoch: u64) -> Run {
    let mut run = failover();
    run.says(11_150, S3, EventKind::OdownEnter)
        .epoch(11_150, S3, 1)
        .says(11_150, S3, EventKind::TryFailover)
        .votes(11_210, S2, S3, epoch)
        .votes(11_210, S1, S3, epoch)
        .epoch(rose, S3, 2)
        .says(11_300, S3, EventKind::ElectedLeader);
    run.0.events.sort_by_key(|event| event.at);
    run
}

#[test]
fn two_leaders_are_h1_if_the_epoch_rose_during_the_election_and_the_votes_are_of_the_later_one() {
    let of = |rose, epoch| hazards(&mut second_leader(rose, epoch), Property::OneLeaderPerEpoch);
    assert_eq!(of(11_200, 2), [Some(Hazard::WrongEpoch)]);
    assert_eq!(of(11_400, 2), [None], "it rose afterwards");
    assert!(!of(11_200, 1).contains(&Some(Hazard::WrongEpoch)), "they voted twice in epoch 1");
}

#[test]
fn two_leaders_are_h4_if_an_operator_made_one_of_them() {
    let mut run = failover();
    run.0.forced.push(ForcedAt { at: at(11_101), node: S2, master: master() });
    run.epoch(11_100, S2, 1).says(11_101, S2, EventKind::TryFailover).says(11_300, S2, EventKind::ElectedLeader);
    assert_eq!(hazards(&mut run, Property::OneLeaderPerEpoch), [Some(Hazard::SharedEpoch)]);
    run.0.forced.clear();
    assert!(!hazards(&mut run, Property::OneLeaderPerEpoch).contains(&Some(Hazard::SharedEpoch)));
}

/// sentinel-2 votes in epoch 3, and once more after `between`.
fn votes_twice(between: impl Fn(&mut Run)) -> Vec<Option<Hazard>> {
    let mut run = failover();
    run.votes(20_000, S2, S1, 3);
    between(&mut run);
    run.votes(30_000, S2, S3, 3);
    hazards(&mut run, Property::EpochMonotonic)
}

fn lost(run: &mut Run, ms: u64, gone_back: bool) {
    run.0.lost_files.push(LostFileAt { at: at(ms), node: S2, gone_back });
}

fn restarted(run: &mut Run, node: NodeIx) {
    run.presence(25_000, node, Presence::Dead).presence(26_000, node, Presence::Running);
}

#[test]
fn a_second_vote_is_put_down_to_a_file_only_if_its_own_save_failed_and_it_was_restarted() {
    assert_eq!(votes_twice(|_| ()), [None]);
    assert_eq!(votes_twice(|run| restarted(run, S2)), [None], "a restart forgets no vote");
    assert_eq!(votes_twice(|run| lost(run, 20_000, false)), [None], "without a restart nothing is forgotten");
    let unsaved = |failed| {
        votes_twice(move |run| {
            lost(run, failed, false);
            restarted(run, S2);
        })
    };
    assert_eq!(unsaved(20_000), [Some(Hazard::LostFile)]);
    assert_eq!(unsaved(22_000), [None], "the vote had been saved before");
    let other = votes_twice(|run| {
        lost(run, 20_000, false);
        restarted(run, S1);
    });
    assert_eq!(other, [None], "another Sentinel was restarted");
}

/// The second of two epochs dies with the process that announces it, and so does the first, if its save failed.
#[test]
fn an_epoch_that_went_back_is_put_down_to_the_save_that_failed_before_the_last() {
    let then = |failed: Option<u64>, lived_on: bool| {
        let mut run = failover();
        run.epoch(23_000, S2, 7).epoch(24_900, S2, 8);
        if lived_on {
            run.says(24_950, S2, EventKind::SdownEnter);
        }
        failed.into_iter().for_each(|ms| lost(&mut run, ms, false));
        restarted(&mut run, S2);
        run.epoch(30_000, S2, 7);
        hazards(&mut run, Property::EpochMonotonic)
    };
    assert_eq!(then(Some(23_000), false), [Some(Hazard::LostFile)]);
    assert_eq!(then(Some(23_000), true), [None], "it went on after the last, which it must have saved");
    assert_eq!(then(Some(20_000), false), [None]);
    assert_eq!(then(Some(24_900), false), [None], "the first of the two had been saved");
    assert_eq!(then(None, false), [None]);
}

/// Who stands for election says so, and saves with its vote; what another epoch or vote of it is, says nothing.
#[test]
fn the_epoch_of_an_election_is_saved_with_the_vote_of_the_one_who_stands() {
    let stood = |stands: bool, failed: u64| {
        let mut run = failover();
        run.epoch(24_000, S2, 7);
        if stands {
            run.says(24_000, S2, EventKind::TryFailover);
        }
        run.votes(24_030, S2, S2, 7);
        lost(&mut run, failed, false);
        restarted(&mut run, S2);
        run.epoch(30_000, S2, 6);
        hazards(&mut run, Property::EpochMonotonic).contains(&Some(Hazard::LostFile))
    };
    assert!(stood(true, 24_030), "the disk took 30 ms to fail");
    assert!(!stood(true, 24_050));
    assert!(!stood(false, 24_030), "who votes saves before it says that there is a new epoch");
}

#[test]
fn a_second_vote_is_put_down_to_a_file_that_went_back_between_the_votes() {
    let went_back = |ms| {
        votes_twice(move |run| {
            lost(run, ms, true);
            restarted(run, S2);
        })
    };
    assert_eq!(went_back(25_500), [Some(Hazard::LostFile)]);
    assert_eq!(went_back(19_000), [None]);
}

#[test]
fn a_second_vote_is_h8_if_the_master_was_removed_and_added_between_the_votes() {
    let readded = votes_twice(|run| {
        run.says(21_000, S2, EventKind::Unmonitor).says(22_000, S2, EventKind::Monitor);
    });
    assert_eq!(readded, [Some(Hazard::ForgottenVote)]);
    let started = votes_twice(|run| {
        restarted(run, S2);
        run.says(26_000, S2, EventKind::Monitor);
    });
    assert_eq!(started, [None], "every start announces its masters");
}

#[test]
fn a_leader_that_took_over_a_newer_epoch_during_its_failover_is_h2() {
    let claims = |noticed: u64, epoch: u64| {
        let mut run = run();
        // sentinel-1 promotes redis-2 in epoch 1 and is busy; redis-2 dies, the others fail back to redis-1.
        run.presence(10_000, R1, Presence::Dead)
            .says(11_000, S1, EventKind::OdownEnter)
            .epoch(11_000, S1, 1)
            .says(11_000, S1, EventKind::TryFailover)
            .votes(11_010, S1, S1, 1)
            .votes(11_010, S2, S1, 1)
            .says(11_100, S1, EventKind::ElectedLeader)
            .promotes(12_000, S1, R2)
            .says(21_000, S2, EventKind::OdownEnter)
            .epoch(21_000, S2, 2)
            .says(21_000, S2, EventKind::TryFailover)
            .votes(21_010, S2, S2, 2)
            .votes(21_010, S3, S2, 2)
            .says(21_100, S2, EventKind::ElectedLeader)
            .promotes(22_000, S2, R1)
            .epoch(noticed, S1, epoch)
            .ends(R1, position(1, 0), 2, &[]);
        run.0.events.sort_by_key(|event| event.at);
        run.0.final_views.retain(|view| view.node != S1);
        run.view(S1, R2, 2);
        hazards(&mut run, Property::ConfigAgreement)
    };
    assert_eq!(claims(22_500, 2), [Some(Hazard::FailBack)]);
    assert_eq!(claims(22_500, 3), [Some(Hazard::FailBack)], "another master's election is of a later epoch");
    assert_eq!(claims(22_500, 1), [None]);
    assert_eq!(claims(11_500, 2), [None], "it knew the epoch before it promoted anybody");
}

#[test]
fn a_leader_that_was_reset_between_its_promotion_and_its_end_is_h10() {
    let claims = |reset: u64| {
        let mut run = run();
        run.presence(10_000, R1, Presence::Dead)
            .says(11_000, S1, EventKind::OdownEnter)
            .epoch(11_000, S1, 1)
            .says(11_000, S1, EventKind::TryFailover)
            .votes(11_010, S1, S1, 1)
            .votes(11_010, S2, S1, 1)
            .says(11_100, S1, EventKind::ElectedLeader)
            .promotes(12_000, S1, R2)
            .says(reset, S1, EventKind::ResetMaster)
            .ends(R2, position(1, 0), 1, &[]);
        run.0.events.sort_by_key(|event| event.at);
        run.0.final_views.retain(|view| view.node != S1);
        run.view(S1, R1, 1);
        hazards(&mut run, Property::ConfigAgreement)
    };
    assert_eq!(claims(12_500), [Some(Hazard::ResetLeader)]);
    assert_eq!(claims(11_050), [None], "nothing was promoted yet");
}

#[test]
fn disagreement_is_i6_if_an_observer_demoted_the_promoted_replica_after_the_last_repair() {
    let found = |demoted: u64, others: NodeIx| {
        let mut run = failover();
        run.event(demoted, S3, EventKind::ConvertToSlave, Subject::Slave(addr(R2)), Extra::None);
        run.0.events.sort_by_key(|event| event.at);
        run.0.final_views.retain(|view| view.node != S3);
        run.view(S3, others, 1);
        run.0.converged = None;
        run.0.last_disturbance = at(20_000);
        run.0.end = at(90_000);
        hazards(&mut run, Property::ConvergesAfterHeal)
    };
    assert_eq!(found(21_000, R2), [Some(Hazard::ObserverDemotes)]);
    assert_eq!(found(15_000, R2), [None], "there was time to repair that");
    assert_eq!(found(21_000, R3), [None], "they do not even agree in words");
}

#[test]
fn a_hazard_is_tolerated_only_where_the_scenario_says_so() {
    let verdict = |run: &mut Run, demand| {
        let expect = [Expectation { property: Property::OneLeaderPerEpoch, demand, limits: vec![] }];
        let any = |property| Expectation { property, demand: Demand::Any, limits: vec![] };
        let others = Property::ALL.iter().filter(|p| **p != Property::OneLeaderPerEpoch).map(|p| any(*p));
        let expect: Vec<Expectation> = expect.into_iter().chain(others).collect();
        let judgement = run.judge_for(&expect);
        RunSummary::new(0, 0, &run.0, &judgement, &expect).verdict
    };
    assert_eq!(verdict(&mut second_leader(11_200, 2), Demand::Holds), Verdict::Fail);
    assert_eq!(verdict(&mut second_leader(11_200, 2), Demand::HoldsBesideHazards), Verdict::Pass);
    assert_eq!(verdict(&mut second_leader(11_400, 2), Demand::HoldsBesideHazards), Verdict::Fail);
}

/// A client to which a Sentinel names an address at `heard`, and that nobody serves after the failover.
fn stuck(heard: u64, named: NodeIx) -> Vec<Option<Hazard>> {
    let mut run = failover();
    run.0.end = at(90_000);
    run.read(R1, GET, (1_000, 1_001), None);
    run.0.client_tapes = vec![Vec::new(); run.0.nodes.len()];
    let what = What::Read(Conn(1), Message::Reply(Reply::Addr(addr(named))));
    run.0.client_tapes[usize::from(C2.0)].push(Taped { at: at(heard), mono: MonoTime(0), what });
    let limits = vec![Limit::AtMost(Amount::Time(Millis(40_000)))];
    let expected = Expectation { property: Property::ClientsRecover, demand: Demand::HoldsBesideHazards, limits };
    let judgement = run.judge_for(&[expected]);
    let stuck = judgement.findings.iter().enumerate().filter(|(_, f)| f.property == Property::ClientsRecover);
    stuck.map(|(i, _)| judgement.hazard(i)).collect()
}

#[test]
fn a_client_that_is_not_served_again_was_sent_back_only_if_the_last_answer_was_older_than_the_failover() {
    assert_eq!(stuck(30_000, R1), [Some(Hazard::StaleAnswer)]);
    assert_eq!(stuck(5_000, R1), [None], "it was the master then");
    assert_eq!(stuck(30_000, R2), [None], "it was told of the new one");
}

/// A client that subscribed at `sentinel-1`, which wrote it of the failover or not, and that read that or not, or lost the
/// connection.
fn deaf(wrote: bool, then: Option<What>) -> Vec<Option<Hazard>> {
    let mut run = failover();
    run.0.end = at(90_000);
    run.read(R1, GET, (1_000, 1_001), None);
    run.0.client_tapes = vec![Vec::new(); run.0.nodes.len()];
    let tape = &mut run.0.client_tapes[usize::from(C2.0)];
    let mut take = |ms, what| tape.push(Taped { at: at(ms), mono: MonoTime(0), what });
    let (mine, its) = (Conn(1), Conn(12));
    take(500, What::Opened(mine, addr(S1)));
    take(510, What::Wrote(mine, Request::Subscribe(Channel::SwitchMaster)));
    take(520, What::Read(mine, Message::Reply(Reply::Subscribed(Channel::SwitchMaster))));
    then.into_iter().for_each(|what| take(30_000, what));
    let mut take = |ms, what| run.0.tape.push(tape::Taped { at: at(ms), node: S1, wall: Millis(ms as i64), what });
    take(515, tape::What::Read(its, Message::Request(Request::Subscribe(Channel::SwitchMaster))));
    if wrote {
        take(20_000, tape::What::Wrote(its, switch()));
    }
    let limits = vec![Limit::AtMost(Amount::Time(Millis(40_000)))];
    let expected = Expectation { property: Property::ClientsRecover, demand: Demand::HoldsBesideHazards, limits };
    let judgement = run.judge_for(&[expected]);
    let stuck = judgement.findings.iter().enumerate().filter(|(_, f)| f.property == Property::ClientsRecover);
    stuck.map(|(i, _)| judgement.hazard(i)).collect()
}

fn switch() -> Message {
    let (name, old, new) = ("mymaster".into(), addr(R1), addr(R2));
    Message::SwitchMaster(std::sync::Arc::new(SwitchMaster { name, old, new }))
}

#[test]
fn an_announcement_is_late_only_if_it_was_written_to_a_subscription_that_is_held_and_not_read_there() {
    assert_eq!(deaf(true, None), [Some(Hazard::LateAnnouncement)]);
    assert_eq!(deaf(false, None), [None], "nobody told it");
    assert_eq!(deaf(true, Some(What::Read(Conn(1), switch()))), [None], "it was told");
    assert_eq!(deaf(true, Some(What::Lost(Conn(1)))), [None], "it had to subscribe anew");
}
