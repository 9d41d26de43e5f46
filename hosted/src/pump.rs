//! The pump: the one task that lets the world go on while everybody waits.

use crate::door::{Change, Door};
use madsim::runtime::Handle;
use madsim::task::NodeId;
use madsim::time::{Sleep, TimeHandle};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Never ends by itself.
pub(crate) struct Pump {
    door: Arc<Door>,
    time: TimeHandle,
    sleep: Pin<Box<Sleep>>,
    /// When the sleep ends, as madsim counts.
    armed: Option<Duration>,
    /// The node of the test itself, which goes on whatever becomes of its process.
    own: NodeId,
}

impl Pump {
    pub fn new(door: Arc<Door>) -> Pump {
        let time = TimeHandle::current();
        let sleep = Box::pin(time.sleep(Duration::ZERO));
        Pump { door, time, sleep, armed: None, own: madsim::plugin::node() }
    }
}

impl Future for Pump {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.time.elapsed();
            self.armed = self.armed.filter(|armed| *armed > now);
            let (next, changes) = self.door.pump(cx);
            for (node, change) in changes.into_iter().filter(|(node, _)| *node != self.own) {
                let handle = Handle::current();
                match change {
                    Change::Died => handle.kill(node),
                    Change::Started => handle.restart(node),
                    Change::Paused => handle.pause(node),
                    Change::GoesOn => handle.resume(node),
                }
            }
            let Some(next) = next else { return Poll::Pending };
            if self.armed.is_some_and(|armed| armed <= next) {
                return Poll::Pending;
            }
            self.armed = Some(next);
            // A sleep begins at least a millisecond long, as tokio's do; one that is set anew does not.
            let deadline = self.time.now_instant() + next.saturating_sub(now);
            self.sleep.as_mut().reset(deadline);
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
