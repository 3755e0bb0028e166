/** The events of a continuous query. */

import { Connection } from "./connection.js";
import { DaemonUnavailable, errorOf, type PaasqError } from "./errors.js";
import type { Column, Row } from "./answer.js";

const BATCHES_WAITING_MAX = 4; // more are not read: the daemon then merges later changes into one batch

/** `row` holds the present values, of a `leave` the last ones. `key` tells the row from others. */
export interface Event<R = Row> {
  event: "enter" | "change" | "leave";
  key: unknown;
  row: R;
}

/** The differences from the batch before. A large batch comes in parts, of which only the last is `live` and has a cursor. */
export interface EventBatch<R = Row> {
  columns: Column[];
  events: Event<R>[];
  seq: number;
  now: string;
  cursor: string | null;
  live: boolean;
}

/** Batches without end, for `for await`; who reads slowly gets fewer, larger ones. Has a connection of its own. */
export class Watch<R = Row> implements AsyncIterableIterator<EventBatch<R>> {
  readonly #waiting: EventBatch<R>[] = [];
  #connection: Connection | null = null;
  #ended: PaasqError | null = null;
  #closed = false;
  #wake: () => void = () => {};

  private constructor() {}

  /** Rejects with what the daemon says of the text. */
  static async open<R>(path: string, params: unknown, signal?: AbortSignal): Promise<Watch<R>> {
    const watch = new Watch<R>();
    const connection = await Connection.open(path, {
      onNotification: (method, given) => watch.#receive(method, given),
      onEnd: (why) => watch.#end(why),
    });
    watch.#connection = connection;
    try {
      await connection.call("watch", params, signal);
    } catch (error) {
      watch.close();
      throw error;
    }
    connection.ref();
    signal?.addEventListener("abort", () => watch.close(), { once: true });
    return watch;
  }

  async next(): Promise<IteratorResult<EventBatch<R>>> {
    for (;;) {
      if (this.#closed) return { done: true, value: undefined };
      const batch = this.#waiting.shift();
      if (batch !== undefined) {
        if (this.#waiting.length < BATCHES_WAITING_MAX) this.#connection?.resume();
        return { done: false, value: batch };
      }
      if (this.#ended !== null) throw this.#ended;
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  /** What `break` in a `for await` calls. */
  async return(): Promise<IteratorResult<EventBatch<R>>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** End it: the iteration stops. May be called more than once. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#wake();
  }

  #receive(method: string, params: any): void {
    if (method === "watch.ended") {
      this.#end(errorOf(params.error));
    } else if (method === "watch.events") {
      this.#waiting.push(params);
      if (this.#waiting.length >= BATCHES_WAITING_MAX) this.#connection?.pause();
      this.#wake();
    }
  }

  #end(why: PaasqError): void {
    const resumable = why instanceof DaemonUnavailable;
    this.#ended ??= resumable
      ? new DaemonUnavailable(why.message, "go on after the cursor of the last batch, when a daemon listens again")
      : why;
    this.#wake();
  }
}
