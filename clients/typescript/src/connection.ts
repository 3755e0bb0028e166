/** One connection: sends requests, and hands each answer to who waits for it. */

import { createConnection, type Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { DaemonUnavailable, errorOf, LimitExceeded, type PaasqError, ProtocolError } from "./errors.js";

export const MESSAGE_BYTES_MAX = 16 * 2 ** 20;
const IN_FLIGHT_MAX = 64; // requests of one connection
const ENVELOPE_BYTES = 4096; // the limit is on a result; the id and the rest are added to it
const PING_AFTER_MS = 10_000; // of silence while an answer is awaited
const SILENCE_MS_MAX = 60_000; // the daemon answers a ping at once, however busy

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

export interface Handlers {
  onNotification?: (method: string, params: any) => void;
  onEnd?: (why: PaasqError) => void;
}

export class Connection {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue: (() => void)[] = []; // of requests for which the daemon has no room yet
  #lastId = 0;
  #ended: PaasqError | null = null;
  #parts: string[] = []; // of a message whose end has not come
  #partsLength = 0;
  #heard = Date.now();
  #timer: NodeJS.Timeout | null = null;

  private constructor(path: string, socket: Socket, handlers: Handlers) {
    this.#path = path;
    this.#socket = socket;
    this.#handlers = handlers;
    const decoder = new StringDecoder("utf8");
    socket.on("data", (data) => this.#read(decoder.write(data)));
    socket.on("error", (error) => this.#end(new DaemonUnavailable(`the connection to ${path} broke: ${error.message}`)));
    socket.on("close", () => this.#end(new DaemonUnavailable(`the daemon at ${path} closed the connection`)));
  }

  /** Rejects with DaemonUnavailable where nobody listens at `path`. */
  static open(path: string, handlers: Handlers = {}): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path });
      const refused = (error: Error): void => {
        const why = new DaemonUnavailable(
          `no daemon answers at ${path}: ${error.message}`, "start one with `paasq serve`, or name its socket",
        );
        why.sent = false;
        reject(why);
      };
      socket.once("error", refused);
      socket.once("connect", () => {
        socket.off("error", refused);
        socket.unref(); // an idle connection keeps no program alive; a request under way does
        resolve(new Connection(path, socket, handlers));
      });
    });
  }

  /** Whether nothing can be sent any more. */
  get ended(): boolean {
    return this.#ended !== null;
  }

  /** The result of a method. An aborted `signal` cancels the request in the daemon, and rejects with its reason at once. */
  async call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    while (this.#waiting.size >= IN_FLIGHT_MAX && this.#ended === null) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (signal?.aborted) this.#queue.shift()?.(); // the room is the next one's
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    if (Buffer.byteLength(body) > MESSAGE_BYTES_MAX) {
      throw new LimitExceeded(
        `a message may have ${MESSAGE_BYTES_MAX} bytes at most`, "put fewer records at a time",
      );
    }
    if (this.#ended !== null) throw unsent(this.#ended);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#notify("cancel", { id }); // its answer, which nobody waits for any more, frees its place
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const settled = (): void => signal?.removeEventListener("abort", abort);
      this.#waiting.set(id, {
        resolve: (result) => { settled(); resolve(result); },
        reject: (error) => { settled(); reject(error); },
      });
      this.#watchSilence();
      this.#socket.write(body + "\n");
    });
  }

  /** Read nothing more until `resume`: the daemon then waits, or merges what it has to say. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Keep the program running although no request is under way. */
  ref(): void {
    this.#socket.ref();
  }

  close(): void {
    this.#end(new DaemonUnavailable("the connection was closed"));
  }

  #notify(method: string, params: unknown): void {
    if (this.#ended === null) this.#socket.write(JSON.stringify({ jsonrpc: "2.0", method, params }) + "\n");
  }

  #read(text: string): void {
    this.#heard = Date.now();
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      const whole = this.#parts.join("") + line;
      this.#parts = [];
      this.#partsLength = 0;
      this.#take(whole);
    }
    this.#parts.push(rest);
    this.#partsLength += rest.length;
    if (this.#partsLength > MESSAGE_BYTES_MAX + ENVELOPE_BYTES) {
      this.#end(new LimitExceeded(`the daemon at ${this.#path} sent a message that is too long`));
    }
  }

  #take(line: string): void {
    try {
      const message = JSON.parse(line);
      if ("method" in message) {
        this.#handlers.onNotification?.(message.method, message.params);
        return;
      }
      const waiting = this.#waiting.get(message.id);
      if (waiting === undefined) {
        if ("error" in message) this.#end(errorOf(message.error)); // of no request: why the daemon closes
        return;
      }
      this.#waiting.delete(message.id);
      this.#queue.shift()?.();
      if ("error" in message) waiting.reject(errorOf(message.error));
      else waiting.resolve(message.result);
    } catch (error) {
      this.#end(new ProtocolError(`the daemon at ${this.#path} sent what is not an answer: ${String(error)}`));
    }
    if (this.#waiting.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** While an answer is awaited the timer keeps the program alive, and gives a daemon up that is dead. */
  #watchSilence(): void {
    if (this.#timer !== null) return;
    this.#heard = Date.now();
    this.#timer = setInterval(() => {
      const silent = Date.now() - this.#heard;
      if (silent > SILENCE_MS_MAX) {
        const why = new DaemonUnavailable(
          `the daemon at ${this.#path} has said nothing for ${Math.round(silent / 1000)} s`,
          "look at its log, or stop it and start it again",
        );
        why.silent = true;
        this.#end(why);
      } else {
        this.#socket.write(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping", params: {} }) + "\n");
      }
    }, PING_AFTER_MS);
  }

  #end(why: PaasqError): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
    for (const go of this.#queue.splice(0)) go();
    this.#socket.destroy();
    this.#handlers.onEnd?.(why);
  }
}

function unsent(why: PaasqError): PaasqError {
  if (!(why instanceof DaemonUnavailable)) return why;
  const error = new DaemonUnavailable(why.message, why.hint);
  error.sent = false;
  return error;
}
