import type { Duplex } from "node:stream";

/**
 * Pauses and resumes the transport together with the `node:tls` socket above it. Deno continues to
 * read below a paused TLS socket, buffers everything, and then loses the end.
 *
 * @param socket The socket.
 * @param transport The stream below the socket.
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
