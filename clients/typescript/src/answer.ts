/** What a query is answered with, as it is on the wire. */

import type { Diagnostic } from "./errors.js";
import type { Value } from "./values.js";

/** `type` is as in a schema: `keyword`, `text(en)`, `link<person>`, `[float]`. */
export interface Column {
  name: string;
  type: string;
}

export type Row = { [column: string]: Value };

/** Rows with their labels: `complete` says whether they are the whole result, and `reason` why they are not. */
export interface Answer<R = Row> {
  columns: Column[];
  rows: R[];
  complete: boolean;
  reason: string | null;
  cursor: string | null;
  seq: number;
  elapsed_ms: number;
  tokens: number | null;
  facets: { [name: string]: { value: Value; count: number }[] };
  warnings: Diagnostic[];
  facet_types?: { [name: string]: string };
  plan?: string;
  cut?: string[];
  zone?: string;
}
