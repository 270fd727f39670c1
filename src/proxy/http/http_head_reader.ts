import { byteString, withoutFinalSpace, withoutOuterSpace } from "./byte_string.ts";
import { protocolFailure, type ProxyFailure } from "../handshake/proxy_codec.ts";

/** The head of an HTTP response. */
export interface HttpHead {
  /** The status code, 100 to 999. */
  readonly status: number;
  /** The reason phrase as received, one character per byte; may be empty. */
  readonly reason: string;
  /** The fields in order, names in lower case, values with one character per byte. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Most bytes of the heads of a response, including interim ones (1xx). */
export const MAX_HEAD_BYTES = 16_384;

const prefix = "HTTP/1.";
const statusLine = /^HTTP\/1\.[0-9] ([1-9][0-9]{2})(?: (.*))?$/s;
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Parses HTTP/1.x response heads (RFC 9112 §4, §5) from chunks of any size.
 *
 * A line may end with a bare LF (§2.2 allows it, and old proxies send it). A CR without an LF and a
 * NUL are errors. A folded field is unfolded (§5.2). White space before a field's colon is removed
 * (§5.1). The reason phrase may be missing together with its space. Any HTTP/1.x version is
 * accepted, including HTTP/1.0.
 */
export class HttpHeadReader {
  #bytes = 0;
  #line = "";
  #lines: string[] = [];

  /** Whether a head is incomplete. A complete interim head (1xx) is not an answer yet. */
  get withinHead(): boolean {
    return this.#lines.length > 0 || this.#line !== "";
  }

  /**
   * Parses the next chunk.
   *
   * @param chunk The received bytes.
   * @param at The offset in `chunk` at which to begin.
   * @returns The offset after the parsed bytes, and the head if it is complete; or the failure if
   *   the head is invalid.
   */
  read(chunk: Uint8Array, at: number): { at: number; head?: HttpHead } | ProxyFailure {
    while (at < chunk.length) {
      const newline = chunk.indexOf(0x0a, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      if (this.#bytes + end - at > MAX_HEAD_BYTES) {
        // Checks the bytes within the limit first: "not HTTP" is the more precise message, and the
        // result must not depend on the split.
        const notHttp = this.#notHttp(
          byteString(chunk.subarray(at, at + MAX_HEAD_BYTES - this.#bytes)),
        );
        return notHttp ??
          protocolFailure(`the proxy's answer has more than ${MAX_HEAD_BYTES} bytes of header`);
      }
      this.#bytes += end - at;
      const text = byteString(chunk.subarray(at, end));
      at = end;
      const notHttp = this.#notHttp(text);
      if (notHttp !== undefined) return notHttp;
      this.#line += text;
      if (newline < 0) break;
      const line = this.#line.slice(0, this.#line.endsWith("\r\n") ? -2 : -1);
      this.#line = "";
      if (/[\r\0]/.test(line)) return protocolFailure("the proxy's answer has a bare CR or a NUL");
      if (line !== "") {
        const failure = this.#take(line);
        if (failure !== undefined) return failure;
      } else {
        const head = parseHead(this.#lines);
        this.#lines = [];
        return "code" in head ? head : { at, head };
      }
    }
    return { at };
  }

  /**
   * Fails as soon as a head does not begin with HTTP/1: a peer of another protocol may never send a
   * whole line.
   */
  #notHttp(more: string): ProxyFailure | undefined {
    if (this.#lines.length > 0 || this.#line.length >= prefix.length) return undefined;
    const begin = (this.#line + more).slice(0, prefix.length);
    return prefix.startsWith(begin)
      ? undefined
      : protocolFailure("the proxy does not speak HTTP/1");
  }

  #take(line: string): ProxyFailure | undefined {
    if (this.#lines.length === 0 && !statusLine.test(line)) {
      return protocolFailure("the proxy's answer has no valid status line");
    }
    this.#lines.push(line);
  }
}

function parseHead(lines: readonly string[]): HttpHead | ProxyFailure {
  const [, status, reason = ""] = statusLine.exec(lines[0] ?? "") ?? [];
  if (status === undefined) return protocolFailure("the proxy's answer has no valid status line");
  const fields: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const last = fields[fields.length - 1];
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${withoutOuterSpace(line)}`;
      continue;
    }
    const colon = line.indexOf(":");
    const name = withoutFinalSpace(line.slice(0, Math.max(colon, 0))).toLowerCase();
    if (!fieldName.test(name)) {
      return protocolFailure("the proxy's answer has a line that is no header field");
    }
    fields.push([name, withoutOuterSpace(line.slice(colon + 1))]);
  }
  return { status: Number(status), reason, fields };
}
