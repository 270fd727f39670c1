import type { Duplex } from "node:stream";

/**
 * Stops and starts the stream below a socket of `node:tls` together with the socket. Deno's goes on reading below one that is
 * stopped, keeps all that comes, and then loses the end of it.
 *
 * @param socket The socket.
 * @param transport What it was made over.
 */
export function linkFlow(socket: Duplex, transport: Duplex): void {
  const { push, _read, pause, resume } = socket;
  let paused = false;
  socket.push = (chunk, encoding) => {
    const wantsMore = push.call(socket, chunk, encoding);
    if (!wantsMore && chunk !== null) transport.pause();
    return wantsMore;
  };
  socket._read = (size) => {
    if (!paused) transport.resume();
    _read.call(socket, size);
  };
  socket.pause = () => {
    paused = true;
    transport.pause();
    return pause.call(socket);
  };
  socket.resume = () => {
    paused = false;
    transport.resume();
    return resume.call(socket);
  };
}
