//! The laws a Sentinel keeps that can be checked from its tape ([`crate::tape`]), each with how a breach is told.

macro_rules! laws {
    ($(#[doc = $about:literal])* $name:ident: $($(#[doc = $doc:literal])* $law:ident = $told:literal;)*) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[doc = $doc])* $law,)*
        }

        impl $name {
            /// What somebody who breaks it did; `{}` stands for the instance it is about.
            pub(crate) const fn told(self) -> &'static str {
                match self { $($name::$law => $told,)* }
            }
        }
    };
}
pub(crate) use laws;

laws! {
    /// Something that a Sentinel has to do or must not do, as its own clock and what it read have it.
    Law:
    /// Spec 6.1.
    DownMissed = "did not call {} subjectively down, though it had not answered for longer than down-after-milliseconds";
    /// Spec 6.1.
    DownEarly = "called {} subjectively down, though it had answered within down-after-milliseconds";
    /// Spec 6.1.
    UpMissed = "went on calling {} subjectively down, though it answers";
    /// Spec 6.1: a master that says for long that it is a replica.
    WrongRoleMissed = "did not call {} subjectively down, though it says that it is a replica";
    /// Spec 6.3.
    ObjectivelyDownMissed = "did not call {} objectively down, though the quorum agrees";
    /// Spec 6.3.
    ObjectivelyDownEarly = "called {} objectively down without the agreement of the quorum";
    /// Spec 6.3.
    ObjectivelyUpMissed = "went on calling {} objectively down, though it is not subjectively down";
    /// Spec 3.4.
    PingMissed = "did not send {} a PING that was due";
    /// Spec 3.4.
    PingEarly = "sent {} a PING before it was due";
    /// Spec 5.1.
    HelloEarly = "sent {} a hello before it was due";
    /// Spec 6.4.
    QuestionEarly = "asked {} about the master again before it was time";
    /// Spec 4.3, rule 2.
    ConvertMissed = "did not turn {} into a replica, which had been master for 8 s beside the configured one";
    /// Spec 4.3, rule 3.
    FixMissed = "did not point {} to the configured master, though it had followed another for the failover-timeout";
    /// Spec 3.3.
    LinkMissed = "did not open a connection to {} again when it was time";
    /// Spec 6.1: both watchdogs.
    DeadLinkKept = "kept a connection to {} that had been silent for too long";
    /// Spec 6.1.
    LinkDropped = "closed a connection to {} that was young, or not silent";
    /// Spec 3.4.
    InfoEarly = "sent {} an INFO before it was due";
    /// Spec 12.1.
    FlagsWrong = "told a client another state of {} than it holds itself";
    /// Spec 10: what is subscribed to is told.
    EventWithheld = "did not tell a subscriber of an event";
    /// Spec 4.2.
    RoleChangeWrong = "called it a change from the configured role that {} reports this role, or the other way round";
    /// Spec 12.1.
    EntryMissing = "left {} out when a client asked for the instances it knows";
    /// Spec 3.4.
    InfoMissed = "did not send {} an INFO that was due";
    /// Spec 5.1.
    HelloMissed = "did not send {} a hello that was due";
    /// Spec 5.3: epochs only grow, and whoever hears of a newer one says it too.
    HelloBehind = "sent {} a hello with an older epoch than it had heard of";
    /// Spec 5.1, 12: the promoted replica from its promotion on, the configured master until then.
    NamedOther = "named another address than the master's to {}";
    /// Spec 6.4.
    QuestionMissed = "did not ask {} about the master that it holds for down";
    /// Spec 6.4.
    QuestionWrong = "asked {} in another epoch than its own, or for a vote without a failover";
    /// Spec 6.5.
    AnswerWrong = "told {} something else of the master than it holds itself";
    /// Spec 7.2.
    VoteUnasked = "voted for somebody who had not asked in that epoch";
    /// Spec 7.5.
    AttemptMissed = "did not try to fail over {}, though it is objectively down and the wait since the last attempt is over";
    /// Spec 7.5.
    AttemptEarly = "tried to fail over {} before twice the failover-timeout had passed since its last attempt or vote";
    /// Spec 8.11.
    ForcedMissed = "did not fail over when told to, though a replica qualified and no failover was running";
    /// Spec 8.11.
    ForcedGroundless = "failed over when told to, though no replica qualified or a failover was running";
    /// Spec 7.5.
    ElectionNotGivenUp = "went on waiting for an election when its time was over";
    /// Spec 7.4.
    ElectionMissed = "did not take itself for elected, though it had the votes of the quorum and of a majority";
    /// Spec 7.4.
    ElectedGroundless = "took itself for elected without the votes of the quorum and of a majority";
    /// Spec 7.2.
    VoteRefused = "did not vote for the first who asked in a new epoch";
    /// Spec 7.5.
    ElectionGivenUpEarly = "gave an election up before its time was over";
    /// Spec 8.3.
    SelectionMissed = "found no replica to promote, though {} qualified";
    /// Spec 8.5.
    PromotionGivenUpEarly = "gave a promotion up before its time was over";
    /// Spec 8.7.
    ReconfUnduly = "pointed {} to the new master, which it was already told or is itself, or beyond parallel-syncs";
    /// Spec 8.7.
    ReconfMissed = "did not point {} to the new master";
    /// Spec 8.7.
    ReconfTimeoutEarly = "gave {} up, which had been pointed to the new master less than 10 s before";
    /// Spec 4.3, rule 4.
    ReconfStepMissed = "took no note of it that {} has come further on its way to the new master";
    /// Spec 8.8.
    TimeoutEarly = "ended a failover for its time before that was over";
    /// Spec 8.9.
    SwitchMissed = "did not take the promoted replica for the master when its failover had ended";
    /// Spec 5.3.
    AdoptMissed = "did not adopt a newer configuration that it was told, with {} as the master";
    /// Spec 5.3, 8.9.
    AdoptGroundless = "took another server for the master without a newer configuration that says so or a failover of its own";
    /// Spec 8.3: it does not answer, its INFO is old, its link was down for too long, or its priority is 0.
    SelectedUnfit = "selected {}, which did not qualify";
    /// Spec 8.3.
    SelectedSecond = "selected {}, though another replica came before it";
    /// Spec 8.5.
    PromotionNotGivenUp = "went on waiting for a promotion when its time was over";
    /// Spec 8.7, 8.8.
    EndMissed = "did not end a failover when its time was over or nothing was left to do";
    /// Spec 8.8.
    EndEarly = "ended a failover while replicas were on their way to the new master";
    /// Spec 4.3, rule 4.
    ReconfUnseen = "called {} further on its way to the new master than it said it was";
    /// Spec 8.5: MULTI, SLAVEOF, CONFIG REWRITE, CLIENT KILL twice, EXEC.
    SlaveofIncomplete = "sent {} a SLAVEOF without what belongs to it";
    /// Spec 4.3, rule 2.
    ConvertedEarly = "turned {} into a replica before it had been master for 8 s, or when the configured master looked bad";
    /// Spec 4.3, rule 3.
    FixedEarly = "pointed {} to the configured master before the failover-timeout had passed, or when that looked bad";
    /// Spec 4.1.
    ReplicaIgnored = "took no note of {}, which the master named as its replica";
    /// Spec 3.6.
    RebootMissed = "took no note of it that {} is another process than before";
    /// Spec 3.6.
    RebootGroundless = "called {} rebooted, which is the process it was";
    /// Spec 2.
    TiltMissed = "did not enter TILT when its clock had jumped";
    /// Spec 2.
    TiltGroundless = "entered TILT though its clock had not jumped";
    /// Spec 2.
    TiltLeftEarly = "left TILT within 30 s";
    /// Spec 9: what is said to be known after a restart is what was saved.
    FileBehind = "came back with a file that lacks what it must have saved";
}
