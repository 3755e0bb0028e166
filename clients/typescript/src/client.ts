/** The client of a store that a daemon serves on a Unix socket. */

import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Row } from "./answer.js";
import { Connection } from "./connection.js";
import { DaemonUnavailable, type Diagnostic, InvalidValue } from "./errors.js";
import { type Given, toJson } from "./values.js";
import { Watch } from "./watch.js";

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 50;
const DELAY_MS_MAX = 1000;
const PART_ROWS = 1000;
const PART_TOKENS = 1_000_000; // 4,000,000 characters: whatever script they are in, they fit into a message

const READING = new Set([
  "explain", "check", "get", "values", "catalog", "status", "health", "methods", "ping", "snapshot.list", "snapshot.verify",
]);

/** Parameters by name without the `$`. */
export type Params = { readonly [name: string]: Given };

export interface TextOptions {
  /** Aborted, it cancels the request in the daemon. */
  signal?: AbortSignal;
  /** The time zone of a text that names none; UTC. */
  zone?: string;
  /** Refuse a text that writes, before any of it runs. */
  readOnly?: boolean;
  /** The texts that it uses, by path. */
  modules?: { readonly [path: string]: string };
  /** What diagnostics call the text. */
  sourceName?: string;
}

export interface QueryOptions extends TextOptions {
  budget?: { timeMs?: number; rows?: number; tokens?: number };
  /** What `@now` is. */
  now?: Date | string;
  /** The cursor of an answer of the same text: the rows behind it, as of the same state. */
  after?: string;
}

export interface StreamOptions extends Omit<QueryOptions, "budget" | "after" | "readOnly"> {
  /** Of each part. */
  timeMs?: number;
  /** Rows of a part; fewer where they are long. */
  rows?: number;
}

/** The socket of the store that `paasq` takes where none is named. */
export function defaultSocket(): string {
  const { PAASQ_DATA, XDG_DATA_HOME } = process.env;
  return join(PAASQ_DATA ?? join(XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "paasq"), "paasq.sock");
}

/** Rejects with DaemonUnavailable where no daemon listens at `socket`. */
export async function connect(socket = defaultSocket()): Promise<Client> {
  const client = new Client(socket);
  await client.open();
  return client;
}

/**
 * A store. Any number of requests may be under way. What only reads, and what was certainly not sent, is sent again where the
 * daemon closed the connection or is started anew; a query is taken for one that reads where it is asked with `readOnly`.
 */
export class Client {
  readonly #path: string;
  #connection: Promise<Connection> | null = null;
  #closed = false;

  constructor(socket: string) {
    this.#path = socket;
  }

  /** Connect now; else the first request does. */
  async open(): Promise<void> {
    await this.#live();
  }

  /** Call a method of the daemon by its name on the wire; parameters and result are JSON. */
  async call(method: string, params: object = {}, signal?: AbortSignal): Promise<any> {
    return this.#run(method, params, READING.has(method), signal);
  }

  /** Run a text of the language, reads and writes alike. */
  async query<R = Row>(text: string, params: Params = {}, options: QueryOptions = {}): Promise<Answer<R>> {
    const { budget, now, after, signal, readOnly = false } = options;
    const message = {
      ...textParams(text, params, options),
      ...(budget && { budget: { time_ms: budget.timeMs, rows: budget.rows, tokens: budget.tokens } }),
      ...(now !== undefined && { now: toJson(now) }),
      ...(after !== undefined && { after }),
    };
    return (await this.#run("query", message, readOnly, signal)) as Answer<R>;
  }

  /** The rows of one query, however many, as of one moment. Each part is asked for when the one before is used up. */
  async *stream<R = Row>(text: string, params: Params = {}, options: StreamOptions = {}): AsyncGenerator<R, void> {
    for await (const answer of this.parts<R>(text, params, options)) yield* answer.rows;
  }

  /** As `stream`, answer by answer. */
  async *parts<R = Row>(text: string, params: Params = {}, options: StreamOptions = {}): AsyncGenerator<Answer<R>, void> {
    const { rows = PART_ROWS, timeMs, ...others } = options;
    const time = timeMs === undefined ? {} : { timeMs };
    let after: string | null | undefined;
    let whole = false; // one row alone that is more than a part: it comes whole
    do {
      const budget = whole ? { ...time, rows: 1 } : { ...time, rows, tokens: PART_TOKENS };
      const asked = { ...others, readOnly: true, budget, ...(after && { after }) };
      const answer: Answer<R> = await this.query<R>(text, params, asked);
      if (answer.cursor !== null && answer.reason === "limit") {
        throw new InvalidValue("this text has pages of its own, and a stream makes its parts by itself", "leave the page out");
      }
      whole = answer.cut !== undefined;
      if (whole) continue;
      yield answer;
      after = answer.cursor;
    } while (whole || after);
  }

  /** The plan of a text, in `plan`; the text is not run. */
  async explain(text: string, params: Params = {}, options: TextOptions = {}): Promise<Answer> {
    return this.call("explain", textParams(text, params, options), options.signal);
  }

  /** What is wrong with a text, without running it. */
  async check(text: string, modules: { readonly [path: string]: string } = {}): Promise<Diagnostic[]> {
    return this.call("check", { text, modules });
  }

  /** One record by field name; null where there is none. */
  async get<R = Row>(collection: string, key: string): Promise<R | null> {
    const found = await this.call("get", { collection, key });
    return found === null ? null : found.record;
  }

  /** Insert or replace one record or several, all or none. Resolves when they are on disk. */
  async put(collection: string, records: Params | readonly Params[]): Promise<{ keys: string[]; seq: number }> {
    return this.call("put", { collection, records: toJson(Array.isArray(records) ? records : [records]) });
  }

  /** Values of a keyword or link field that begin with `prefix`, with how many records have each; most first. */
  async values(collection: string, field: string, prefix = "", limit = 20): Promise<{ value: string; count: number }[]> {
    return this.call("values", { collection, field, prefix, limit });
  }

  /** The events of a continuous query, `watch from ...`: iterate it with `for await`. */
  async watch<R = Row>(text: string, params: Params = {}, options: TextOptions = {}): Promise<Watch<R>> {
    return Watch.open<R>(this.#path, textParams(text, params, options), options.signal);
  }

  close(): void {
    this.#closed = true;
    void this.#connection?.then((connection) => connection.close(), () => {});
  }

  async #run(method: string, params: object, reads: boolean, signal?: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        const connection = await this.#live();
        return await connection.call(method, params, signal);
      } catch (error) {
        const again = error instanceof DaemonUnavailable && !error.silent && (reads || !error.sent);
        if (!again || attempt === ATTEMPTS || this.#closed) throw error;
      }
      const most = Math.min(FIRST_DELAY_MS * 4 ** (attempt - 1), DELAY_MS_MAX);
      await sleep(most * (0.5 + Math.random() / 2), undefined, signal && { signal });
    }
  }

  /** The daemon closes idle connections, and all at a restart: another is opened in their place. */
  async #live(): Promise<Connection> {
    if (this.#closed) {
      const closed = new DaemonUnavailable("this client was closed", "connect again");
      closed.sent = false;
      throw closed;
    }
    for (;;) {
      const opening = (this.#connection ??= Connection.open(this.#path));
      try {
        const connection = await opening;
        if (!connection.ended) return connection;
      } catch (error) {
        this.#forget(opening);
        throw error;
      }
      this.#forget(opening);
    }
  }

  /** Whoever finds first that it ended lets the next one open another. */
  #forget(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.#connection = null;
  }
}

function textParams(text: string, params: Params, options: TextOptions): object {
  const { zone, readOnly, modules, sourceName } = options;
  return {
    text,
    params: toJson(params),
    ...(zone !== undefined && { zone }),
    ...(readOnly !== undefined && { read_only: readOnly }),
    ...(modules !== undefined && { modules }),
    ...(sourceName !== undefined && { source_name: sourceName }),
  };
}
