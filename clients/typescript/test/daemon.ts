/** A real daemon, started for a test: `paasq` by $PAASQ, in the repository's .venv, or on the path. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect, DaemonUnavailable } from "../src/index.js";

const IN_REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "../../../../.venv/bin/paasq");
const PAASQ = process.env["PAASQ"] ?? (existsSync(IN_REPOSITORY) ? IN_REPOSITORY : "paasq");
const START_MS = 60_000;

export class Daemon {
  readonly #folder: string;
  #process: ChildProcess | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** On an empty folder, whose path is short, as a socket's must be. */
  static async start(): Promise<Daemon> {
    const daemon = new Daemon(await mkdtemp(join(tmpdir(), "paasq")));
    await daemon.run();
    return daemon;
  }

  get socket(): string {
    return join(this.#folder, "data", "paasq.sock");
  }

  /** Resolves when it answers. */
  async run(): Promise<void> {
    const started = spawn(PAASQ, ["serve", "--data", join(this.#folder, "data")], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    started.stderr.on("data", (text) => { log += String(text); });
    this.#process = started;
    const until = Date.now() + START_MS;
    for (;;) {
      if (started.exitCode !== null || Date.now() > until) throw new Error(`the daemon does not start: ${log}`);
      try {
        const db = await connect(this.socket);
        await db.call("ping");
        db.close();
        return;
      } catch (error) {
        if (!(error instanceof DaemonUnavailable)) throw error;
      }
      await sleep(50);
    }
  }

  async kill(): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGKILL");
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }
}

/** Stands between a client and a daemon, and hears what the daemon says. */
export class Proxy {
  readonly socket: string;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #said = "";

  private constructor(folder: string, daemon: string) {
    this.socket = join(folder, "s");
    this.#server = createServer((client) => {
      const there = createConnection(daemon);
      this.#sockets.push(client, there);
      there.on("data", (data) => { this.#said += String(data); });
      client.pipe(there).pipe(client);
    });
  }

  static async before(daemon: string): Promise<Proxy> {
    const proxy = new Proxy(await mkdtemp(join(tmpdir(), "paasq")), daemon);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.socket, resolve));
    return proxy;
  }

  /** Resolves when the daemon has said it. */
  async heard(words: RegExp): Promise<void> {
    const until = Date.now() + START_MS;
    while (!words.test(this.#said)) {
      if (Date.now() > until) throw new Error(`it said: ${this.#said.slice(0, 1000)}`);
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await rm(dirname(this.socket), { recursive: true });
  }
}
