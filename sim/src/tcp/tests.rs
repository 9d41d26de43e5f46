//! Two hosts and one connection: what the network gives and what it takes.

use super::*;
use crate::link::NetFault;
use crate::queue::Queue;
use splitbrain_model::Reply;
use splitbrain_scenarios::Environment;

/// A client on host 0 and a server on host 1, driven to quiescence.
struct Net {
    tcp: Tcp,
    queue: Queue<NetEvent>,
    now: TrueTime,
    listening: bool,
    client: EndIx,
}

const PAUSE: Nanos = Nanos::from_micros(400);

impl Net {
    fn new(listening: bool, before: impl FnOnce(&mut Links)) -> Net {
        let mut links = Links::new(1, ["a", "b"].map(str::to_owned).to_vec(), &Environment::named("lan").unwrap());
        before(&mut links);
        let (there, back) = (links.between(0, 1), links.between(1, 0));
        let mut tcp = Tcp::new(links);
        let client = tcp.connect(0, Conn(0), Default::default(), there, back, TrueTime(0));
        Net { tcp, queue: Queue::default(), now: TrueTime(0), listening, client }
    }

    fn server(&self) -> EndIx {
        self.client ^ 1
    }

    /// Handles events until `until`; accepts at once.
    fn run(&mut self, until: TrueTime) {
        loop {
            for (at, event) in self.tcp.schedule.drain(..) {
                self.queue.push(at, event);
            }
            if self.queue.next_at().is_none_or(|at| at > until) {
                self.now = until;
                return;
            }
            let (at, event) = self.queue.pop().unwrap();
            self.now = at;
            let outcome = match event {
                NetEvent::Syn(end) => {
                    if self.tcp.links.is_up(1) {
                        self.tcp.syn_arrived(end, self.listening.then_some((1, 0)), at);
                    }
                    Outcome::Nothing
                }
                NetEvent::SynRetry(end, attempt) => self.tcp.syn_retry(end, attempt, at),
                NetEvent::Established(end) => self.tcp.established(end, at),
                NetEvent::Refused(end) => self.tcp.refused(end),
                NetEvent::Arrive(end) => self.tcp.arrive(end, at),
                NetEvent::Retransmit(end, timer) => self.tcp.retransmit(end, timer, at),
                NetEvent::Reset(end) => self.tcp.reset(end),
            };
            if let Outcome::Acceptable(end) = outcome {
                self.tcp.accept(end, Conn(0));
            }
        }
    }

    fn run_for(&mut self, time: Nanos) {
        self.run(self.now + time);
    }

    fn send(&mut self, end: EndIx, count: i64) {
        for n in 0..count {
            self.tcp.write(end, Message::Reply(Reply::Int(n)), 4);
        }
        let now = self.now;
        self.tcp.transmit(end, now);
    }

    fn read(&mut self, end: EndIx) -> usize {
        let side = self.tcp.end_mut(end);
        side.rx_bytes = 0;
        side.rx.drain(..).count()
    }
}

fn cut(links: &mut Links) {
    links.begin(0, NetFault::Partition(vec![vec![0], vec![1]]));
}

#[test]
fn a_connection_is_there_after_one_round_trip_and_carries_what_was_written_before() {
    let mut net = Net::new(true, |_| {});
    net.send(net.client, 2);
    net.run(TrueTime(0) + PAUSE);
    assert_eq!(net.tcp.end(net.client).connected, Some(Ok(())));
    net.run_for(PAUSE);
    assert_eq!(net.read(net.server()), 2);
}

#[test]
fn nobody_listening_refuses_after_one_round_trip() {
    let mut net = Net::new(false, |_| {});
    net.run(TrueTime(0) + PAUSE);
    assert_eq!(net.tcp.end(net.client).connected, Some(Err(ConnectError::Refused)));
}

#[test]
fn a_connect_over_a_cut_succeeds_at_the_first_syn_after_the_heal() {
    let mut net = Net::new(true, cut);
    net.run(TrueTime(0) + Nanos::from_millis(4_000));
    net.tcp.links.heal();
    net.run(TrueTime(0) + Nanos::from_millis(6_999));
    assert_eq!(net.tcp.end(net.client).connected, None, "the next SYN is sent at 7 s");
    net.run(TrueTime(0) + Nanos::from_millis(7_001));
    assert_eq!(net.tcp.end(net.client).connected, Some(Ok(())));
}

#[test]
fn a_newer_kernel_sends_its_first_syns_one_second_apart() {
    let mut net = Net::new(true, |links| {
        links.set_kernel(Kernel { syn_linear_timeouts: 4, ..Kernel::PLAIN });
        cut(links);
    });
    net.run(TrueTime(0) + Nanos::from_millis(4_500));
    net.tcp.links.heal();
    net.run(TrueTime(0) + Nanos::from_millis(5_001));
    assert_eq!(net.tcp.end(net.client).connected, Some(Ok(())));
}

#[test]
fn a_connect_that_is_never_answered_is_given_up_after_127_seconds() {
    let mut net = Net::new(true, cut);
    net.run(TrueTime(0) + Nanos::from_millis(126_999));
    assert_eq!(net.tcp.end(net.client).connected, None);
    net.run(TrueTime(0) + Nanos::from_millis(127_000));
    assert_eq!(net.tcp.end(net.client).connected, Some(Err(ConnectError::TimedOut)));
}

fn established() -> Net {
    let mut net = Net::new(true, |_| {});
    net.run(TrueTime(0) + Nanos::from_millis(10));
    net
}

#[test]
fn lost_data_and_all_behind_it_arrive_at_the_next_retry_after_the_heal() {
    // Retries at 0.2, 0.6, 1.4, 3.0 s after the loss.
    let mut net = established();
    cut(&mut net.tcp.links);
    net.send(net.client, 1);
    net.run_for(Nanos::from_millis(1_000));
    net.send(net.client, 1);
    net.run_for(Nanos::from_millis(500));
    net.tcp.links.heal();
    net.send(net.client, 1);
    net.run_for(Nanos::from_millis(1_490));
    assert_eq!(net.read(net.server()), 0, "2.99 s after the loss");
    net.run_for(Nanos::from_millis(11));
    assert_eq!(net.read(net.server()), 3);
    net.send(net.client, 1);
    net.run_for(PAUSE);
    assert_eq!(net.read(net.server()), 1, "the direction flows again");
}

#[test]
fn a_direction_that_was_idle_during_the_outage_delivers_at_once_after_it() {
    let mut net = established();
    cut(&mut net.tcp.links);
    net.run_for(Nanos::from_secs(30));
    net.tcp.links.heal();
    net.send(net.client, 1);
    net.run_for(PAUSE);
    assert_eq!(net.read(net.server()), 1);
}

#[test]
fn without_acknowledgements_data_flows_for_200_ms_and_then_waits_for_a_retry() {
    let mut net = established();
    net.tcp.links.begin(0, NetFault::Drop(vec![1], vec![0]));
    net.send(net.client, 1);
    net.run_for(Nanos::from_millis(100));
    net.send(net.client, 1);
    net.run_for(Nanos::from_millis(50));
    assert_eq!(net.read(net.server()), 2);
    net.run_for(Nanos::from_millis(100));
    net.send(net.client, 1);
    net.run_for(PAUSE);
    assert_eq!(net.read(net.server()), 0);
    net.tcp.links.heal();
    net.run_for(Nanos::from_millis(400));
    assert_eq!(net.read(net.server()), 1);
}

#[test]
fn unanswered_retransmission_is_given_up_near_fifteen_minutes() {
    let mut net = established();
    cut(&mut net.tcp.links);
    net.send(net.client, 1);
    net.run_for(Nanos::from_secs(900));
    assert_eq!(net.tcp.end(net.client).eof, None);
    net.run_for(Nanos::from_secs(120));
    assert_eq!(net.tcp.end(net.client).eof, Some(CloseReason::TimedOut));
}

#[test]
fn closing_sends_fin_behind_the_data_and_reset_if_input_was_unread() {
    let mut net = established();
    net.send(net.client, 1);
    net.tcp.close(net.client, false, net.now);
    net.run_for(PAUSE);
    assert_eq!((net.read(net.server()), net.tcp.end(net.server()).eof), (1, Some(CloseReason::Eof)));

    let mut net = established();
    net.send(net.server(), 1);
    net.run_for(PAUSE);
    net.tcp.close(net.client, false, net.now);
    net.run_for(PAUSE);
    assert_eq!(net.tcp.end(net.server()).eof, Some(CloseReason::Reset));
}

#[test]
fn data_for_a_socket_that_is_closed_is_answered_with_a_reset() {
    let mut net = established();
    net.tcp.close(net.client, false, net.now);
    net.run_for(PAUSE);
    net.tcp.end_mut(net.server()).eof = None;
    net.send(net.server(), 1);
    net.run_for(PAUSE);
    assert_eq!(net.tcp.end(net.server()).eof, Some(CloseReason::Reset));
}

#[test]
fn power_loss_is_silence_and_a_reset_after_the_reboot() {
    let mut net = established();
    net.tcp.links.set_power(1, false);
    net.tcp.vanish_host(1);
    net.send(net.client, 1);
    net.run_for(Nanos::from_secs(2));
    assert_eq!(net.tcp.end(net.client).eof, None);
    net.tcp.links.set_power(1, true);
    net.run_for(Nanos::from_secs(2));
    assert_eq!(net.tcp.end(net.client).eof, Some(CloseReason::Reset));
}

#[test]
fn an_address_that_was_left_answers_nothing_not_even_after_a_reboot() {
    let mut net = established();
    net.send(net.server(), 1);
    net.tcp.silence_host(1);
    net.send(net.client, 1);
    net.run_for(Nanos::from_secs(600));
    assert_eq!((net.read(net.client), net.tcp.end(net.client).eof), (1, None), "what had left arrives");
    net.tcp.links.set_power(1, false);
    net.tcp.vanish_host(1);
    net.tcp.links.set_power(1, true);
    net.run_for(Nanos::from_secs(600));
    assert_eq!(net.tcp.end(net.client).eof, Some(CloseReason::TimedOut));
}

#[test]
fn a_receiver_that_reads_nothing_stops_the_sender_until_it_reads() {
    let mut net = established();
    for _ in 0..3 {
        net.tcp.write(net.client, Message::Newline, RECEIVE_BUFFER as u32);
        let now = net.now;
        net.tcp.transmit(net.client, now);
        net.run_for(Nanos::from_millis(20));
    }
    assert_eq!(net.read(net.server()), 1);
    let (server, now) = (net.server(), net.now);
    net.tcp.drained(server, now);
    net.run_for(Nanos::from_millis(40));
    assert_eq!(net.read(net.server()), 2);
}

#[test]
fn what_the_socket_does_not_take_stays_with_the_process_and_goes_with_it() {
    let mut net = established();
    let (client, server) = (net.client, net.server());
    cut(&mut net.tcp.links);
    let message = || Message::from(Reply::Int(1));
    let bytes = 1_000;
    for _ in 0..200 {
        net.tcp.write(client, message(), bytes);
        net.tcp.transmit(client, net.now);
    }
    let refused = 200 * u64::from(bytes) - buffers::SEND_BUFFER;
    assert_eq!(net.tcp.refused_bytes(client), refused);
    assert_eq!(net.tcp.refused_bytes(server), 0);
    net.tcp.links.heal();
    net.run_for(Nanos::from_secs(1));
    assert_eq!(net.tcp.refused_bytes(client), 0, "it left with the next retry");
    assert_eq!(net.read(server), 200);
}
