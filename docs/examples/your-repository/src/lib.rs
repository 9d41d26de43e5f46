//! Tickets with numbers, from a counter in Redis.

use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

/// Takes the next ticket.
pub async fn take<S: AsyncBufRead + AsyncWrite + Unpin>(redis: &mut S) -> io::Result<u64> {
    redis.write_all(b"*2\r\n$4\r\nINCR\r\n$7\r\ntickets\r\n").await?;
    redis.flush().await?;
    let mut reply = String::new();
    redis.read_line(&mut reply).await?;
    let number = reply.trim_end().strip_prefix(':').and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no ticket but `{reply}`")))
}
