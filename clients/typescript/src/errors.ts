/** Every error that paasq raises on purpose, as a class each. `code` is stable, for programs. */

/** What is wrong with a text, as editors show it. Offsets are in characters from 0, line and column from 1. */
export interface Diagnostic {
  code: string;
  severity: "error" | "warning";
  message: string;
  start: number;
  end: number;
  line: number;
  column: number;
  candidates: string[];
  edit: { start: number; end: number; text: string; title: string } | null;
}

/** How far a text of several statements came: the one that `failed`, from 1; those before it are committed, as of `seq`. */
export interface Progress {
  failed: number;
  statements: number;
  seq: number | null;
}

/** The `error` of a JSON-RPC answer. */
export interface ErrorMessage {
  code: number;
  message: string;
  data?: { code?: string; hint?: string; diagnostics?: Diagnostic[]; progress?: Progress };
}

export class PaasqError extends Error {
  readonly code: string = "PQ9000";
  /** What to do about it, or empty. */
  readonly hint: string;
  readonly progress: Progress | null;

  constructor(message: string, hint = "", progress: Progress | null = null) {
    super(message);
    this.name = new.target.name;
    this.hint = hint;
    this.progress = progress;
  }
}

/** The text is wrong. */
export class QueryError extends PaasqError {
  override readonly code = "PQ0001";
  diagnostics: Diagnostic[] = [];
}

/** An `expect` did not hold, a unique value or key is taken, or a record was changed meanwhile; nothing was written. */
export class ConflictError extends PaasqError {
  override readonly code = "PQ5001";
}

/** Time or memory ran out before there was even a partial answer. */
export class BudgetExceeded extends PaasqError {
  override readonly code = "PQ5002";
}

/** The request was cancelled, by another way than the signal that it was given. */
export class Cancelled extends PaasqError {
  override readonly code = "PQ5003";
}

/** Stored vectors were made by another embedding model. */
export class ModelMismatch extends PaasqError {
  override readonly code = "PQ5004";
}

/** The daemon lacks something that the plan needs. */
export class CapabilityMissing extends PaasqError {
  override readonly code = "PQ5005";
}

/** A value that a field, a parameter or a budget cannot hold. */
export class InvalidValue extends PaasqError {
  override readonly code = "PQ5006";
}

/** The text or the method writes, and only reading is allowed; nothing of it was run. */
export class ReadOnly extends PaasqError {
  override readonly code = "PQ5007";
}

/** The process that ran the request ended before it answered, as where memory ran out. */
export class WorkerEnded extends PaasqError {
  override readonly code = "PQ5008";
}

/** A frame or message that is not one of the protocol. */
export class ProtocolError extends PaasqError {
  override readonly code: string = "PQ6001";
}

/** A message that is too large or nested too deep, or too many requests or connections at a time. */
export class LimitExceeded extends ProtocolError {
  override readonly code = "PQ6002";
}

/** This user may not use that daemon. */
export class PeerRefused extends ProtocolError {
  override readonly code = "PQ6003";
}

/** No daemon answers at the socket, or the connection to it ended. Unless `sent` is false, a write may have been done. */
export class DaemonUnavailable extends ProtocolError {
  override readonly code = "PQ6004";
  sent = true;
  /** The daemon is there, and does not answer. */
  silent = false;
}

/** An error of JSON-RPC itself: no such method, a parameter of the wrong type. `rpcCode` is its number. */
export class RpcError extends ProtocolError {
  rpcCode = 0;
}

/** A snapshot that cannot be made, found, trusted or restored. */
export class SnapshotError extends PaasqError {
  override readonly code = "PQ7001";
}

/** The data folder or its data file cannot be used, or was closed. */
export class StoreError extends PaasqError {
  override readonly code: string = "PQ8001";
}

/** Another process holds the lock of the data folder. */
export class FolderInUse extends StoreError {
  override readonly code = "PQ8002";
}

/** A newer paasq wrote the data folder or the snapshot. */
export class FormatTooNew extends StoreError {
  override readonly code = "PQ8003";
}

/** A stored entry is lost or fails its checksum. */
export class CorruptRecord extends StoreError {
  override readonly code = "PQ8004";
}

/** The disk has no room for a write, of which nothing is kept. */
export class DiskFull extends StoreError {
  override readonly code = "PQ8005";
}

const PAASQ_ERROR = -32000; // `data.code` says which

const KINDS = [
  PaasqError, QueryError, ConflictError, BudgetExceeded, Cancelled, ModelMismatch, CapabilityMissing, InvalidValue,
  ReadOnly, WorkerEnded, ProtocolError, LimitExceeded, PeerRefused, DaemonUnavailable, SnapshotError, StoreError,
  FolderInUse, FormatTooNew, CorruptRecord, DiskFull,
];
const BY_CODE = new Map(KINDS.map((kind) => [new kind("").code, kind]));

/** The error of an answer, in the class of its code. */
export function errorOf({ code, message, data = {} }: ErrorMessage): PaasqError {
  if (code !== PAASQ_ERROR) {
    const error = new RpcError(message, data.hint);
    error.rpcCode = code;
    return error;
  }
  const kind = BY_CODE.get(data.code ?? "") ?? PaasqError;
  const error = new kind(message, data.hint, data.progress ?? null);
  if (error instanceof QueryError) error.diagnostics = data.diagnostics ?? [];
  return error;
}
