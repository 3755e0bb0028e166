/** The client against a real daemon. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  type Client, ConflictError, connect, DaemonUnavailable, InvalidValue, QueryError, ReadOnly, RpcError,
} from "../src/index.js";
import { Daemon, Proxy } from "./daemon.js";

const SCHEMA = "collection note { key id: keyword  title: text  n: int  at: time  raw: bytes  place: vector(2)  tags: [keyword] }";
// Statements are looked at one after another, so that this one takes seconds and can be cancelled at any moment.
const LONG = Array(2_500).fill('from note | where contains(concat(title, title), "zz") | summarize n = count()').join(";");

describe("a client of a daemon", () => {
  let daemon: Daemon;
  let db: Client;

  before(async () => {
    daemon = await Daemon.start();
    db = await connect(daemon.socket);
    await db.query(SCHEMA);
    await db.put("note", Array.from({ length: 120 }, (_, n) => ({ id: `n${n}`, title: `note ${n}`, n })));
  });

  after(async () => {
    db.close();
    await daemon.remove();
  });

  it("writes and reads", async () => {
    const record = {
      id: "full", title: "all of it", n: -1, at: new Date("2026-11-22T09:30:00Z"), raw: new Uint8Array([0, 255]),
      place: new Float32Array([0.5, 1]), tags: ["a", "b"],
    };
    const { keys, seq } = await db.put("note", record);
    assert.deepEqual(keys, ["full"]);
    const found = await db.get("note", "full");
    assert.equal(found?.["at"], "2026-11-22T09:30:00Z");
    assert.equal(found?.["raw"], "AP8=");
    assert.deepEqual(found?.["place"], [0.5, 1]);
    assert.equal(await db.get("note", "nobody"), null);
    const answer = await db.query<{ id: string }>("from note | where at == $at | select id", { at: record.at });
    assert.deepEqual(answer.rows, [{ id: "full" }]);
    assert.equal(answer.complete, true);
    assert.equal(answer.seq, seq);
    assert.equal((await db.query("delete note:full")).seq, seq + 1);
  });

  it("takes budgets, moments and zones", async () => {
    const few = await db.query("from note | sort n", {}, { budget: { rows: 3 } });
    assert.deepEqual([few.rows.length, few.complete, few.reason], [3, false, "rows"]);
    const next = await db.query("from note | sort n", {}, { budget: { rows: 1 }, after: few.cursor ?? "" });
    assert.equal(next.rows[0]?.["n"], 3);
    const now = await db.query("from note | take 1 | select now = @now", {}, { now: new Date(0) });
    assert.equal(now.rows[0]?.["now"], "1970-01-01T00:00:00Z");
    assert.equal((await db.query("from note | take 1", {}, { zone: "Europe/Oslo" })).zone, "Europe/Oslo");
  });

  it("explains, checks and completes", async () => {
    assert.match((await db.explain("from note | take $n", { n: 1 })).plan ?? "", /scan note/);
    const [wrong] = await db.check("from nte");
    assert.deepEqual([wrong?.code, wrong?.candidates], ["PQ0201", ["note"]]);
    assert.deepEqual(await db.values("note", "id", "n11", 1), [{ value: "n11", count: 1 }]);
    assert.equal((await db.call("health")).ok, true);
  });

  it("has errors in classes", async () => {
    await assert.rejects(db.query("from nothing"), (error: unknown) => {
      assert.ok(error instanceof QueryError);
      assert.deepEqual([error.name, error.code, error.diagnostics.length], ["QueryError", "PQ0001", 1]);
      return true;
    });
    await assert.rejects(db.query('put note {id: "n1"} expect absent'), ConflictError);
    await assert.rejects(db.query("delete note:n1", {}, { readOnly: true }), ReadOnly);
    await assert.rejects(db.query("from note", { more: 1 }), InvalidValue);
    await assert.rejects(db.call("nothing"), (error: unknown) => error instanceof RpcError && error.rpcCode === -32601);
    const script = db.query('put note {id: "first", n: 1000}; put note {id: "n1"} expect absent');
    await assert.rejects(script, (error: unknown) => error instanceof ConflictError && error.progress?.failed === 2);
    await db.query("delete note:first");
  });

  it("has many requests under way", async () => {
    const found = await Promise.all(Array.from({ length: 300 }, (_, n) => db.get("note", `n${n % 120}`)));
    assert.deepEqual(found.map((each) => each?.["n"]), Array.from({ length: 300 }, (_, n) => n % 120));
  });

  it("streams more than one answer has", async () => {
    await db.query("collection many { key id: keyword  n: int }");
    for (let start = 0; start < 12_000; start += 4_000) {
      await db.put("many", Array.from({ length: 4_000 }, (_, at) => ({ id: `m${start + at}`, n: start + at })));
    }
    let expected = 0;
    for await (const row of db.stream<{ n: number }>("from many | where n >= $n | sort n", { n: 0 })) {
      assert.equal(row.n, expected++);
    }
    assert.equal(expected, 12_000);
    const seqs: number[] = [];
    for await (const part of db.parts("from many | sort n | take 25", {}, { rows: 10 })) {
      seqs.push(part.seq, part.rows.length);
      await db.put("many", { id: "m0", n: 5 });
    }
    assert.deepEqual(seqs, [seqs[0], 10, seqs[0], 10, seqs[0], 5]);
    await assert.rejects(db.stream("from many | page 5").next(), InvalidValue);
    await assert.rejects(db.stream("delete many:m1").next(), ReadOnly);
  });

  it("cancels a request by its signal, in the daemon too", async () => {
    const proxy = await Proxy.before(daemon.socket);
    const through = await connect(proxy.socket);
    const stop = new AbortController();
    const asked = through.query(LONG, {}, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await assert.rejects(asked, { name: "AbortError" });
    await proxy.heard(/"code":"PQ5003"/);
    assert.equal((await through.query("from note | take 1")).rows.length, 1, "the connection serves on");
    await assert.rejects(through.query("from note", {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
    through.close();
    await proxy.close();
  });

  it("watches", async () => {
    const watch = await db.watch<{ id: string; title: string }>("watch from note | where n >= 500 | select id, title");
    assert.deepEqual((await watch.next()).value.events, []);
    await db.put("note", { id: "w", title: "one", n: 500 });
    const { value: entered } = await watch.next();
    assert.deepEqual(entered.events, [{ event: "enter", key: "w", row: { id: "w", title: "one" } }]);
    await db.query("delete note:w");
    for await (const batch of watch) {
      assert.deepEqual(batch.events.map((each) => each.event), ["leave"]);
      break;
    }
    assert.equal((await watch.next()).done, true);
    await assert.rejects(db.watch("watch from nothing"), QueryError);
  });

  it("merges what a slow reader of a watch has not read", async () => {
    const watch = await db.watch<{ n: number }>("watch from note | where _key == $key | select id, n", { key: "slow" });
    for (let n = 0; n <= 60; n++) await db.put("note", { id: "slow", n });
    let batches = 0;
    for await (const { events } of watch) {
      batches++;
      if (events.some(({ row }) => row.n === 60)) break;
    }
    assert.ok(batches < 60, `${batches} batches`);
  });

  it("goes on over a restart", async () => {
    const watch = await db.watch("watch from note | select id");
    await watch.next();
    await daemon.kill();
    const resumable = (error: unknown): boolean =>
      error instanceof DaemonUnavailable && error.hint.startsWith("go on after the cursor");
    await assert.rejects(watch.next(), resumable);
    await daemon.run();
    assert.equal((await db.get("note", "n1"))?.["n"], 1);
    assert.deepEqual((await db.put("note", { id: "after" })).keys, ["after"]);
  });
});

describe("a daemon that hangs up", () => {
  let folder: string;
  let server: Server;
  const asked: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "paasq"));
    server = createServer((socket) => {
      socket.once("data", (data) => {
        asked.push(JSON.parse(String(data)).method);
        socket.destroy();
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  });

  after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  it("is asked again only for what reads", async () => {
    const db = await connect(join(folder, "s"));
    await assert.rejects(db.put("note", { id: "a" }), DaemonUnavailable);
    await assert.rejects(db.query("delete note:a"), DaemonUnavailable);
    assert.deepEqual(asked.splice(0), ["put", "query"]);
    await assert.rejects(db.get("note", "a"), DaemonUnavailable);
    assert.deepEqual(asked.splice(0), ["get", "get", "get", "get", "get"]);
    db.close();
    await assert.rejects(db.get("note", "a"), /was closed/);
  });

  it("is said to be missing at once", async () => {
    await assert.rejects(connect(join(folder, "nobody")), (error: unknown) =>
      error instanceof DaemonUnavailable && !error.sent && error.hint.includes("paasq serve"));
  });
});
