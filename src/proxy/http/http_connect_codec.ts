import { byteString } from "./byte_string.ts";
import {
  closedFailure,
  type CodecStep,
  failed,
  protocolFailure,
  type ProxyCodec,
  type ProxyFailure,
} from "../handshake/proxy_codec.ts";
import {
  encodeConnectRequest,
  type HttpConnectHeader,
  httpConnectHeader,
} from "./http_connect_request.ts";
import { type HttpHead, HttpHeadReader } from "./http_head_reader.ts";
import { type HttpRefusal, httpStatusFailure, valueOf } from "./http_status_failure.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";
import { LOOKAHEAD_BYTES, quotable } from "../handshake/quotable.ts";

/** Options of an HTTP CONNECT. */
export interface HttpConnectCodecOptions {
  /** The target of the tunnel. */
  readonly target: ProxyTarget;
  /** The header lines from {@linkcode httpConnectHeader}: additional fields and credentials. */
  readonly header?: HttpConnectHeader;
}

/** Most bytes of a refusal's body that are quoted. */
const MAX_EXCERPT_BYTES = 512;

/**
 * The client's side of an HTTP CONNECT (RFC 9110 §9.3.6) over HTTP/1.1 (RFC 9112).
 *
 * Any 2xx opens the tunnel, which begins right after the head: Content-Length and Transfer-Encoding
 * are ignored there. Interim responses (1xx) are skipped. 101 is an error: a CONNECT requests no
 * upgrade.
 */
export class HttpConnectCodec implements ProxyCodec {
  readonly protocol = "http-connect";
  /** The length of the head is unknown in advance; hardly any head is longer. */
  readonly readBytes = 1024;
  readonly waitsFor = "target";
  readonly #request: Uint8Array;
  readonly #header: HttpConnectHeader;
  readonly #reader: HttpHeadReader = new HttpHeadReader();
  #refusal: HttpHead | undefined;
  /** The failure by the head of the refusal; it does not depend on the body. */
  #refused: HttpRefusal | undefined;
  #body = "";
  #over = false;

  /** @param options The target and the header. */
  constructor(options: HttpConnectCodecOptions) {
    this.#header = options.header ?? httpConnectHeader();
    this.#request = encodeConnectRequest(options.target, this.#header);
  }

  start(): CodecStep {
    return { state: "open", send: this.#request };
  }

  receive(chunk: Uint8Array): CodecStep {
    if (this.#over) throw new Error("the HTTP CONNECT is over");
    let at = 0;
    while (this.#refusal === undefined) {
      const result = this.#reader.read(chunk, at);
      if ("code" in result) return this.#fail(result);
      at = result.at;
      if (result.head === undefined) return { state: "open" };
      const { status } = result.head;
      if (status >= 200 && status <= 299) {
        this.#over = true;
        return { state: "done", leftover: chunk.slice(at) };
      }
      if (status === 101) {
        return this.#fail(protocolFailure("the proxy switches protocols unasked (101)"));
      }
      if (status >= 200) this.#refusal = result.head;
    }
    return this.#readExcerpt(this.#refusal, chunk.subarray(at));
  }

  end(): CodecStep & { readonly state: "failed" } {
    if (this.#refusal !== undefined) return this.#fail(this.#failureOf(this.#refusal, this.#body));
    return this.#fail(closedFailure("request", this.#reader.withinHead));
  }

  #readExcerpt(refusal: HttpHead, bytes: Uint8Array): CodecStep {
    const wanted = bodyLength(refusal) - this.#body.length;
    if (wanted > 0) this.#body += byteString(bytes.subarray(0, wanted));
    const chunksEnd = endOfChunks(refusal, this.#body);
    if (chunksEnd !== undefined) this.#body = this.#body.slice(0, chunksEnd);
    const complete = bytes.length >= wanted || chunksEnd !== undefined;
    if (complete) return this.#fail(this.#failureOf(refusal, this.#body));
    return { state: "failing", failure: this.#failureOf(refusal, "") };
  }

  #failureOf(head: HttpHead, body: string): ProxyFailure {
    const { authenticates, secrets } = this.#header;
    const { reply, ...refused } = this.#refused ??= httpStatusFailure(head, authenticates, secrets);
    const excerpt = quotable(body, secrets, MAX_EXCERPT_BYTES);
    return { ...refused, reply: { ...reply, excerpt } };
  }

  #fail(failure: ProxyFailure): CodecStep & { readonly state: "failed" } {
    this.#over = true;
    return failed(failure);
  }
}

/**
 * Bytes of the body to read; a body without a length ends when the proxy closes (RFC 9112 §6.3).
 */
function bodyLength({ status, fields }: HttpHead): number {
  const enough = MAX_EXCERPT_BYTES + LOOKAHEAD_BYTES;
  if (status === 304) return 0;
  const length = valueOf(fields, "content-length");
  if (valueOf(fields, "transfer-encoding") !== undefined || length === undefined) return enough;
  return /^[0-9]+$/.test(length) ? Math.min(Number(length), enough) : enough;
}

/**
 * Finds the end of a chunked body (RFC 9112 §7.1), to stop reading there. The excerpt keeps the
 * chunked encoding.
 */
function endOfChunks({ fields }: HttpHead, body: string): number | undefined {
  if (!/\bchunked\b/i.test(valueOf(fields, "transfer-encoding") ?? "")) return undefined;
  return /(?:^|\r\n)0\r\n\r\n/.exec(body)?.index;
}
